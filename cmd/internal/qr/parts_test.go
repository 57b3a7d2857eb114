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

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/format"
)

// TestRoom: as many characters as Room says fit, and not one more.
func TestRoom(t *testing.T) {
	tried := 0
	for rows := 1; rows < 100; rows++ {
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
	if tried < 80 {
		t.Errorf("only %d sizes were tried", tried)
	}
	for size, want := range map[[2]int]int{{80, 23}: 195, {40, 19}: 114, {132, 12}: 0, {24, 50}: 0, {25, 50}: 25, {80, 1}: 0, {1000, 1000}: 4296} {
		if got := Room(size[0], size[1]); got != want {
			t.Errorf("%v has room for %d characters, want %d", size, got, want)
		}
	}
}

// statement is a text of so many bytes.
func statement(length int) string {
	return format.EncodeText(format.RevocationFile, bytes.Repeat([]byte("x"), length))
}

func TestCut(t *testing.T) {
	text := statement(300)
	parts, err := Cut(text, 195, MostOnScreen)
	if err != nil || len(parts) != 3 {
		t.Fatalf("got %q, %v", parts, err)
	}
	if _, raw, err := format.DecodeText([]byte(strings.Join(parts, ""))); err != nil || len(raw) != 300 {
		t.Errorf("got %d bytes, %v", len(raw), err)
	}
	if whole, err := Cut(text, len(text), 1); err != nil || !slices.Equal(whole, []string{text}) {
		t.Errorf("got %q, %v", whole, err)
	}
	for name, c := range map[string]struct {
		text       string
		room, most int
	}{
		"more than are wanted": {text, 195, 2},
		"no room":              {text, 0, MostOnScreen},
		"no statement":         {strings.Repeat("A", 200), 195, MostOnScreen},
	} {
		if parts, err := Cut(c.text, c.room, c.most); err == nil {
			t.Errorf("%s: got %q", name, parts)
		}
	}
}

// TestSeveralPictures: what no phone reads in one code is several files, each of which is
// read on its own.
func TestSeveralPictures(t *testing.T) {
	dir := t.TempDir()
	text := statement(1800)
	env := &cli.Env{Stdout: io.Discard, Stderr: io.Discard}
	written, err := WritePicture(env, filepath.Join(dir, "list.png"), text)
	if want := filepath.Join(dir, "list-1.png") + " to " + filepath.Join(dir, "list-3.png"); err != nil || written != want {
		t.Fatalf("got %q, %v; want %q", written, err, want)
	}
	parts, err := Cut(text, roomOf(mostVersion), 3)
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
		checkDecodes(t, img, part)
	}
	if _, err := os.Stat(filepath.Join(dir, "list.png")); err == nil {
		t.Error("there is a picture of the whole, too")
	}
	if written, err := WritePicture(env, filepath.Join(dir, "one.png"), statement(300)); err != nil || written != filepath.Join(dir, "one.png") {
		t.Errorf("got %q, %v", written, err)
	}
	if _, err := WritePicture(env, "-", text); err == nil {
		t.Error("three pictures went to standard output")
	}
	// None of them takes the place of another file.
	if err := os.WriteFile(filepath.Join(dir, "other-2.png"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := WritePicture(env, filepath.Join(dir, "other.png"), text); err == nil {
		t.Error("a file was replaced")
	}
}

// TestPagePrompts: no prompt is as wide as the terminal.
func TestPagePrompts(t *testing.T) {
	for _, columns := range []int{40, 80, 132} {
		terminal := &clitest.Terminal{Answers: slices.Repeat([]string{""}, MostOnScreen+1)}
		drawn := 0
		err := Page(&cli.Env{Terminal: terminal}, MostOnScreen, columns, func(part int) error {
			drawn++
			if part != drawn {
				t.Errorf("part %d after %d", part, drawn-1)
			}
			return nil
		})
		if err != nil || drawn != MostOnScreen || len(terminal.Prompts) != MostOnScreen+1 {
			t.Errorf("drawn %d of %q, %v", drawn, terminal.Prompts, err)
		}
		for _, prompt := range terminal.Prompts {
			if len(prompt)+3 >= columns {
				t.Errorf("%d columns: %q", columns, prompt)
			}
		}
	}
	broken := errors.New("broken")
	if err := Page(&cli.Env{Terminal: &clitest.Terminal{Answers: []string{""}}}, 2, 80, func(int) error { return broken }); err != broken {
		t.Errorf("got %v", err)
	}
	if err := Page(&cli.Env{}, 2, 80, func(int) error { return broken }); err != nil {
		t.Errorf("without a terminal: %v", err)
	}
}
