package manual

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// completion prints what completes the program in a shell.
func (p tool) completion(env *cli.Env, args []string) error {
	shells := map[string]func(io.Writer, string, []completed){"bash": completeBash, "zsh": completeZsh, "fish": completeFish}
	if len(args) != 1 || shells[args[0]] == nil {
		return cli.Usagef("want the name of one shell").WithHint("bash, zsh or fish")
	}
	var b strings.Builder
	shells[args[0]](&b, p.Name, p.completed())
	_, err := io.WriteString(env.Stdout, b.String())
	return err
}

// completed is a command as a shell completes it.
type completed struct {
	name, summary string
	words         []string // that may stand first behind it
	options       []completedOption
}

type completedOption struct {
	usageOption
	choices []string // the values that it takes; none: any
}

// takesFile reports whether its value is a path.
func (o *completedOption) takesFile() bool {
	return slices.ContainsFunc([]string{"FILE", "DIR", "PATH"}, func(word string) bool { return strings.Contains(o.value, word) })
}

func (p tool) completed() []completed {
	var all []completed
	var names []string
	for _, c := range p.Commands {
		names = append(names, c.Name)
		flags := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
		c.Setup(flags)
		described := parseUsage(c.Usage)
		one := completed{name: c.Name, summary: c.Summary, words: described.subcommands()}
		flags.VisitAll(func(f *pflag.Flag) {
			option := completedOption{usageOption: usageOption{name: f.Name, short: f.Shorthand}, choices: f.Annotations[cli.ChoicesAnnotation]}
			for _, entry := range described.section("Options").options {
				if entry.name == f.Name {
					option.value, option.text = entry.value, entry.text
				}
			}
			if f.NoOptDefVal != "" { // a switch
				option.value = ""
			} else {
				option.value = cmp.Or(option.value, "VALUE")
			}
			one.options = append(one.options, option)
		})
		one.options = append(one.options, completedOption{usageOption: usageOption{name: "help", text: "print how to use the command"}})
		all = append(all, one)
	}
	all = append(all, completed{name: "help", summary: "print how to use a command", words: names})
	for i := range all {
		if all[i].name == "man" {
			all[i].words = names
		}
	}
	return all
}

// optionsThat returns the names of the options of a command that a test holds for.
func (c *completed) optionsThat(is func(*completedOption) bool) (names []string) {
	for i := range c.options {
		o := &c.options[i]
		if is(o) {
			names = append(names, "--"+o.name)
			if o.short != "" {
				names = append(names, "-"+o.short)
			}
		}
	}
	return names
}

func namesOf(all []completed) string {
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	return strings.Join(names, " ")
}

// completeBash writes for bash, also for that of macOS, which is 3.2.
func completeBash(w io.Writer, program string, all []completed) {
	fmt.Fprintf(w, `# bash completion for %[1]s: source <(%[1]s completion bash)
_%[1]s() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local words= options= files= values= choices=
	# "--out=FILE" comes as three words.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "%[2]s --help --version" -- "$cur"))
		return
	fi
	case ${COMP_WORDS[1]} in
`, program, namesOf(all))
	for _, c := range all {
		fmt.Fprintf(w, "\t%s)\n", c.name)
		for _, set := range []struct {
			variable string
			words    []string
		}{
			{"words", c.words},
			{"options", c.optionsThat(func(*completedOption) bool { return true })},
			{"files", c.optionsThat((*completedOption).takesFile)},
			{"values", c.optionsThat(func(o *completedOption) bool { return o.value != "" && !o.takesFile() })},
		} {
			if len(set.words) > 0 {
				fmt.Fprintf(w, "\t\t%s=' %s '\n", set.variable, strings.Join(set.words, " "))
			}
		}
		for _, o := range c.options {
			if len(o.choices) > 0 {
				fmt.Fprintf(w, "\t\t[ \"$prev\" = --%s ] && choices='%s'\n", o.name, strings.Join(o.choices, " "))
			}
		}
		io.WriteString(w, "\t\t;;\n")
	}
	fmt.Fprintf(w, `	esac
	if [ -n "$choices" ]; then
		COMPREPLY=($(compgen -W "$choices" -- "$cur"))
		return
	fi
	case $files in
	*" $prev "*) return ;; # the names of files, by default
	esac
	case $values in
	*" $prev "*)
		compopt +o default 2>/dev/null # not in bash 3
		return
		;;
	esac
	case $cur in
	-*)
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
		return
		;;
	esac
	if [ "$COMP_CWORD" -eq 2 ]; then
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	fi
}
complete -o default -F _%[1]s %[1]s
`, program)
}

