package command

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr/qrtest"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// onTerminal runs request on a terminal and returns what it showed and the directory.
func onTerminal(t *testing.T, columns, rows int, args ...string) (shown, dir string) {
	t.Helper()
	dir = t.TempDir()
	return inDirectory(t, dir, columns, rows, append([]string{"request", "--state", "S", "--product", "evoq",
		"--invoice", "INV0042-1", "--email", "ops@site.example", "--type", "production", "--key-only"}, args...)...), dir
}

// inDirectory runs the tool on a terminal and returns what it showed.
func inDirectory(t *testing.T, dir string, columns, rows int, args ...string) (shown string) {
	t.Helper()
	master, tty := clitest.OpenPTY(t, columns, rows)
	cmd := exec.Command("offlicense", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TEST_NOW=2026-11-22T12:00:00Z", "TERM=linux", "LC_ALL=C.UTF-8", "NO_COLOR=",
		"GORACE=atexit_sleep_ms=0") // else each run takes a second under the race detector
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = tty, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // and no terminal of whoever runs the test
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	all, err := io.ReadAll(master)
	if err != nil && !errors.Is(err, syscall.EIO) { // the end of a terminal
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return string(all)
}

// screen is a console that breaks long lines, and scrolls.
type screen struct {
	columns, rows int
	light         bool // dark text on a light ground, where a program sets no colors
	lines         [][]rune
	shades        [][]shades // of each character
	scrolled      int        // lines that were on it and are not any more
}

// shades are how light a character and its ground are.
type shades struct{ text, ground uint8 }

func (s *screen) theme() shades {
	if s.light {
		return shades{20, 250}
	}
	return shades{200, 10}
}

// play shows what a program has written, and the shell's prompt after it.
func (s *screen) play(shown string) {
	s.lines, s.shades, s.scrolled = nil, nil, 0
	now := s.theme()
	newLine := func() {
		s.lines, s.shades = append(s.lines, nil), append(s.shades, nil)
		if len(s.lines) > s.rows {
			s.lines, s.shades = s.lines[1:], s.shades[1:]
			s.scrolled++
		}
	}
	newLine()
	for text := shown + "$ "; text != ""; {
		if after, is := strings.CutPrefix(text, "\x1b[H\x1b[J"); is {
			s.lines, s.shades, s.scrolled, text = nil, nil, 0, after
			newLine()
			continue
		}
		if sgr, ok := strings.CutPrefix(text, "\x1b["); ok {
			sgr, text, _ = strings.Cut(sgr, "m")
			for code := range strings.SplitSeq(sgr, ";") {
				switch code {
				case "0":
					now = s.theme()
				case "37":
					now.text = 170
				case "97":
					now.text = 255
				case "40":
					now.ground = 0
				case "31", "32", "33":
				default:
					panic("a terminal may not know " + sgr)
				}
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch r {
		case '\r':
		case '\n':
			newLine()
		default:
			cells := []rune{r}
			if r >= 0x2e80 && r < 0xfb00 { // East Asian characters are wide
				cells = append(cells, ' ')
			}
			if len(s.lines[len(s.lines)-1])+len(cells) > s.columns {
				newLine()
			}
			last := len(s.lines) - 1
			for _, cell := range cells {
				s.lines[last], s.shades[last] = append(s.lines[last], cell), append(s.shades[last], now)
			}
		}
	}
}

// picture is what the screen shows, with cells of so many pixels.
func (s *screen) picture(cell int) image.Image {
	picture := image.NewGray(image.Rect(0, 0, s.columns*cell, s.rows*2*cell))
	for i := range picture.Pix {
		picture.Pix[i] = s.theme().ground
	}
	for row, line := range s.lines {
		for column, r := range line {
			shade := s.shades[row][column]
			letter := r > ' ' && !strings.ContainsRune("█▀▄", r)
			for half, lit := range [2]bool{r == '█' || r == '▀', r == '█' || r == '▄'} {
				for i := range cell * cell {
					x, y := i%cell, i/cell
					pixel := shade.ground
					if lit || letter && (half == 1 && y == 0 || half == 0 && x == cell/2 && y >= cell/2) { // a letter: a cross
						pixel = shade.text
					}
					picture.SetGray(column*cell+x, (row*2+half)*cell+y, color.Gray{Y: pixel})
				}
			}
		}
	}
	return picture
}

// scan reads the QR code that is on the screen. gozxing counts the modules of some codes
// wrong at some distances ("dimension = 39"): 15 of 1200 at 6 pixels, 5 at 3, none at 2.
func (s *screen) scan(t *testing.T) string {
	t.Helper()
	var failed error
	for _, cell := range []int{6, 3, 2} {
		text, err := qrtest.Decode(s.picture(cell))
		if err == nil {
			return text
		}
		failed = errors.Join(failed, err)
	}
	t.Fatalf("the code on the screen cannot be read: %v\n%s", failed, s)
	return ""
}

func (s *screen) String() string {
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(string(line) + "\n")
	}
	return b.String()
}

// On the console of a server the whole code is on the screen together with the prompt,
// and beside it what else the administrator needs: there is no scrolling back.
func TestCodeOnConsole(t *testing.T) {
	shown, dir := onTerminal(t, 80, 24)
	if !strings.Contains(shown, "\x1b[") {
		t.Error("the code is drawn without colors, and is inverted on a light terminal")
	}
	s := &screen{columns: 80, rows: 24}
	s.play(shown)
	if last := string(s.lines[len(s.lines)-1]); last != "$ " {
		t.Errorf("the prompt is in the line %q", last)
	}
	file := s.isCodeOf(t, filepath.Join(dir, "S"))
	light := &screen{columns: 80, rows: 24, light: true}
	light.play(shown)
	light.isCodeOf(t, filepath.Join(dir, "S"))
	for _, want := range []string{filepath.Join("S/requests", filepath.Base(file)), "offlicense install --state S"} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("%q is not on the screen:\n%s", want, s)
		}
	}
	if before, _, found := strings.Cut(shown, "█"); !found || !strings.Contains(before, "next: ") {
		t.Errorf("the summary does not stand before the code: %s", shown)
	}
}

