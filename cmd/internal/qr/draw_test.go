package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format/qr/qrtest"
)

// request is as long as a request may be for version 6.
var request = "OLQ1:" + strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 6)[:190]

var texts = []string{"OLQ1:A", request, request + "A", strings.Repeat("OLL1/2-5:", 100), "lower case"}

func TestRequestFitsConsole(t *testing.T) {
	if len(request) != 195 {
		t.Fatalf("test text has %d characters", len(request))
	}
	for text, want := range map[string][2]int{request: {45, 23}, request + "A": {49, 25}} {
		columns, rows, err := Size(text)
		if err != nil || [2]int{columns, rows} != want {
			t.Errorf("Size of %d characters is %dx%d, %v; want %v", len(text), columns, rows, err, want)
		}
	}
	for _, noColor := range []bool{false, true} {
		lines := strings.Split(drawn(t, request, Options{NoColor: noColor}), "\n")
		if len(lines) != 24 || lines[23] != "" {
			t.Fatalf("drawn in %d rows, want 23 with a newline each", len(lines)-1)
		}
		for i, line := range lines[:23] {
			line = strings.TrimSuffix(strings.TrimPrefix(line, whiteOnBlack), reset)
			if n := len([]rune(line)); n != 45 {
				t.Errorf("row %d has %d columns, want 45", i, n)
			}
		}
	}
}

func TestSizeIsWhatDrawTakes(t *testing.T) {
	for _, text := range texts {
		columns, rows, err := Size(text)
		if err != nil {
			t.Fatal(err)
		}
		out := drawn(t, text, Options{NoColor: true})
		first, _, _ := strings.Cut(out, "\n")
		if gotRows, gotColumns := strings.Count(out, "\n"), len([]rune(first)); gotRows != rows || gotColumns != columns {
			t.Errorf("%.10q: drawn %dx%d, Size says %dx%d", text, gotColumns, gotRows, columns, rows)
		}
	}
}

func TestDrawDecodes(t *testing.T) {
	// With colors, every kind of terminal must show the code upright;
	// without, a dark one.
	dark, light := colors{fg: 200, bg: 20}, colors{fg: 0, bg: 255}
	for _, text := range texts {
		for name, c := range map[string]struct {
			noColor  bool
			terminal colors
		}{
			"colored on dark":  {false, dark},
			"colored on light": {false, light},
			"plain on dark":    {true, dark},
		} {
			t.Run(fmt.Sprint(name, len(text)), func(t *testing.T) {
				out := drawn(t, text, Options{NoColor: c.noColor})
				if c.noColor && strings.Contains(out, "\x1b") {
					t.Error("escape sequence without colors")
				}
				qrtest.Want(t, screenshot(t, out, c.terminal), text)
			})
		}
	}
}

func TestRefused(t *testing.T) {
	// Version 40-L holds 4296 characters.
	for _, text := range []string{strings.Repeat("A", 4297), "\u00e9", "\xff"} {
		if err := Draw(&bytes.Buffer{}, text, Options{}); err == nil {
			t.Errorf("Draw took %.10q", text)
		}
		if _, _, err := Size(text); err == nil {
			t.Errorf("Size took %.10q", text)
		}
	}
	for _, o := range []Options{{}, {NoColor: true}} {
		if err := Draw(brokenWriter{}, "A", o); !errors.Is(err, errBroken) {
			t.Errorf("got %v, want the writer's error", err)
		}
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func drawn(t *testing.T, text string, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Draw(&b, text, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type colors struct{ fg, bg uint8 }

// screenshot is what a terminal with those default colors shows.
func screenshot(t *testing.T, out string, terminal colors) image.Image {
	t.Helper()
	const cell = 8 // pixels wide, twice as high
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	img := image.NewGray(image.Rect(0, 0, 100*cell*2, (len(lines)+2)*cell*2))
	for i := range img.Pix {
		img.Pix[i] = terminal.bg
	}
	for row, line := range lines {
		now, column := terminal, 0
		for line != "" {
			if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
				codes, after, _ := strings.Cut(rest, "m")
				for code := range strings.SplitSeq(codes, ";") {
					switch code {
					case "0":
						now = terminal
					case "37":
						now.fg = 170
					case "97":
						now.fg = 255
					case "40":
						now.bg = 0
					default:
						t.Fatalf("unexpected colour %q", code)
					}
				}
				line = after
				continue
			}
			r := []rune(line)[0]
			line = line[len(string(r)):]
			upper, lower := now.bg, now.bg
			switch r {
			case ' ':
			case '\u2588':
				upper, lower = now.fg, now.fg
			case '\u2580':
				upper = now.fg
			case '\u2584':
				lower = now.fg
			default:
				t.Fatalf("unexpected character %q", r)
			}
			for y := range cell * 2 {
				shade := upper
				if y >= cell {
					shade = lower
				}
				for x := range cell {
					img.SetGray((column+2)*cell+x, (row+1)*cell*2+y, color.Gray{Y: shade})
				}
			}
			column++
		}
		if now != terminal {
			t.Fatalf("row %d leaves its colors to the next", row)
		}
	}
	// The readers below may take an inverted code; many phones do not.
	if img.GrayAt(2*cell, cell*2).Y < 128 {
		t.Error("the border is dark: the code is inverted")
	}
	return img
}
