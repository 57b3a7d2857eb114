package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
	"golang.org/x/sys/unix"
)

// keyboards say what a computer reads where a scanner presses the keys of the first text.
var keyboards = map[string][2]string{
	"US":                 {"", ""},
	"UK":                 {"", ""},
	"German":             {"YZ:/-", "ZYÖ-ß"},
	"Swiss German":       {"YZ:/-", "ZYé-'"},
	"Swiss French":       {"YZ:/-", "ZYö-'"},
	"French":             {"AQZWM:/-1234567890", "QAWZ?M!)&é\"'(-è_çà"},
	"German, lower case": {"YZ:/-ABCDEFGHIJKLMNOPQRSTUVWX", "zyÖ-ßabcdefghijklmnopqrstuvwx"},
	"French, lower case": {"ABCDEFGHIJKLMNOPQRSTUVWXYZ:/-1234567890", "qbcdefghijkl,noparstuvzxywM!)&é\"'(-è_çà"},
}

func typedWith(keyboard, text string) string {
	from, to := []rune(keyboards[keyboard][0]), []rune(keyboards[keyboard][1])
	return strings.Map(func(c rune) rune {
		if i := slices.Index(from, c); i >= 0 {
			return to[i]
		}
		return c
	}, text)
}

// scanned are statements of all kinds as a scanner types them, and the site that takes them.
func scanned(t *testing.T) (dir string, texts map[string]string) {
	t.Helper()
	dir = t.TempDir()
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
	delegation, err := sitetest.Delegation()
	if err != nil {
		t.Fatal(err)
	}
	list, err := sitetest.List(sitetest.Root, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	long, err := sitetest.List(sitetest.Root, 4, func(c *format.RevocationClaims) {
		var names [500][16]byte
		for i := range names {
			names[i] = format.ID{1, byte(i >> 8), byte(i)}
		}
		c.Licenses = format.NewSet(names[:]...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "roots.pub"), sitetest.Roots(), 0o644); err != nil {
		t.Fatal(err)
	}
	inOne := func(text []byte) string { return strings.Join(strings.Fields(string(text)), "") }
	inParts := func(text []byte, most int, between string) string {
		kind, raw, err := format.DecodeText(text)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := format.EncodeParts(kind, raw, most)
		if err != nil || len(parts) < 2 {
			t.Fatal(parts, err)
		}
		slices.Reverse(parts)
		return parts[1] + between + strings.Join(parts, between)
	}
	of := func(vector string) string {
		file, err := os.ReadFile("../../../testdata/vectors/" + vector + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(file), "\n\n")
		return inOne([]byte(text))
	}
	return dir, map[string]string{
		"license":                     inOne(license) + "\r",
		"license, no newline":         inOne(license),
		"license, parts":              inParts(license, 400, "\r"),
		"license, parts in one":       inParts(license, 300, ""),
		"revocation list":             inOne(list),
		"long revocation list":        inOne(long) + "\r",
		"long revocation list, parts": inParts(long, 900, "\t"),
		"request":                     r.Code,
		"release":                     of("release-valid"),
		"attestation":                 of("attestation-valid"),
		"short license":               of("valid-carried"),
		"delegation":                  format.EncodeText(format.Delegation, delegation),
	}
}

// TestScannerTypes: what a scanner types into the tool is taken, whichever country the keyboard
// is set to.
func TestScannerTypes(t *testing.T) {
	dir, texts := scanned(t)
	for keyboard := range keyboards {
		for name, text := range texts {
			if strings.Contains(name, ",") && keyboard != "French" && keyboard != "Swiss German" {
				continue // the ways of typing it, on two of them
			}
			t.Run(keyboard+"/"+name, func(t *testing.T) {
				t.Parallel()
				kind, _, _ := strings.Cut(name, ",")
				c := at(t, dir, 80, 24, "show", "-")
				c.await("starts over.\r\n")
				c.press(typedWith(keyboard, text))
				if c.until(""); !strings.Contains(c.shown, "-: "+strings.TrimPrefix(kind, "long ")) {
					t.Errorf("no %s is shown:\n%s", kind, c.shown)
				}
			})
		}
	}
}

// TestScannerInstalls: the parts are counted as they come, what was hit by mistake is taken
// back, and the terminal is as before.
func TestScannerInstalls(t *testing.T) {
	dir, texts := scanned(t)
	parts := strings.Split(texts["license, parts"], "\r")
	install := func(play func(*console)) *console {
		c := at(t, dir, 80, 24, "install", "--state", "S", "--roots", "roots.pub", "-")
		before := c.settings()
		c.await("starts over.\r\n")
		if now := c.settings(); now == before {
			t.Error("the terminal collects lines")
		}
		play(c)
		c.await()
		if now := c.settings(); now != before {
			t.Errorf("the terminal was left with %+v", now)
		}
		return c
	}
	c := install(func(c *console) {
		c.press("OLL1" + "\x7f\x7f\x7f\x7f")
		c.press(typedWith("French", parts[0]))
		c.await(" are missing")
		c.press(typedWith("French", parts[1]) + "\r")
		c.await(" is missing")
		c.press(typedWith("French", "OLL1/1-2:ABCDEFGH\r"))
		c.await(" lacks pa") // cut: the line is wider than the screen
		c.press("x\x15")
		c.press(typedWith("German", strings.Join(parts, "")))
	})
	if err := c.cmd.Wait(); err != nil || !strings.Contains(c.shown, "installed: evoq") {
		t.Error(err, c.shown)
	}
	for keys, want := range map[string]string{"\x03": "interrupted", "OLL1:AAAA\x04": "malformed", "-----BEGIN OPENSSH PRIVATE KEY-----\r": "private key"} {
		c := install(func(c *console) { c.press(keys) })
		if c.cmd.Wait() == nil || !strings.Contains(c.shown, want) {
			t.Errorf("%q: %s", keys, c.shown)
		}
	}
}

// settings are those of the terminal, whatever the tool does.
func (c *console) settings() (s unix.Termios) {
	c.t.Helper()
	conn, err := c.user.SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		now, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if failed = err; err == nil {
			s = *now
		}
	})
	if err := errors.Join(err, failed); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// TestSpelledInterrupted: what was typed before Ctrl-C is kept, and asked for no more.
func TestSpelledInterrupted(t *testing.T) {
	dir, texts := scanned(t)
	kind, raw, err := format.DecodeText([]byte(texts["license"]))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := format.Spell(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"install", "--state", "S", "--roots", "roots.pub", "--spelled"}
	c := at(t, dir, 80, 24, args...)
	prompt := "line 1: "
	for i, line := range lines[:5] {
		c.await(prompt)
		c.press(strings.ToLower(line[4:]) + "\n")
		prompt = fmt.Sprintf("line %d of %d: ", i+2, len(lines))
	}
	c.await(prompt)
	c.press("half a line\x03")
	if c.await(); c.cmd.Wait() == nil {
		t.Error(c.shown)
	}
	c = at(t, dir, 80, 24, args...)
	for i, line := range lines[5:] {
		c.await(fmt.Sprintf("line %d of %d: ", i+6, len(lines)))
		c.press(line[4:] + "\n")
	}
	if c.until(""); !strings.Contains(c.shown, "installed: evoq") {
		t.Error(c.shown)
	}
	if _, err := os.Stat(filepath.Join(dir, "S", spelledFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lines are still there: %v", err)
	}
}
