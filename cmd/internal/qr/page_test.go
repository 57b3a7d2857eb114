package qr

import (
	"bytes"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr/qrtest"
)

// TestRoom: as many characters as Room says fit, and not one more.
func TestRoom(t *testing.T) {
	tried := 0
	for rows := 1; rows < 51; rows++ {
		columns := 2 * rows
		room := Room(columns, rows)
		if room == 0 {
			continue
		}
		tried++
		for length, want := range map[int]bool{room: true, room + 1: false} {
			gotColumns, gotRows, err := Size(strings.Repeat("A", length))
			if fits := err == nil && gotColumns <= columns && gotRows <= rows; fits != want {
				t.Errorf("%d characters on %dx%d: %v", length, columns, rows, fits)
			}
		}
	}
	if tried < 38 {
		t.Errorf("only %d sizes were tried", tried)
	}
	for size, want := range map[[2]int]int{{80, 23}: 195, {40, 19}: 114, {132, 12}: 0, {24, 50}: 0, {25, 50}: 25, {80, 1}: 0, {1000, 1000}: 1249} {
		if got := Room(size[0], size[1]); got != want {
			t.Errorf("%v has room for %d characters, want %d", size, got, want)
		}
	}
}

// statement is a text of so many bytes.
func statement(length int) string {
	return format.EncodeText(format.RevocationFile, bytes.Repeat([]byte("x"), length))
}

// TestSeveralPictures: what no phone reads in one code is several files, each of which is
// read on its own.
func TestSeveralPictures(t *testing.T) {
	dir := t.TempDir()
	text := statement(1800)
	env := &cli.Env{Stdout: io.Discard, Stderr: io.Discard}
	file := func(name string) string { return filepath.Join(dir, name) }
	files, err := (&Flags{PNG: file("list.png"), SVG: file("list.svg")}).Write(env, text)
	written := Names(files)
	if want := file("list-1.png") + " to " + file("list-3.png") + ", " + file("list-1.svg") + " to " + file("list-3.svg"); err != nil || written != want {
		t.Fatalf("got %q, %v; want %q", written, err, want)
	}
	parts, err := Whole(text)
	if err != nil || len(parts) != 3 {
		t.Fatal(len(parts), err)
	}
	for i, part := range parts {
		data, err := os.ReadFile(filepath.Join(dir, "list-"+string(rune('1'+i))+".png"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		qrtest.Want(t, img, part)
	}
	if _, err := os.Stat(filepath.Join(dir, "list.png")); err == nil {
		t.Error("there is a picture of the whole, too")
	}
	for _, one := range []Flags{{PNG: file("one.png")}, {SVG: file("one.svg")}} {
		if files, err := one.Write(env, statement(300)); err != nil || len(files) != 1 || files[0] != one.PNG+one.SVG {
			t.Errorf("got %q, %v", files, err)
		}
	}
	for _, f := range []Flags{{PNG: "-"}, {SVG: "-"}} {
		if _, err := f.Write(env, text); err == nil || !strings.Contains(err.Error(), "3 pictures") {
			t.Errorf("three pictures went to standard output: %v", err)
		}
	}
	// None of them takes the place of another file.
	if err := os.WriteFile(file("other-2.png"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Flags{PNG: file("other.png")}).Write(env, text); err == nil {
		t.Error("a file was replaced")
	}
}

// TestPagePrompts: no prompt is as wide as the terminal.
func TestPagePrompts(t *testing.T) {
	for _, columns := range []int{40, 80, 132} {
		terminal := &clitest.Terminal{Answers: slices.Repeat([]string{""}, MostOnScreen+1)}
		drawn := 0
		pager := Pager{Out: io.Discard, Parts: slices.Repeat([]string{"OLQ1"}, MostOnScreen), Columns: columns, Rows: 24}
		pager.Draw = func(_ io.Writer, part int) error {
			drawn++
			if part != drawn {
				t.Errorf("part %d after %d", part, drawn-1)
			}
			return nil
		}
		err := pager.Page(&cli.Env{Terminal: terminal})
		if err != nil || drawn != MostOnScreen || len(terminal.Prompts) != MostOnScreen+1 {
			t.Errorf("drawn %d of %q, %v", drawn, terminal.Prompts, err)
		}
		pager.Every = leastEvery
		terminal.Answers = append(terminal.Answers, slices.Repeat([]string{""}, 20)...)
		drawn, pager.Draw = 0, func(_ io.Writer, part int) error {
			if drawn++; part != (drawn-1)%MostOnScreen+1 {
				t.Errorf("part %d is drawn as number %d", part, drawn)
			}
			return nil
		}
		if err := pager.Page(&cli.Env{Terminal: terminal}); err != nil || drawn != 19 {
			t.Errorf("drawn %d times, %v", drawn, err)
		}
		for _, prompt := range terminal.Prompts {
			if len(prompt)+3 >= columns {
				t.Errorf("%d columns: %q", columns, prompt)
			}
		}
	}
	broken := errors.New("broken")
	pager := Pager{Out: io.Discard, Parts: []string{"A", "B"}, Columns: 80, Rows: 24, Draw: func(io.Writer, int) error { return broken }}
	for _, every := range []time.Duration{0, leastEvery} {
		pager.Every = every
		if err := pager.Page(&cli.Env{Terminal: &clitest.Terminal{Answers: []string{"", ""}}}); err != broken {
			t.Errorf("got %v", err)
		}
		if err := pager.Page(&cli.Env{}); err != nil {
			t.Errorf("without a terminal: %v", err)
		}
	}
}
