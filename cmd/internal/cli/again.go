package cli

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// Where makes the commands that a tool prints, for them to be typed, act where the command acts
// that prints them.
type Where struct {
	// Commands are those that do: the others are for another machine, or act on nothing.
	Commands []string
	// Flags returns the options of a command that say where, as they are typed and each with a
	// space before it; "" if it has none.
	Flags func(*pflag.FlagSet) string
}

// again returns a text of a program whose commands are to be typed, with the options that say
// where. A command that has such options is as it should be.
func (w *Where) again(program string, flags *pflag.FlagSet) func(text string) string {
	if w == nil {
		return nil
	}
	options := w.Flags(flags)
	if options == "" {
		return nil
	}
	command := regexp.MustCompile(`\b` + program + ` (` + strings.Join(w.Commands, "|") + `)\b`)
	name, _, _ := strings.Cut(strings.TrimSpace(options), " ")
	return func(text string) string {
		var b strings.Builder
		from := 0
		for _, at := range command.FindAllStringIndex(text, -1) {
			b.WriteString(text[from:at[1]])
			from = at[1]
			rest, _, _ := strings.Cut(text[from:], program+" ")
			if !strings.Contains(rest, name) {
				b.WriteString(options)
			}
		}
		return b.String() + text[from:]
	}
}
