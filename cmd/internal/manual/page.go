package manual

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// page is the manual page of the whole program.
func (p tool) page(date string) string {
	r := p.begin(p.Name, p.Summary, date)
	r.macro("SH", "SYNOPSIS")
	r.literal([]string{p.Name + " COMMAND [OPTIONS] [FILE...]"})
	u := parseUsage(p.Usage)
	headed := max(0, slices.IndexFunc(u, func(s usageSection) bool { return s.heading != "" }))
	r.sections(u[:headed])
	r.macro("SH", "COMMANDS")
	r.text("Each command has a page of its own, and says the same with --help.")
	for _, c := range p.Commands {
		r.macro("TP")
		r.line(fmt.Sprintf(`\fB%s\-%s\fR(1)`, roffText(p.Name), roffText(c.Name)))
		r.text(c.Summary)
	}
	r.sections(u[headed:])
	return r.String()
}

// commandPage is the manual page of a command.
func (p tool) commandPage(c cli.Command, date string) string {
	r := p.begin(p.Name+"-"+c.Name, c.Summary, date)
	r.sections(parseUsage(c.Usage))
	r.macro("SH", "SEE ALSO")
	r.line(`\fB` + roffText(p.Name) + `\fR(1)`)
	return r.String()
}

func (p tool) begin(name, summary, date string) *roff {
	var r roff
	v, _, _ := strings.Cut(cli.Version(), " ")
	r.macro("TH", strings.ToUpper(name), "1", date, p.Name+" "+v, "User Commands")
	r.macro("SH", "NAME")
	r.line(roffText(name) + ` \- ` + roffText(summary))
	return &r
}

// roff is a manual page in the macros of man(7).
type roff struct {
	strings.Builder
	described bool // the section DESCRIPTION has begun
	begun     bool // the section has text, so that the next one is a paragraph of its own
}

// sections adds a usage text. What stands under no heading is the description, or goes on
// with the section before it.
func (r *roff) sections(u usageText) {
	for _, s := range u {
		switch s.heading {
		case "":
			if !r.described {
				r.macro("SH", "DESCRIPTION")
			}
			r.described = true
			r.paragraphs(s.lines)
			continue
		case "Usage":
			r.macro("SH", "SYNOPSIS")
			r.literal(s.lines)
			continue
		}
		r.macro("SH", strings.ToUpper(s.heading))
		r.described = true
		for _, o := range s.options {
			r.macro("TP")
			head := `\fB` + roffText("--"+o.name) + `\fR`
			if o.short != "" {
				head = `\fB` + roffText("-"+o.short) + `\fR, ` + head
			}
			if o.value != "" {
				head += ` \fI` + roffText(o.value) + `\fR`
			}
			r.line(head)
			r.text(o.text)
		}
		r.literal(s.lines)
	}
}

// paragraphs adds running text, and the tables in it, which are indented.
func (r *roff) paragraphs(lines []string) {
	var text, table []string
	flush := func() {
		if len(text) > 0 {
			r.paragraph()
			r.text(strings.Join(text, " "))
		}
		r.literal(table)
		text, table = nil, nil
	}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, " "):
			if len(text) > 0 {
				flush()
			}
			table = append(table, line)
		case strings.TrimSpace(line) == "":
			flush()
		default:
			if len(table) > 0 {
				flush()
			}
			text = append(text, line)
		}
	}
	flush()
}

// literal adds lines as they are, without what they are indented by in common.
func (r *roff) literal(lines []string) {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return
	}
	r.paragraph()
	r.macro("nf")
	for _, line := range lines {
		if line = strings.TrimPrefix(line, "    "); line == "" {
			r.macro("sp")
			continue
		}
		r.line(roffText(line))
	}
	r.macro("fi")
}

// text adds running text, each sentence on a line of its own, none too long.
func (r *roff) text(text string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 70 {
			r.line(line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += roffText(word)
		if ended := strings.TrimRight(word, `")`); strings.HasSuffix(ended, ".") || strings.HasSuffix(ended, "?") {
			r.line(line)
			line = ""
		}
	}
	r.line(line)
}

func (r *roff) line(line string) {
	if line == "" {
		return
	}
	if line[0] == '.' || line[0] == '\'' {
		line = `\&` + line
	}
	r.begun = true
	r.WriteString(line + "\n")
}

// paragraph ends what is above. Below a heading there is nothing to end.
func (r *roff) paragraph() {
	if r.begun {
		r.macro("PP")
	}
}

func (r *roff) macro(name string, args ...string) {
	r.begun = name != "SH" && r.begun
	r.WriteString("." + name)
	for _, arg := range args {
		r.WriteString(" " + strconv.Quote(arg))
	}
	r.WriteString("\n")
}

// roffText makes a text one that roff prints as it is.
func roffText(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, text))
}
