package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

//go:embed usage/man.txt
var manUsage string

// manual prints manual pages.
func (p Program) manual(env *Env, args []string, dir string) error {
	date, err := manualDate(env)
	if err != nil {
		return err
	}
	switch {
	case dir != "" && len(args) > 0:
		return Usagef("--out writes the pages of all commands, and %s is named", Quote(args[0])).WithHint("leave one of the two out")
	case dir != "":
		return p.writeManual(env, dir, date)
	case len(args) > 1:
		return Usagef("unexpected argument %s", Quote(args[1]))
	case len(args) == 0:
		_, err = io.WriteString(env.Stdout, p.page(date))
		return err
	}
	c, err := p.find(args[0])
	if err == nil {
		_, err = io.WriteString(env.Stdout, p.commandPage(c, date))
	}
	return err
}

// manualDate is the day that the pages name. Packagers set the variable, so that the same
// source makes the same pages.
func manualDate(env *Env) (string, error) {
	now := env.Now
	if text := env.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return "", Usagef("SOURCE_DATE_EPOCH does not take %s", Quote(text)).WithHint("a number of seconds, or leave the variable out")
		}
		now = func() time.Time { return time.Unix(seconds, 0) }
	}
	return now().UTC().Format(time.DateOnly), nil
}

func (p Program) writeManual(env *Env, dir, date string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return FileError("create", dir, err)
	}
	pages := map[string]string{p.Name: p.page(date)}
	for _, c := range p.All() {
		pages[p.Name+"-"+c.Name] = p.commandPage(c, date)
	}
	for name, page := range pages {
		if err := env.WriteFile(filepath.Join(dir, name+".1"), []byte(page), 0o644); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(env.Stdout, "Pages written to %s: %d\n", Clean(dir), len(pages))
	return err
}

// page is the manual page of the whole program.
func (p Program) page(date string) string {
	r := p.begin(p.Name, p.Summary, date)
	r.macro("SH", "SYNOPSIS")
	r.literal([]string{p.Name + " COMMAND [OPTIONS] [FILE...]"})
	u := parseUsage(p.Usage)
	headed := max(0, slices.IndexFunc(u, func(s usageSection) bool { return s.heading != "" }))
	r.sections(u[:headed])
	r.macro("SH", "COMMANDS")
	r.text("Each command has a page of its own, and says the same with --help.")
	for _, c := range p.All() {
		r.macro("TP")
		r.line(fmt.Sprintf(`\fB%s\-%s\fR(1)`, roffText(p.Name), roffText(c.Name)))
		r.text(c.Summary)
	}
	r.sections(u[headed:])
	return r.String()
}

// commandPage is the manual page of a command.
func (p Program) commandPage(c Command, date string) string {
	r := p.begin(p.Name+"-"+c.Name, c.Summary, date)
	r.sections(parseUsage(c.Usage))
	r.macro("SH", "SEE ALSO")
	r.line(`\fB` + roffText(p.Name) + `\fR(1)`)
	return r.String()
}

func (p Program) begin(name, summary, date string) *roff {
	var r roff
	v, _, _ := strings.Cut(version(), " ")
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
