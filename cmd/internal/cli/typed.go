package cli

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/format"
)

// What keys mean where a statement is typed. Ctrl-C is a signal.
const (
	endOfKeys = 0x04 // Ctrl-D
	eraseAll  = 0x15 // Ctrl-U
	backspace = 0x08
	erase     = 0x7f
)

// readTyped is ReadCarrier for a statement. At a terminal it is typed, most often
// by a scanner that plays a keyboard.
func (e *Env) readTyped(path string, want ...format.Kind) ([]byte, error) {
	if path != "-" || e.stdinRead || e.Attended == nil || !e.Attended() {
		return e.ReadCarrier(path)
	}
	t := typing{want: want}
	line, shown := &Progress{out: e.Stderr}, "nothing"
	err := e.terminal().Keys(func(keys []byte) bool {
		if shown == "nothing" {
			fmt.Fprintln(e.Stderr, "Scan or paste here; it ends by itself. Ctrl-D ends it, Ctrl-U starts over.")
		}
		more := t.take(keys)
		if state := t.state(); state != shown {
			if width := columnsOf(e.Stderr); width > 0 {
				line.draw(fmt.Sprintf("%.*s", width-1, state))
			}
			shown = state
		}
		return more
	})
	line.draw("")
	if errors.Is(err, ErrNoTerminal) {
		return e.ReadCarrier(path)
	}
	e.stdinRead = true
	if err == nil && len(t.text) > envelope.MaxSize {
		err = FileError("read", path, tooLarge(envelope.MaxSize))
	}
	return t.text, err
}

// typing is a statement that is being typed.
type typing struct {
	want  []format.Kind
	text  []byte
	news  bool // something was typed since it was last looked at
	whole bool
	why   string // why it is not whole yet
}

// take takes keys, none when they rest, and reports whether more may come. A statement that
// is whole is not done with before the keys rest: what a scanner still types behind it would
// be read by the shell.
func (t *typing) take(keys []byte) (more bool) {
	if len(keys) == 0 {
		if t.news {
			t.look()
		}
		return !t.whole
	}
	t.news = true
	for _, key := range keys {
		switch key {
		case endOfKeys:
			return false
		case eraseAll:
			t.text = nil
		case backspace, erase:
			_, last := utf8.DecodeLastRune(t.text)
			t.text = t.text[:len(t.text)-last]
		default:
			t.text = append(t.text, key)
		}
	}
	return len(t.text) <= envelope.MaxSize
}

// look looks whether the statement is whole: if so, its checksum is right. That there are two,
// or that it is a private key, is for others to say.
func (t *typing) look() {
	t.news, t.why = false, "not a statement yet"
	if len(bytes.TrimSpace(t.text)) == 0 {
		return
	}
	text, err := envelope.Pick(t.text, t.want...)
	_, ambiguous := errors.AsType[*envelope.AmbiguousError](err)
	if t.whole = ambiguous || envelope.IsPrivate(t.text); t.whole {
		return
	}
	if err != nil { // parts of several statements
		t.why = err.Error()
		return
	}
	switch malformed, _ := errors.AsType[*format.MalformedError](second(format.DecodeText(text))); {
	case malformed == nil:
		t.whole = true
	case malformed.Missing() != nil:
		t.why = malformed.Reason()
	case malformed.Foreign() == format.PublicKey: // with a comment of any length
		t.whole = bytes.HasSuffix(t.text, []byte("\n"))
	case malformed.Foreign() == "":
		t.why = "not whole yet"
	}
}

func second(_ format.Kind, _ []byte, err error) error { return err }

// state is what to show of it.
func (t *typing) state() string {
	n := utf8.RuneCount(t.text)
	switch {
	case n == 0:
		return ""
	case t.news || t.whole:
		return fmt.Sprintf("%d characters", n)
	}
	return fmt.Sprintf("%d characters: %s", n, t.why)
}
