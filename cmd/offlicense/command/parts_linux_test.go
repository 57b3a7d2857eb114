package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/format/qr/qrtest"
	"github.com/offlicense/offlicense/verify"
)

// console is a terminal with a person before it, who reads what the screen shows and types.
type console struct {
	t    *testing.T
	user *os.File
	cmd  *exec.Cmd
	screen
	shown string
	rest  string // was shown, too, and is looked at next
}

// at starts the tool on a terminal of its own.
func at(t *testing.T, dir string, columns, rows int, args ...string) *console {
	t.Helper()
	return atWith(t, dir, columns, rows, nil, args...)
}

// atWith starts it with more in its environment.
func atWith(t *testing.T, dir string, columns, rows int, env []string, args ...string) *console {
	t.Helper()
	user, tty := clitest.OpenPTY(t, columns, rows)
	cmd := exec.Command("offlicense", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TEST_NOW=2026-11-23T12:00:00Z", "TERM=linux", "LC_ALL=C.UTF-8", "NO_COLOR=",
		"GORACE=atexit_sleep_ms=0") // else each run takes a second under the race detector
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	t.Cleanup(func() { cmd.Process.Kill() })
	return &console{t: t, user: user, cmd: cmd, screen: screen{columns: columns, rows: rows}}
}

// until waits until the screen ends with a text, such as a prompt; "" is until the tool ends.
func (c *console) until(end string) {
	c.t.Helper()
	switch {
	case end != "" && !c.await(end):
		c.t.Fatalf("waiting for %q: the tool has ended\n%s", end, c.shown)
	case end == "":
		c.await()
		if err := c.cmd.Wait(); err != nil {
			c.t.Fatalf("%v\n%s", err, c.shown)
		}
	}
}

// patience is how long a tool may show nothing, on a machine that does much else.
const patience = 2 * time.Minute

// await waits until the screen ends with one of some texts, or the tool does, which is false.
func (c *console) await(ends ...string) (waits bool) {
	c.t.Helper()
	c.user.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 4096)
	defer func() { c.play(c.shown) }()
	for !slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(c.shown, end) }) {
		n, err := c.user.Read(buffer)
		c.shown += string(buffer[:n])
		if errors.Is(err, syscall.EIO) { // the end of a terminal
			return false
		}
		if err != nil {
			c.t.Fatalf("waiting for %q: %v\n%s", ends, err, c.shown)
		}
	}
	return true
}

// next waits until a text was shown, and plays what came up to its end: what a tool that waits
// for nobody has shown since is left for the next call, however late this one comes.
func (c *console) next(end string) {
	c.t.Helper()
	c.user.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 4096)
	for !strings.Contains(c.rest, end) {
		n, err := c.user.Read(buffer)
		if c.rest += string(buffer[:n]); err != nil {
			c.t.Fatalf("waiting for %q: %v\n%s", end, err, c.rest)
		}
	}
	before, rest, _ := strings.Cut(c.rest, end)
	c.shown, c.rest = before+end, rest
	c.play(c.shown)
}

func (c *console) press(keys string) {
	c.t.Helper()
	if _, err := c.user.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
	c.shown += "\n" // until the echo is there, which is passed over in the next line
}

// zbar reads the screen with zbar, where that is installed.
func (c *console) zbar() (text string, installed bool) {
	c.t.Helper()
	return qrtest.Zbar(c.t, qrtest.PNG(c.t, c.picture(6)))
}

// changedMachine makes a state directory whose machine is then another one, and returns how
// it asks.
func changedMachine(t *testing.T) (dir string, args []string) {
	t.Helper()
	dir = t.TempDir()
	args = []string{"request", "--state", "S", "--product", "evoq", "--invoice", "INV0042-1", "--email", "ops@site.example", "--type", "production", "--host", ""}
	first := append(args[:len(args):len(args)], "--component", "cluster=one11", "--component", "rack=one11")
	inDirectory(t, dir, 80, 24, first...)
	return dir, append(args, "--component", "cluster=two22", "--component", "rack=two22", "--out", "two.olq")
}