// isCodeOf wants the code of the one request in a state directory, for people and for
// machines, and returns the file of that request.
func (s *screen) isCodeOf(t *testing.T, state string) string {
	t.Helper()
	code, err := verify.OpenRequest([]byte(s.scan(t)))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(state, "requests/*.olq"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	file, err := verify.OpenRequest(text)
	if err != nil || file.Hash != code.Hash {
		t.Fatalf("file and code are two requests: %v", err)
	}
	if want := format.ComparisonCode(file.Hash); !strings.Contains(s.String(), want) {
		t.Errorf("the comparison code %s is not on the screen:\n%s", want, s)
	}
	return files[0]
}

// No path beside the code is so long or so wide that it breaks the code's lines.
func TestLongPathBesideCode(t *testing.T) {
	for _, state := range []string{strings.Repeat("very-long-", 20), strings.Repeat("許諾", 30), "two words " + strings.Repeat("é", 90)} {
		shown, dir := onTerminal(t, 80, 24, "--state", state)
		s := &screen{columns: 80, rows: 24}
		s.play(shown)
		s.isCodeOf(t, filepath.Join(dir, state))
	}
}

func TestCodeThatDoesNotFit(t *testing.T) {
	for _, size := range [][2]int{{80, 20}, {40, 24}} {
		shown, _ := onTerminal(t, size[0], size[1])
		if strings.Contains(shown, "█") {
			t.Errorf("%v: a code is drawn: %s", size, shown)
		}
		if !strings.Contains(shown, fmt.Sprintf("has %dx%d: enlarge", size[0], size[1])) || !strings.Contains(shown, "--qr-png FILE") {
			t.Errorf("%v: it is not said what to do: %s", size, shown)
		}
	}
	// Drawn for nobody who could press a key: one part below the other, none too wide.
	shown, _ := onTerminal(t, 40, 20, "--qr", "always")
	if !strings.Contains(shown, "█") {
		t.Errorf("always: no code: %s", shown)
	}
	for line := range strings.Lines(shown) {
		if strings.Contains(line, "█") && strings.Count(line, "")-1-len("\x1b[0;37;97;40m")-len("\x1b[0m\r\n") > 40 {
			t.Errorf("too wide: %q", line)
		}
	}
	for _, args := range [][]string{{"--qr", "never"}, {"--out", "-"}} {
		if shown, _ := onTerminal(t, 80, 24, args...); strings.Contains(shown, "█") {
			t.Errorf("%v: a code is drawn: %s", args, shown)
		}
	}
}

// A release is larger than a request: an 80x24 console does not show it and is told so, a
// larger one shows all of it.
func TestReleaseOnTerminal(t *testing.T) {
	dir := t.TempDir()
	state := site.At(filepath.Join(dir, "S"))
	r, err := state.Request(site.RequestOptions{
		Product: "evoq", Invoice: "INV0042-1", Email: "ops@site.example", Type: "production",
		KeyOnly: true, Now: sitetest.Issued, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	license, err := sitetest.Sign(r.Text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state.LicensePath(), license, 0o644); err != nil {
		t.Fatal(err)
	}
	release := []string{"release", "--state", "S", "--yes"}
	shown := inDirectory(t, dir, 80, 24, release...)
	if strings.Contains(shown, "█") || !strings.Contains(shown, "has 80x24") || !strings.Contains(shown, "--qr-png FILE") {
		t.Errorf("on 80x24: %s", shown)
	}
	s := &screen{columns: 100, rows: 36}
	s.play(inDirectory(t, dir, s.columns, s.rows, release...))
	code, err := verify.OpenRelease([]byte(s.scan(t)), func(format.ID) (keys.PublicKey, error) {
		return keys.NewPublicKey(r.Key)
	})
	if err != nil || code.Activation != "K7QX2MPA3ZL4N" {
		t.Fatalf("got %+v, %v", code, err)
	}
	if !strings.Contains(s.String(), "write it to a file, or let") {
		t.Errorf("got:\n%s", s)
	}
}
