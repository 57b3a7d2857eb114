package cli

import (
	"strings"
	"unicode"

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
	name, _, _ := strings.Cut(strings.TrimSpace(options), " ")
	return func(text string) string {
		parts := strings.Split(text, program+" ") // each but the first begins with a command
		for n := 1; n < len(parts); n++ {
			if endsInWord(parts[n-1]) || strings.Contains(parts[n], name) {
				continue
			}
			for _, command := range w.Commands {
				rest, found := strings.CutPrefix(parts[n], command)
				if found && strings.TrimLeftFunc(rest, inWord) == rest {
					parts[n] = command + options + rest
					break
				}
			}
		}
		return strings.Join(parts, program+" ")
	}
}

// endsInWord reports whether what follows a text is the end of a longer word.
func endsInWord(text string) bool { return strings.TrimRightFunc(text, inWord) != text }

// inWord reports whether a letter can be of the name of a command.
func inWord(c rune) bool { return c == '-' || c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }
