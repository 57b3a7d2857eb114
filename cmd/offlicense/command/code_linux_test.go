package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"golang.org/x/sys/unix"
)

// consoles are the sizes of terminals that people have.
var consoles = [][2]int{{80, 24}, {80, 25}, {80, 50}, {132, 43}, {40, 20}}

// statements makes a file of each kind in a directory.
func statements(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	script := `set -e
offlicense request --state S --product evoq --invoice INV0042-1 --email ops@site.example --type production --key-only --out a.olq
vendor sign a.olq >a.lic
vendor delegation >a.old
vendor list --number 5 --by list-key --issued 2026-11-22T11:00:00Z --revoke 2,7 --revoke-key staff --keep-delegation >a.olv
vendor roots >roots.pub
offlicense install --state S --roots roots.pub a.lic
offlicense release --state S --yes --out a.olr
`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TEST_NOW=2026-11-22T12:00:00Z")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir, []string{"a.olq", "a.lic", "a.old", "a.olv", "a.olr"}
}

// wantStatement wants that parts, in any order, are the statement in a file.
func wantStatement(t *testing.T, file string, parts []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantKind, want, err := format.DecodeText(text)
	if err != nil {
		t.Fatal(err)
	}
	if wantKind == format.SignedRequest { // its body is enough, as request draws it
		signed, err := format.ParseStatement(want, wantKind)
		if err != nil {
			t.Fatal(err)
		}
		wantKind, want = format.RequestBody, signed.UnverifiedPayload()
	}
	kind, raw, err := format.DecodeText([]byte(strings.Join(parts, "\n")))
	if err != nil || kind != wantKind || !bytes.Equal(raw, want) {
		t.Errorf("%s: read %s from %q, %v", file, kind, parts, err)
	}
}

// read reads the code that is on the screen with both readers.
func (c *console) read() string {
	c.t.Helper()
	text := c.scan(c.t)
	if other, installed := c.zbar(); installed && other != text {
		c.t.Fatalf("zbar reads %q, and the other reader %q", other, text)
	}
	return text
}

var partOf = regexp.MustCompile(`Part (\d+) of (\d+)`)

// TestAnyStatementOnAnyConsole: what was written before is shown again, whole on the screen
// in one code or in parts, with light and with dark text.
func TestAnyStatementOnAnyConsole(t *testing.T) {
	dir, files := statements(t)
	for i, size := range consoles {
		for j, file := range files {
			t.Run(fmt.Sprintf("%dx%d %s", size[0], size[1], file), func(t *testing.T) {
				t.Parallel()
				c := at(t, dir, size[0], size[1], "qr", file)
				c.light = (i+j)%2 == 0
				var parts []string
				if !c.await("skip it: ", "or n: ") {
					parts = []string{c.read()}
				} else {
					c.press("\n")
				}
				for len(parts) == 0 || c.await("number): ", "then Enter: ") && len(parts) < 20 {
					if len(parts) == 0 {
						c.await("number): ", "then Enter: ")
					}
					parts = append([]string{c.read()}, parts...) // the last one first
					if !partOf.MatchString(c.String()) {
						t.Fatalf("it is not said which part it is:\n%s", &c.screen)
					}
					c.press("\n")
				}
				wantStatement(t, filepath.Join(dir, file), parts)
			})
		}
	}
}

// TestTimedParts: each part is shown for its time, in the place of the one before, from the
// first to the last and again until a key is pressed; the terminal is then as it was.
func TestTimedParts(t *testing.T) {
	dir, _ := statements(t)
	for i, size := range consoles {
		for name, key := range map[string]string{"space": " ", "ctrl-c": "\x03", "arrow": "\x1b[A"} {
			if name != "space" && size != consoles[0] {
				continue
			}
			t.Run(fmt.Sprintf("%dx%d %s", size[0], size[1], name), func(t *testing.T) {
				t.Parallel()
				c := at(t, dir, size[0], size[1], "qr", "--qr-every", "1s", "a.lic")
				c.light = i%2 == 0
				if !c.await("skips it: ", "or n: ") {
					t.Fatalf("no parts: %s", c.shown)
				}
				before := c.modes()
				if c.press("\n"); before == 0 {
					t.Fatal("no modes of the terminal")
				}
				var parts []string
				for seen := 0; ; seen++ {
					c.next("Any key ends. ")
					if seen == 0 { // what was printed before has scrolled away
						_, c.shown, _ = strings.Cut(c.shown, "\x1b[H")
						c.shown = "\x1b[H" + c.shown
						c.play(c.shown)
					}
					if !strings.HasPrefix(strings.TrimLeft(c.shown, "\r\n"), "\x1b[H\x1b[J") || c.scrolled > 0 {
						t.Fatalf("it scrolls: %q", c.shown)
					}
					which := partOf.FindStringSubmatch(c.String())
					if which == nil || which[1] != fmt.Sprint(seen%max(1, atoi(which[2]))+1) {
						t.Fatalf("number %d is %q", seen, which)
					}
					text := c.read()
					if seen == atoi(which[2]) {
						if text != parts[0] {
							t.Errorf("got %q again, want %q", text, parts[0])
						}
						break
					}
					parts = append(parts, text)
				}
				wantStatement(t, filepath.Join(dir, "a.lic"), parts)
				c.press(key)
				c.until("")
				if after := c.modes(); after != before {
					t.Errorf("the terminal has the modes %x, and had %x", after, before)
				}
			})
		}
	}
}

