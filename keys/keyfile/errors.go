package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ErrPassphrase says that no passphrase that was given opens the key.
var ErrPassphrase = errors.New("wrong passphrase")

// errNoPassphrase is an ErrPassphrase for a caller who never had one.
var errNoPassphrase error = noPassphrase{}

type noPassphrase struct{}

func (noPassphrase) Error() string        { return "a passphrase is wanted, and there is nobody to ask" }
func (noPassphrase) Is(target error) bool { return target == ErrPassphrase }

// PermissionError says that others than its owner can read a private key's file.
type PermissionError struct {
	Path string
	Mode fs.FileMode // permission bits
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("%q: others can read this private key (mode %04o, want 0600)", e.Path, e.Mode)
}

// Hint returns what to do next.
func (e *PermissionError) Hint() string { return "chmod 600 " + shellWord(e.Path) }

// shellWord writes a path so that a shell reads it as one word and no command takes it
// for an option.
func shellWord(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+,@:=", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
