package manual

import (
	"slices"
	"strings"
	"unicode"
)

// usageText is a usage text in its parts. They are in the order of the text.
type usageText []usageSection

// usageSection is what stands below a heading such as "Options:", or, with no heading,
// the paragraphs between two of them.
type usageSection struct {
	heading string
	options []usageOption // of the section Options, whose lines it has not
	lines   []string
}

// usageOption is an entry of the section Options.
type usageOption struct {
	name  string // without dashes
	short string // without its dash; may be empty
	value string // FILE; empty for none
	text  string
}

// parseEntry reads a line of the section Options: "    -o, --out FILE  where to write".
func parseEntry(line string) (o usageOption, ok bool) {
	head, text, _ := strings.Cut(strings.TrimLeft(line, " "), "  ")
	o.text = strings.TrimSpace(text)
	if short, rest, found := strings.Cut(head, ", "); found && len(short) == len("-o") && short[0] == '-' {
		o.short, head = short[1:], rest
	}
	name, isLong := strings.CutPrefix(head, "--")
	o.name, o.value, _ = strings.Cut(name, " ")
	return o, isLong && isWord(o.name) && !strings.Contains(o.value, " ")
}

// isWord reports whether s can be the name of a command or an option.
func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] >= 'a' && s[0] <= 'z'
}

// parseHeading reads a line such as "Options:".
func parseHeading(line string) (heading string, ok bool) {
	heading, ok = strings.CutSuffix(line, ":")
	return heading, ok && heading != "" && heading[0] >= 'A' && heading[0] <= 'Z' && strings.IndexFunc(heading, func(r rune) bool {
		return r != ' ' && !unicode.IsLetter(r)
	}) < 0
}

func parseUsage(text string) usageText {
	sections := usageText{{}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		last := &sections[len(sections)-1]
		indented := strings.HasPrefix(line, " ")
		heading, headed := parseHeading(line)
		switch entry, isEntry := parseEntry(line); {
		case headed:
			sections = append(sections, usageSection{heading: heading})
		case line != "" && !indented && last.heading != "":
			sections = append(sections, usageSection{lines: []string{line}})
		case last.heading != "Options":
			last.lines = append(last.lines, line)
		case indented && isEntry:
			last.options = append(last.options, entry)
		case indented && len(last.options) > 0:
			option := &last.options[len(last.options)-1]
			option.text = strings.TrimSpace(option.text + " " + strings.TrimSpace(line))
		}
	}
	return slices.DeleteFunc(sections, func(s usageSection) bool {
		return s.heading == "" && strings.TrimSpace(strings.Join(s.lines, "")) == ""
	})
}

// section returns the lines below a heading.
func (u usageText) section(heading string) usageSection {
	for _, s := range u {
		if s.heading == heading {
			return s
		}
	}
	return usageSection{}
}

// subcommands are the words that follow a command, as the lines below "Usage:" have them:
// "licensor key [OPTIONS] new".
func (u usageText) subcommands() (all []string) {
	for _, line := range u.section("Usage").lines {
		if !strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "     ") {
			continue // goes on from the line above
		}
		for _, word := range strings.Fields(line)[2:] {
			if word == "[OPTIONS]" {
				continue
			}
			for name := range strings.SplitSeq(word, "|") {
				if isWord(name) && !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
			break
		}
	}
	return all
}