// quoteZsh makes a text one word, whatever is in it.
func quoteZsh(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// quoteFish is quoteZsh for fish, where a backslash counts in single quotes.
func quoteFish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

func completeZsh(w io.Writer, program string, all []completed) {
	fmt.Fprintf(w, "#compdef %[1]s\n# zsh completion for %[1]s\n_%[1]s() {\n\tlocal -a commands\n\tcommands=(\n", program)
	for _, c := range all {
		fmt.Fprintf(w, "\t\t%s\n", quoteZsh(c.name+":"+c.summary))
	}
	io.WriteString(w, "\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n")
	special := strings.NewReplacer("[", "(", "]", ")", ":", "\\:")
	for _, c := range all {
		fmt.Fprintf(w, "\t%s)\n\t\t_arguments -s", c.name)
		for _, o := range c.options {
			spec := fmt.Sprintf("*--%s[%s]", o.name, special.Replace(brief(o.text)))
			if o.value != "" {
				action := ""
				switch {
				case len(o.choices) > 0:
					action = "(" + strings.Join(o.choices, " ") + ")"
				case o.takesFile():
					action = "_files"
				}
				spec = fmt.Sprintf("*--%s=[%s]:%s:%s", o.name, special.Replace(brief(o.text)), special.Replace(o.value), action)
			}
			fmt.Fprintf(w, " \\\n\t\t\t%s", quoteZsh(spec))
		}
		if len(c.words) > 0 {
			fmt.Fprintf(w, " \\\n\t\t\t'1:word:(%s)'", strings.Join(c.words, " "))
		}
		io.WriteString(w, " \\\n\t\t\t'*:file:_files'\n\t\t;;\n")
	}
	fmt.Fprintf(w, "\tesac\n}\nif [ \"$funcstack[1]\" = _%[1]s ]; then\n\t_%[1]s \"$@\"\nelse\n\tcompdef _%[1]s %[1]s\nfi\n", program)
}

func completeFish(w io.Writer, program string, all []completed) {
	fmt.Fprintf(w, "# fish completion for %[1]s\ncomplete -c %[1]s -n __fish_use_subcommand -f -l help\ncomplete -c %[1]s -n __fish_use_subcommand -f -l version\n", program)
	for _, c := range all {
		fmt.Fprintf(w, "complete -c %s -n __fish_use_subcommand -f -a %s -d %s\n", program, c.name, quoteFish(c.summary))
		when := fmt.Sprintf("complete -c %s -n '__fish_seen_subcommand_from %s'", program, c.name)
		if len(c.words) > 0 {
			if c.name == "help" || c.name == "man" { // else these are seen as the command
				when = fmt.Sprintf("complete -c %s -n '__fish_seen_subcommand_from %s; and test (count (commandline -opc)) -eq 2'", program, c.name)
			}
			fmt.Fprintf(w, "%s -a %s\n", when, quoteFish(strings.Join(c.words, " ")))
		}
		for _, o := range c.options {
			line := fmt.Sprintf("%s -l %s -d %s", when, o.name, quoteFish(brief(o.text)))
			if o.short != "" {
				line += " -s " + o.short
			}
			switch {
			case len(o.choices) > 0:
				line += " -x -a " + quoteFish(strings.Join(o.choices, " "))
			case o.takesFile():
				line += " -r -F"
			case o.value != "":
				line += " -x"
			}
			fmt.Fprintln(w, line)
		}
	}
}

// brief is the first part of what an option does, for a line in a list.
func brief(text string) string {
	for _, end := range []string{"; ", ": ", ". "} {
		text, _, _ = strings.Cut(text, end)
	}
	return text
}
