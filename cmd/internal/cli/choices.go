package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/spf13/pflag"
)

// ChoicesAnnotation is where a flag keeps its [Choices].
const ChoicesAnnotation = "choices"

const bareAnnotation = "bare"

// Choices says which values an option takes, for completion in a shell.
func Choices(flags *pflag.FlagSet, option string, values ...string) {
	flags.SetAnnotation(option, ChoicesAnnotation, values)
}

// Bare says what an option with choices means that stands without a value.
func Bare(flags *pflag.FlagSet, option, value string) {
	flags.SetAnnotation(option, bareAnnotation, []string{value})
}

// withBare gives options without a value the one that they mean. Behind such an option
// stands the end, another option, or what is no value that somebody has mistyped.
func withBare(flags *pflag.FlagSet, args []string) []string {
	out := slices.Clone(args)
	for i := 0; i < len(out) && out[i] != "--"; i++ {
		name, long := strings.CutPrefix(out[i], "--")
		f := flags.Lookup(name)
		if !long || f == nil || f.Annotations[bareAnnotation] == nil {
			continue
		}
		if i+1 < len(out) && isValue(out[i+1], f.Annotations[ChoicesAnnotation]) {
			i++
			continue
		}
		out[i] += "=" + f.Annotations[bareAnnotation][0]
	}
	return out
}

// isValue reports whether an argument is one of the choices of an option, or meant to be one:
// a word that no file is called by.
func isValue(arg string, choices []string) bool {
	if slices.Contains(choices, arg) || text.Nearest(arg, choices) != "" {
		return true
	}
	_, err := os.Lstat(arg)
	return err != nil && arg != "" && strings.Trim(arg, "abcdefghijklmnopqrstuvwxyz") == ""
}
