package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
)

// shell skips a test where a shell, or another program, is not installed.
func shell(t *testing.T, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed")
	}
	return path
}

// TestCompletionOnTerminal presses TAB in real shells.
func TestCompletionOnTerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, typed, want string }{
		{"command", "licensor deac\t", "licensor deactivate"},
		{"tool of the customer", "offlicense ver\t", "offlicense verify"},
		{"option", "licensor sign --overr\t", "licensor sign --override"},
		{"file of an option", "licensor sign --out lice\t", "licensor sign --out license.lic"},
		{"file", "licensor sign lice\t", "licensor sign license.lic"},
		{"subcommand", "licensor key impo\t", "licensor key import"},
		{"value", "offlicense request --type prod\t", "offlicense request --type production"},
		{"order of dates", "licensor import --dates d\t", "licensor import --dates dmy"},
		{"rows of a report", "licensor report --by mo\t", "licensor report --by month"},
		{"value after =", "licensor key new --qr=alw\t", "licensor key new --qr=always"},
		{"help", "licensor help deac\t", "licensor help deactivate"},
	} {
		for _, s := range []struct {
			name, begin string
			args        []string
		}{
			{"bash", "source <(licensor completion bash); source <(offlicense completion bash)", []string{"--norc", "--noprofile", "-i"}},
			{"zsh", "autoload -U compinit; compinit -D -u; source <(licensor completion zsh); source <(offlicense completion zsh)", []string{"-f", "-i"}},
		} {
			t.Run(s.name+" "+c.name, func(t *testing.T) {
				t.Parallel()
				tab(t, shell(t, s.name), s.args, s.begin, c.typed, c.want)
			})
		}
	}
}

// tab types into a shell that has run begin, and waits until want is on the screen.
func tab(t *testing.T, path string, args []string, begin, typed, want string) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "license.lic"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	user, tty := clitest.OpenPTY(t, 200, 24)
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PS1=") }),
		"TERM=dumb", "HOME="+dir, "GORACE=atexit_sleep_ms=0")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	tty.Close()

	// What is echoed is not what was run: the sum is.
	io.WriteString(user, begin+"; echo ready-$((20+22))\n")
	screen := ""
	waitFor := func(text string) {
		t.Helper()
		user.SetReadDeadline(time.Now().Add(60 * time.Second))
		for buffer := make([]byte, 4096); !strings.Contains(screen, text); {
			n, err := user.Read(buffer)
			if screen += string(buffer[:n]); err != nil {
				t.Fatalf("%v, without %q on the screen:\n%q", err, text, screen)
			}
		}
	}
	waitFor("ready-42")
	screen = ""
	io.WriteString(user, typed)
	waitFor(want)
}

func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	fish := shell(t, "fish")
	for typed, want := range map[string]string{
		"licensor deac":                   "deactivate",
		"licensor sign --overr":           "--override",
		"licensor key impo":               "import",
		"offlicense request --type prod":  "production",
		"licensor help deac":              "deactivate",
		"licensor sign --out lice":        "license.lic",
		"licensor sign --home V lice":     "license.lic",
		"offlicense verify --product ver": "",
	} {
		cmd := exec.Command(fish, "--no-config", "-c", "licensor completion fish | source; offlicense completion fish | source; complete -C $argv[1]", typed)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "GORACE=atexit_sleep_ms=0")
		if err := os.WriteFile(filepath.Join(cmd.Dir, "license.lic"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := cmd.Output()
		offered, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\t")
		if err != nil || offered != want {
			t.Errorf("%s: got %q, want %q: %v", typed, out, want, err)
		}
	}
}

// TestManualPages has all pages linted.
func TestManualPages(t *testing.T) {
	t.Parallel()
	mandoc := shell(t, "mandoc")
	dir := t.TempDir()
	for _, name := range []string{"licensor", "offlicense"} {
		cmd := exec.Command(name, "man", "--out", filepath.Join(dir, name))
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000", "GORACE=atexit_sleep_ms=0")
		if r := run(t, cmd); r.exit != 0 {
			t.Fatal(r)
		}
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*", "*.1"))
	if err != nil || len(pages) < len(program().Commands)+8 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	if out, err := exec.Command(mandoc, append([]string{"-T", "lint"}, pages...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := exec.Command(mandoc, "-T", "ascii", filepath.Join(dir, "licensor", "licensor-sign.1")).Output()
	for _, want := range []string{"licensor-sign - sign the license", "2023-11-14", "licensor sign --home V request.olq --out license.lic", "the vendor's home"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: the page of sign has no %q:\n%s", err, want, out)
		}
	}
}
