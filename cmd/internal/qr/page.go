package qr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// MostOnScreen is the most parts that are shown one after the other. Who has more to carry
// takes a picture or a file.
const MostOnScreen = 16

// Pager shows parts one after the other on a terminal, each alone on its screen.
type Pager struct {
	Out           io.Writer // what the terminal shows
	Parts         []string
	Columns, Rows int
	Every         time.Duration                       // how long each stays, over and over; 0: until a key
	Color         bool                                // the terminal knows escape sequences
	Window        func() (columns, rows int, ok bool) // how large it is by now

	// Draw draws a part, counted from 1, in one row less than the terminal has.
	Draw func(w io.Writer, part int) error
}

// Page shows the parts to a user. Before the first one it asks, so that what was printed
// before can be read. Then there is a prompt below each until the user has seen the last
// one, and a number shows that part again; or each stays for a time, from the first to the
// last and again, until a key is pressed.
func (p *Pager) Page(env *cli.Env) error {
	n := len(p.Parts)
	question := fmt.Sprintf("The QR code comes in %d parts: press Enter to see the first, n to skip it: ", n)
	if p.Every != 0 {
		question = fmt.Sprintf("The QR code comes in %d parts, %s each: start a video, then press Enter; n skips it: ", n, p.Every)
	}
	answer, err := ask(env, p.Columns, question, fmt.Sprintf("QR code in %d parts: Enter, or n: ", n))
	switch {
	case err != nil || answer == "n" || answer == "no" || answer == "q":
		return ended(err)
	case p.Every != 0:
		return p.loop(env)
	}
	for part := 1; part <= n; {
		if err := p.show(p.Out, part); err != nil {
			return err
		}
		end := ""
		if part == n {
			end = " to end"
		}
		answer, err := ask(env, p.Columns,
			fmt.Sprintf("Part %d of %d: scan it, then press Enter%s (or type a part's number): ", part, n, end),
			fmt.Sprintf("Part %d of %d, then Enter: ", part, n))
		number, _ := strconv.Atoi(answer)
		switch {
		case err != nil || answer == "q":
			return ended(err)
		case answer == "":
			part++
		case 1 <= number && number <= n:
			part = number
		}
	}
	return nil
}

// loop shows the parts until a key is pressed. They are drawn over each other where that
// can be done, which a video likes better than what scrolls, and so does who scrolls back.
func (p *Pager) loop(env *cli.Env) error {
	out := rawWriter{p.Out}
	if _, err := io.WriteString(out, strings.Repeat("\n", p.Rows)); err != nil {
		return err
	}
	part := 0
	err := env.Terminal.Every(p.Every, func() (err error) {
		part = part%len(p.Parts) + 1
		if p.Color {
			if _, err = io.WriteString(out, "\x1b[H\x1b[J"); err == nil { // the top, and all below is empty
				err = p.draw(out, part)
			}
		} else {
			_, _ = io.WriteString(out, "\n")
			err = p.show(out, part)
		}
		if err != nil {
			return err
		}
		prompt := fmt.Sprintf("Part %d of %d, %s each, over and over. Any key ends. ", part, len(p.Parts), p.Every)
		if len(prompt) >= p.Columns {
			prompt = fmt.Sprintf("Part %d of %d. Any key ends. ", part, len(p.Parts))
		}
		_, err = io.WriteString(out, prompt)
		return err
	})
	fmt.Fprintln(p.Out)
	return ended(err)
}

// Print draws all parts, one below the other, where nobody presses a key.
func (p *Pager) Print() error {
	for part := range p.Parts {
		if err := p.show(p.Out, part+1); err != nil {
			return err
		}
	}
	return nil
}

// show draws a part once all else has scrolled away, so that no phone sees two codes.
func (p *Pager) show(w io.Writer, part int) error {
	_, rows, err := Size(p.Parts[part-1])
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, strings.Repeat("\n", max(0, p.Rows-1-rows))); err != nil {
		return err
	}
	return p.draw(w, part)
}

// draw draws a part, unless the terminal has become too small for it since: the same parts
// go on once it is as large again.
func (p *Pager) draw(w io.Writer, part int) error {
	if p.Window != nil {
		if columns, rows, ok := p.Window(); ok && !Fits(p.Parts[part-1], columns, rows-1) {
			_, err := io.WriteString(w, "Enlarge the terminal.\n")
			return err
		}
	}
	return p.Draw(w, part)
}

// rawWriter writes to a terminal that does not add the carriage returns.
type rawWriter struct{ w io.Writer }

func (r rawWriter) Write(p []byte) (int, error) {
	if _, err := r.w.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ask asks with the longer prompt if the terminal has room for it and a short answer: a
// prompt of two lines would push the code's first row off the screen.
func ask(env *cli.Env, columns int, prompt, short string) (string, error) {
	if len(prompt)+4 > columns {
		prompt = short
	}
	if env.Terminal == nil {
		return "", cli.ErrNoTerminal
	}
	answer, err := env.Terminal.ReadLine(prompt)
	return strings.ToLower(strings.TrimSpace(answer)), err
}

// ended is no error where the user has ended it with Ctrl-D.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, cli.ErrNoTerminal) {
		return nil
	}
	return err
}
