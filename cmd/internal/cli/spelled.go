package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// spelledStart is how a file of lines starts that a tool keeps.
const spelledStart = "# spelled lines"

// maxSpelledFile is the most bytes of such a file.
const maxSpelledFile = 64 << 10

// Spelling returns the lines of a text, in its text form, that is to be read out.
func Spelling(text string) ([]string, error) {
	kind, raw, err := format.DecodeText([]byte(text))
	if err != nil {
		return nil, err
	}
	lines, err := format.Spell(kind, raw)
	if err != nil {
		return nil, Fail(err).WithHint("send the file, or a picture of its codes with --qr-png FILE")
	}
	return lines, nil
}

// Spell writes the lines of a statement that is to be read out. A terminal that does not show
// all of them at once waits for Enter in between.
func (e *Env) Spell(out io.Writer, lines []string) error {
	room := len(lines)
	for _, window := range []func() (int, int, bool){e.Window, e.ErrWindow} {
		if window != nil && e.Attended != nil && e.Attended() {
			if _, rows, ok := window(); ok {
				room = max(rows-2, 1)
			}
		}
	}
	for i, line := range lines {
		if i > 0 && i%room == 0 {
			if _, err := e.terminal().ReadLine("Enter for the next lines: "); errors.Is(err, ErrNoTerminal) {
				room = len(lines)
			} else if err != nil {
				return Failf("%d of %d lines were shown", i, len(lines))
			}
		}
		fmt.Fprintln(out, line)
	}
	return nil
}

// ReadSpelled reads a statement that was read out in lines: from the file that args name, from
// standard input, or at the terminal, line by line. What is typed is kept at once in a file, keep
// unless args name it, and the next call goes on from there. done forgets what was kept.
// Typed, the statement is of a wanted kind.
func (e *Env) ReadSpelled(args []string, keep string, want ...format.Kind) (text []byte, done func(), err error) {
	s := spelling{env: e, path: keep, want: want}
	done = func() { os.Remove(keep) }
	switch {
	case len(args) > 1:
		return nil, nil, Usagef("--spelled takes one file of lines").WithHint("leave it out to type them")
	case len(args) == 1 && args[0] != "-":
		s.path, s.own, done = args[0], true, func() {}
	case e.Attended == nil || !e.Attended():
		data, err := e.ReadFile("-", maxSpelledFile)
		if err != nil {
			return nil, nil, err
		}
		text, err := wholeSpelled(data)
		return text, func() {}, err
	}
	data, err := e.ReadFile(s.path, maxSpelledFile)
	switch {
	case err == nil && !strings.HasPrefix(string(data), spelledStart) && s.own:
		text, err = wholeSpelled(data) // written by hand
		return text, done, err
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	}
	text, err = s.typed(data)
	return text, done, err
}

// spelling is a statement that is typed line by line.
type spelling struct {
	format.Spelled
	env  *Env
	path string // where it is kept
	own  bool   // that file was named
	lost bool   // it cannot be kept
	want []format.Kind
}

// wholeSpelled reads all lines at once, or the statement itself.
func wholeSpelled(data []byte) ([]byte, error) {
	if _, _, err := format.DecodeText(data); err == nil {
		return data, nil
	}
	kind, raw, err := format.DecodeSpelled(data)
	if err != nil {
		return nil, Fail(err).WithHint("have those lines read again and correct them; each ends in two symbols that check it")
	}
	return format.EncodeFile(kind, raw), nil
}

func (s *spelling) wanted(kind format.Kind) error {
	if slices.Contains(s.want, kind) {
		return nil
	}
	return &format.WrongKindError{Got: kind, Want: s.want[0]}
}

// typed goes on from what was kept, until all lines are there and make a statement.
func (s *spelling) typed(kept []byte) ([]byte, error) {
	if known, _ := format.ParseSpelled(kept); known.Count() > 0 && s.wanted(known.Kind()) == nil {
		s.Spelled = *known
	}
	say := func(format string, args ...any) {
		fmt.Fprintln(s.env.Stderr, Fold(s.env.Stderr, fmt.Sprintf(format, args...)))
	}
	switch missing := len(s.Missing()); {
	case s.Count() == 0:
		say("Type the lines as they are read to you, blanks or not. Each is kept; Ctrl-C stops, and the same command goes on.")
	case missing > 0:
		say("Going on: %d of %d lines are kept in %s. To begin another statement, type its first line as 1: and the line.", s.Count()-missing, s.Count(), named(s.path))
	case !s.own:
		yes, err := s.env.Confirm(fmt.Sprintf("All %d lines of a %s are kept in %s. Take them?", s.Count(), s.Kind(), named(s.path)))
		if err != nil {
			return nil, err
		}
		if !yes {
			s.Spelled = format.Spelled{}
		}
	}
	for {
		missing := s.Missing()
		prompt := "which line again, as N: LINE? "
		if len(missing) == 0 {
			kind, raw, err := s.Decode()
			if err == nil {
				return format.EncodeFile(kind, raw), nil
			}
			fmt.Fprintln(s.env.Stderr, strings.Join(s.Lines(), "\n"))
			say("Each line is right by itself, but not all of them together. Compare them, or begin anew with line 1.")
		} else if prompt = fmt.Sprintf("line %d of %d: ", missing[0], s.Count()); s.Count() == 0 {
			prompt = "line 1: "
		}
		typed, err := s.env.terminal().ReadLine(prompt)
		if err != nil {
			return nil, s.stopped(err)
		}
		number, line, numbered := format.CutSpelledNumber(typed)
		if !numbered && len(missing) > 0 {
			number, line = missing[0], typed
		}
		if strings.TrimSpace(typed) == "" {
			continue
		}
		if err := s.take(number, line); err != nil {
			say("line %d: %s; type it again", number, err)
			continue
		}
		s.save()
	}
}

// take takes a line, and of the first no other kind than is wanted.
func (s *spelling) take(number int, line string) error {
	before := s.Spelled
	malformed, _ := errors.AsType[*format.MalformedError](s.Take(number, line))
	switch {
	case malformed != nil:
		return errors.New(malformed.Reason())
	case number == 1:
		if err := s.wanted(s.Kind()); err != nil {
			s.Spelled = before
			return err
		}
	}
	return nil
}

// save keeps the lines. That it cannot be done is said once.
func (s *spelling) save() {
	if s.lost {
		return
	}
	text := spelledStart + " that were typed so far; the same command goes on with them\n" + strings.Join(s.Lines(), "\n") + "\n"
	if err := s.env.WriteFile(s.path, []byte(text), 0o600); err != nil {
		s.lost = true
		s.env.Warnf("what is typed is not kept: %v", err)
	}
}

// stopped says where it goes on.
func (s *spelling) stopped(err error) error {
	switch there := s.Count() - len(s.Missing()); {
	case errors.Is(err, ErrNoTerminal):
		return Fail(err).WithHint("give a file with the lines, or - for standard input")
	case !errors.Is(err, io.EOF):
		return err
	case s.Count() == 0:
		return Failf("no line was typed")
	default:
		e := Failf("%d of %d lines were typed", there, s.Count())
		if s.lost {
			return e
		}
		return e.WithHint("the same command goes on with line %d: they are kept in %s", s.Missing()[0], named(s.path))
	}
}