func atoi(text string) (n int) {
	fmt.Sscan(text, &n)
	return n
}

// modes are those that the terminal is in.
func (c *console) modes() (modes uint32) {
	c.t.Helper()
	conn, err := c.user.SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	conn.Control(func(fd uintptr) {
		if got, err := unix.IoctlGetTermios(int(fd), unix.TCGETS); err == nil {
			modes = got.Lflag
		}
	})
	return modes
}

// resize gives the terminal another size while the tool runs.
func (c *console) resize(columns, rows int) {
	c.t.Helper()
	conn, err := c.user.SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	conn.Control(func(fd uintptr) {
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.columns, c.rows = columns, rows
}

// TestSmallerTerminal: a code is never cut, and the parts go on when there is room again.
func TestSmallerTerminal(t *testing.T) {
	dir, _ := statements(t)
	c := at(t, dir, 80, 24, "qr", "a.lic")
	c.until("skip it: ")
	c.press("\n")
	c.until("number): ")
	first := c.read()
	c.resize(80, 20)
	c.shown = ""
	c.press("1\n")
	if c.until("number): "); strings.Contains(c.shown, "█") || !strings.Contains(c.shown, "Enlarge the terminal.") {
		t.Errorf("got %s", c.shown)
	}
	c.resize(80, 24)
	c.press("1\n")
	if c.until("number): "); c.read() != first {
		t.Errorf("it is another part:\n%s", &c.screen)
	}
}

// TestUnsureTerminal: where a code may come out wrong none is drawn, and it is said what to
// do; where it does not, one is.
func TestUnsureTerminal(t *testing.T) {
	dir, _ := statements(t)
	for env, why := range map[string]string{
		"NO_COLOR=1":         "NO_COLOR is set",
		"TERM=dumb":          "TERM=dumb",
		"TERM=":              "TERM=",
		"LC_ALL=C":           "locale is not UTF-8",
		"LC_ALL=de_DE":       "locale is not UTF-8",
		"TERM=vt100":         "",
		"TERM=vt220":         "",
		"TERM=linux":         "",
		"TERM=tmux-256color": "",
		"TERM=screen":        "",
		"LC_ALL=de_DE.utf8":  "",
	} {
		for _, light := range []bool{false, true} {
			c := atWith(t, dir, 80, 50, []string{env}, "qr", "a.olq")
			c.light = light
			c.await()
			err := c.cmd.Wait()
			if why == "" {
				wantStatement(t, filepath.Join(dir, "a.olq"), []string{c.read()})
				continue
			}
			if err == nil || strings.Contains(c.shown, "█") || !strings.Contains(c.shown, why) || !strings.Contains(c.shown, "--qr-png FILE or --qr-svg FILE") {
				t.Errorf("%s: %v, %s", env, err, c.shown)
			}
			// The request itself is made, and says it beside where its file is.
			c = atWith(t, dir, 80, 24, []string{env}, "request", "--state", "S2", "--product", "evoq", "--invoice", "INV0042-1",
				"--email", "ops@site.example", "--type", "production", "--key-only", "--host", "")
			if c.until(""); strings.Contains(c.shown, "█") || !strings.Contains(strings.Join(strings.Fields(c.shown), " "), "--out FILE for the text") {
				t.Errorf("%s: %s", env, c.shown)
			}
		}
	}
	// Who asks for it all the same gets it without an escape, which is right on dark ones.
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		c := atWith(t, dir, 80, 50, []string{env}, "qr", "--qr", "always", "a.olq")
		if c.until(""); strings.Contains(c.shown, "\x1b") {
			t.Errorf("%s: escapes: %q", env, c.shown)
		}
		wantStatement(t, filepath.Join(dir, "a.olq"), []string{c.read()})
	}
}