// TestChangeOfMachineInParts: the signed request is shown in parts, each of them whole on the
// screen with its prompt, and what was read off them is the file, byte for byte.
func TestChangeOfMachineInParts(t *testing.T) {
	for _, size := range []struct{ columns, rows, parts int }{{80, 24, 3}, {80, 25, 3}, {132, 43, 1}, {40, 20, 4}, {45, 30, 3}} {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			dir, args := changedMachine(t)
			c := at(t, dir, size.columns, size.rows, args...)
			var read []string
			announced, prompted := "skip it: ", "number): "
			if size.columns < 80 {
				announced, prompted = "or n: ", "then Enter: "
			}
			if size.parts > 1 {
				c.until(announced)
				c.press("\n")
			}
			for part := 1; part <= size.parts; part++ {
				if size.parts == 1 {
					c.until("")
				} else {
					c.until(prompted)
				}
				which := fmt.Sprintf("Part %d of %d", part, size.parts)
				prompt := string(c.lines[len(c.lines)-1])
				if size.parts > 1 && !strings.HasPrefix(prompt, which) || len(c.lines) > size.rows {
					t.Fatalf("want the prompt %q in the last line:\n%s", which, &c.screen)
				}
				if size.columns >= 80 && size.parts > 1 && !strings.Contains(c.String(), strings.ToLower(which)) {
					t.Errorf("it is not said which part it is:\n%s", &c.screen)
				}
				text := c.scan(t)
				if other, installed := c.zbar(); installed && other != text {
					t.Errorf("part %d: zbar reads %q, and the other reader %q", part, other, text)
				}
				read = append([]string{text}, read...) // the last one first
				if size.parts > 1 {
					c.press("\n")
				}
			}
			if size.parts > 1 {
				c.until("")
			}
			file, err := os.ReadFile(filepath.Join(dir, "two.olq"))
			if err != nil {
				t.Fatal(err)
			}
			want, err := verify.OpenRequest(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := verify.OpenRequest([]byte(strings.Join(read, "\n")))
			if err != nil || !got.Signed || !bytes.Equal(got.Raw, want.Raw) {
				t.Fatalf("got %+v, %v", got, err)
			}
			if size.parts > 1 {
				if _, err := verify.OpenRequest([]byte(read[0])); err == nil || !strings.Contains(err.Error(), "missing") {
					t.Errorf("the last part alone: %v", err)
				}
			}
		})
	}
}

// TestPartAgain: a part that the phone did not catch is shown again.
func TestPartAgain(t *testing.T) {
	dir, args := changedMachine(t)
	c := at(t, dir, 80, 24, args...)
	c.until("skip it: ")
	c.press("\n")
	for _, step := range []struct {
		shown int
		typed string
	}{{1, "\n"}, {2, "1\n"}, {1, "3\n"}, {3, "9\n"}, {3, "nonsense\n"}, {3, "2\n"}, {2, "\n"}, {3, "\n"}} {
		c.until("number): ")
		if text, want := c.scan(t), fmt.Sprintf("OLS1/%d-3:", step.shown); !strings.HasPrefix(text, want) {
			t.Fatalf("got %q, want %q", text, want)
		}
		c.press(step.typed)
	}
	c.until("")
}

// TestPartsAreNotWanted: n, Ctrl-D and --qr never end without a code, and what was asked for
// is written all the same; so does a terminal at which nobody sits.
func TestPartsAreNotWanted(t *testing.T) {
	for name, keys := range map[string]string{"n": "n\n", "q": "q\n", "Ctrl-D": "\x04"} {
		dir, args := changedMachine(t)
		c := at(t, dir, 80, 24, args...)
		c.until("skip it: ")
		c.press(keys)
		c.until("")
		if _, err := os.Stat(filepath.Join(dir, "two.olq")); err != nil || strings.Contains(c.shown, "█") {
			t.Errorf("%s: %v, %s", name, err, c.shown)
		}
	}
	dir, args := changedMachine(t)
	c := at(t, dir, 80, 24, append(args, "--qr", "never")...)
	if c.until(""); strings.Contains(c.shown, "█") {
		t.Errorf("got %s", c.shown)
	}
	dir, args = changedMachine(t)
	if shown := inDirectory(t, dir, 80, 24, args...); strings.Contains(shown, "█") || !strings.Contains(shown, "--qr-png FILE") {
		t.Errorf("got %s", shown)
	}
	// A screen that is too small for any code.
	dir, args = changedMachine(t)
	c = at(t, dir, 60, 10, args...)
	if c.until(""); strings.Contains(c.shown, "█") || !strings.Contains(c.shown, "has 60x10") {
		t.Errorf("got %s", c.shown)
	}
}
