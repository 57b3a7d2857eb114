package cli

import "github.com/offlicense/offlicense/cmd/internal/text"

// Quote is [text.Quote], for a foreign text in an error line.
func Quote(s string) string { return text.Quote(s) }

// Clean is [text.Clean], for a foreign text in running text.
func Clean(s string) string { return text.Clean(s) }

// ShellWord is [text.ShellWord].
func ShellWord(s string) string { return text.ShellWord(s) }

// ShellPath is [text.ShellPath].
func ShellPath(path string) string { return text.ShellPath(path) }

// Plural is [text.Plural].
func Plural[N int | int64 | uint64](n N, one, many string) string { return text.Plural(n, one, many) }
