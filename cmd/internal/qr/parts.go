package qr

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"rsc.io/qr/coding"
)

// MostOnScreen is the most parts that are shown one after the other. Who has more to carry
// takes a picture or a file.
const MostOnScreen = 16

// mostVersion is the largest code in a picture: one of 97 modules, which every phone reads.
const mostVersion = 20

// Room returns how many characters of a text form fit a code of at most so many columns and
// rows of a terminal; 0 where not even the smallest one does.
func Room(columns, rows int) int {
	side := min(columns, 2*rows) - 2*terminalQuiet
	return roomOf(coding.Version(min((side-17)/4, coding.MaxVersion)))
}

// roomOf returns how many characters of a text form fit a version.
func roomOf(v coding.Version) int {
	if v < coding.MinVersion {
		return 0
	}
	n := 0
	for n += 2; coding.Alpha(make([]byte, n)).Bits(v) <= 8*v.DataBytes(coding.L); n += 2 {
	}
	if n--; coding.Alpha(make([]byte, n)).Bits(v) <= 8*v.DataBytes(coding.L) {
		return n
	}
	return n - 1
}

// Cut returns the text of a statement as it is if it has at most so many characters, and
// else in as few parts of them as there can be, but not in more than most.
func Cut(text string, room, most int) ([]string, error) {
	if len(text) <= room {
		return []string{text}, nil
	}
	kind, raw, err := format.DecodeText([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%d bytes do not fit one QR code", len(text))
	}
	parts, err := format.EncodeParts(kind, raw, room)
	switch {
	case err != nil:
		return nil, err
	case len(parts) > most:
		return nil, fmt.Errorf("%d characters take %d QR codes, more than %d", len(text), len(parts), most)
	}
	return parts, nil
}

// Page shows parts one after the other, with a prompt below each, until the user has seen
// the last one; a number shows that part again. draw draws one, counted from 1, in one row
// less than the terminal has. Before the first one it asks, so that what was printed before
// can be read.
func Page(env *cli.Env, parts, columns int, draw func(part int) error) error {
	answer, err := ask(env, columns,
		fmt.Sprintf("The QR code comes in %d parts: press Enter to see the first, n to skip it: ", parts),
		fmt.Sprintf("QR code in %d parts: Enter, or n: ", parts))
	if err != nil || answer == "n" || answer == "no" || answer == "q" {
		return ended(err)
	}
	for part := 1; part <= parts; {
		if err := draw(part); err != nil {
			return err
		}
		end := ""
		if part == parts {
			end = " to end"
		}
		answer, err := ask(env, columns,
			fmt.Sprintf("Part %d of %d: scan it, then press Enter%s (or type a part's number): ", part, parts, end),
			fmt.Sprintf("Part %d of %d, then Enter: ", part, parts))
		number, _ := strconv.Atoi(answer)
		switch {
		case err != nil || answer == "q":
			return ended(err)
		case answer == "":
			part++
		case 1 <= number && number <= parts:
			part = number
		}
	}
	return nil
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
