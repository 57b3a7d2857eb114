package cli

import (
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/spf13/pflag"
)

const bareAnnotation = "bare"

// Bare says what an option with choices means that stands without a value.
func Bare(flags *pflag.FlagSet, option, value string) {
	flags.SetAnnotation(option, bareAnnotation, []string{value})
}

// withBare gives options without a value the one that they mean. Behind such an option
// stands the end, another option, or what is like none of its choices.
func withBare(flags *pflag.FlagSet, args []string) []string {
	out := slices.Clone(args)
	for i := 0; i < len(out) && out[i] != "--"; i++ {
		name, long := strings.CutPrefix(out[i], "--")
		f := flags.Lookup(name)
		if !long || f == nil || f.Annotations[bareAnnotation] == nil {
			continue
		}
		choices := f.Annotations[choicesAnnotation]
		if i+1 < len(out) && (slices.Contains(choices, out[i+1]) || text.Nearest(out[i+1], choices) != "") {
			i++
			continue
		}
		out[i] += "=" + f.Annotations[bareAnnotation][0]
	}
	return out
}
