package cli

import (
	"bytes"
	"io"
	"strings"
)

// screen is what Stdout and Stderr are while a command runs: a writer that knows the
// terminal that shows what is written, if one does.
type screen struct {
	io.Writer
	window func() (columns, rows int, ok bool)
	color  bool
	fold   bool // breaks long lines between words; not where results go, which may be copied
	midway bool // in a line
}

// screens puts screens into the places of Stdout and Stderr.
func (e *Env) screens() {
	e.Stdout = &screen{Writer: e.Stdout, window: e.Window, color: e.Color()}
	e.Stderr = &screen{Writer: e.Stderr, window: e.ErrWindow, color: e.ErrColor(), fold: true}
}

// columnsOf returns how wide the terminal is that shows w, 0 if none does.
func columnsOf(w io.Writer) int {
	s, ok := w.(*screen)
	if !ok || s.window == nil {
		return 0
	}
	columns, _, ok := s.window()
	if !ok {
		return 0
	}
	return columns
}

// Write breaks long lines between words, where the screen does that and they are text.
func (s *screen) Write(p []byte) (int, error) {
	width := 0
	if s.fold {
		width = columnsOf(s)
	}
	var b bytes.Buffer
	for line := range bytes.Lines(p) {
		if width > 0 && !s.midway && isText(string(line)) {
			line = []byte(fold(string(line), width))
		}
		s.midway = !bytes.HasSuffix(line, []byte("\n")) && !bytes.HasSuffix(line, []byte("\r"))
		b.Write(line)
	}
	if _, err := s.Writer.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// isText tells a sentence from a table, a command that stands alone, a bar and a code.
func isText(line string) bool {
	return !strings.HasPrefix(line, " ") && !strings.Contains(line, "  ") && !strings.ContainsAny(line, "\r\t█▀▄")
}

// foldIndent is how far the second line of a sentence stands in.
const foldIndent = 4

// Fold breaks a line that is longer than the terminal that shows w is wide: between
// words, and not in a command that is meant to be typed. What follows is indented.
func Fold(w io.Writer, line string) string {
	if width := columnsOf(w); width > 0 {
		return fold(line, width)
	}
	return line
}

func fold(line string, width int) string {
	if columns(line) <= width {
		return line
	}
	lines := wrap(line, width, width-foldIndent)
	return strings.Join(lines, "\n"+strings.Repeat(" ", foldIndent))
}

// wrap breaks a text between words into lines of at most first columns, then rest. A word
// that is longer stays whole: the terminal breaks it, and a copy of it is what it was.
func wrap(text string, first, rest int) (lines []string) {
	line, width := "", first
	for _, word := range unbroken(strings.Split(text, " ")) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(strings.TrimRight(word, "\n")) <= width:
			line += " " + word
		default:
			lines, line, width = append(lines, line), word, rest
		}
	}
	return append(lines, line)
}

// unbroken joins the words of commands: what stands in quotes, and what follows a colon.
func unbroken(words []string) (joined []string) {
	end := "" // of the command that the last word began
	for i, word := range words {
		if end != "" {
			joined[len(joined)-1] += " " + word
			if strings.ContainsAny(word, end) || end == ";" && strings.HasSuffix(word, ".") {
				end = ""
			}
			continue
		}
		joined = append(joined, word)
		switch {
		case isCommand(strings.TrimPrefix(word, `"`)) && strings.HasPrefix(word, `"`):
			end = `"`
		case isCommand(word) && i > 0 && strings.HasSuffix(words[i-1], ":"):
			end = ";"
		}
	}
	return joined
}

func isCommand(word string) bool { return word == "licensor" || word == "offlicense" }
