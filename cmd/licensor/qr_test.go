package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/format"
)

// onTerminal runs a command of somebody who sits at a terminal of so many columns and rows,
// and gives these answers. shown is what standard error had.
func onTerminal(t *testing.T, columns, rows int, answers []string, args ...string) (shown string, terminal *clitest.Terminal) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	terminal = &clitest.Terminal{Answers: answers}
	env := cli.System()
	env.Args, env.Stdout, env.Stderr, env.Terminal = args, &stdout, &stderr, terminal
	env.Now = func() time.Time { return now }
	env.Stdin = strings.NewReader("")
	env.Window = nil
	env.ErrWindow = func() (int, int, bool) { return columns, rows, true }
	env.Attended = func() bool { return true }
	env.Getenv = func(name string) string { return map[string]string{"TERM": "xterm", "LANG": "C.UTF-8"}[name] }
	if exit := cli.Main(program(), env); exit != 0 {
		t.Fatalf("%q: exit %d\n%s", args, exit, &stderr)
	}
	return stderr.String(), terminal
}

// codesOn reads the codes that were drawn in half blocks, one below the other.
func codesOn(t *testing.T, shown string) (texts []string) {
	t.Helper()
	const scale = 6
	var rows []string
	read := func() {
		if len(rows) == 0 {
			return
		}
		wide := len([]rune(rows[0]))
		img := image.NewGray(image.Rect(0, 0, scale*wide, 2*scale*len(rows)))
		for y, row := range rows {
			for x, c := range []rune(row) {
				for half, light := range []bool{c == '█' || c == '▀', c == '█' || c == '▄'} {
					if light {
						r := image.Rect(scale*x, scale*(2*y+half), scale*(x+1), scale*(2*y+half+1))
						for py := r.Min.Y; py < r.Max.Y; py++ {
							for px := r.Min.X; px < r.Max.X; px++ {
								img.Pix[img.PixOffset(px, py)] = 255
							}
						}
					}
				}
			}
		}
		rows = nil
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		found, err := photo.Read(t.Context(), b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, found...)
	}
	for line := range strings.Lines(shown) {
		_, code, _ := strings.Cut(line, "\x1b[0;37;97;40m")
		code, _, drawn := strings.Cut(code, "\x1b[0m")
		if !drawn {
			read()
			continue
		}
		rows = append(rows, code)
	}
	read()
	return texts
}

// TestSignShowsParts: a license that is larger than the terminal comes in parts by itself,
// with what it is beside each; on a large one it is one code.
func TestSignShowsParts(t *testing.T) {
	dir := t.TempDir()
	home, request := filepath.Join(dir, "V"), filepath.Join(dir, "q.olq")
	for _, args := range [][]string{initArgs(home), entitleArgs(home)} {
		onTerminal(t, 80, 24, nil, args...)
	}
	text, err := requestText(1, "INV0042-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(request, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var whole string
	for _, c := range []struct{ columns, rows, parts int }{{200, 100, 1}, {132, 43, 1}, {80, 24, 4}, {80, 25, 4}, {40, 20, 7}} {
		name := fmt.Sprintf("%dx%d", c.columns, c.rows)
		license := filepath.Join(dir, "q.lic")
		shown, terminal := onTerminal(t, c.columns, c.rows, strings.Split(strings.Repeat("\n", c.parts), "\n"),
			"sign", "--home", home, request, "--out", license, "--yes", "--qr")
		codes := codesOn(t, shown)
		if len(codes) != c.parts || len(terminal.Prompts) != (c.parts+1)*min(1, c.parts-1) {
			t.Errorf("%s: %d codes, and %q", name, len(codes), terminal.Prompts)
		}
		kind, raw, err := format.DecodeText([]byte(strings.Join(codes, "\n")))
		if err != nil || kind != format.CarriedLicense {
			t.Errorf("%s: %s, %v", name, kind, err)
			continue
		}
		if text := format.EncodeText(kind, raw); whole == "" {
			whole = text
		} else if whole != text {
			t.Errorf("%s: other codes than on a large terminal", name)
		}
		file, err := os.ReadFile(license)
		if err != nil {
			t.Fatal(err)
		}
		fileKind, fileRaw, err := format.DecodeText(file)
		if err != nil {
			t.Fatal(err)
		}
		code, err := format.CodeOf(fileKind, fileRaw)
		if err != nil {
			t.Fatal(err)
		}
		if c.columns >= 132 && !strings.Contains(shown, "\x1b[0m  "+code) {
			t.Errorf("%s: the comparison code does not stand beside the code:\n%s", name, shown)
		}
	}
	// Nobody is asked who has not asked for a code.
	if shown, terminal := onTerminal(t, 80, 24, nil, "sign", "--home", home, request, "--out", filepath.Join(dir, "q.lic"), "--yes"); strings.Contains(shown, "█") || len(terminal.Prompts) > 0 {
		t.Errorf("a code that nobody has asked for: %s", shown)
	}
}
