package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/keys"
)

// The commands of README.md work as they stand there, in the order in which its people
// take turns; and after them those of KEYS.md, from top to bottom.
func TestReadme(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("SKIPPED: no shell to run the README's commands")
	}
	order := []string{"licensor init", "licensor roots", "licensor entitle", "offlicense request",
		"licensor sign", "licensor list", "licensor show", "licensor history", "offlicense install", "offlicense verify", "offlicense machine", "offlicense attest", "offlicense fleet",
		"licensor checkpoint", "licensor audit"}
	commands := readmeCommands(t, "../../README.md")
	for _, command := range commands {
		if !slices.ContainsFunc(order, func(prefix string) bool { return strings.HasPrefix(command, prefix) }) {
			t.Errorf("a command that this test does not know: %s", command)
		}
	}
	dir := t.TempDir()
	for _, directory := range []string{"USB", "USB2", "USB3", "OFFLINE"} {
		if err := os.Mkdir(filepath.Join(dir, directory), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	done := make(map[string]bool)
	for _, prefix := range order {
		before := len(done)
		for _, command := range commands {
			if strings.HasPrefix(command, prefix) {
				runAnswered(t, shell, dir, command)
				done[command] = true
			}
		}
		if len(done) == before {
			t.Errorf("the README has no command %q", prefix)
		}
	}

	// What a person brings to the offline laptop, and has on paper.
	text, err := os.ReadFile(filepath.Join(dir, "roots.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "OFFLINE", "root.pub"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	roots, err := keys.ParsePublicFile(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ROOT", roots[0].Fingerprint())
	commands = readmeCommands(t, "KEYS.md")
	if len(commands) < 20 {
		t.Errorf("KEYS.md has %d commands", len(commands))
	}
	for _, command := range commands {
		if !done[command] { // as the README has it
			runAnswered(t, shell, dir, command)
		}
	}
}

// runAnswered runs a command with what a person would answer on the terminal.
func runAnswered(t *testing.T, shell, dir, command string) {
	t.Helper()
	for prefix, answer := range map[string]string{
		"licensor init": " --insecure-no-passphrase", "licensor key new": " --insecure-no-passphrase",
		"licensor delegate": " --vendor acme.example --yes",
		"licensor sign":     " --yes", "licensor key add": " --yes", "licensor roots": " --yes", "licensor revoke": " --yes", "licensor revocations": " --yes",
	} {
		if strings.HasPrefix(command, prefix+" ") {
			at := len(command)
			if i := strings.Index(command, " >"); i >= 0 {
				at = i
			}
			command = command[:at] + answer + command[at:]
		}
	}
	run := exec.Command(shell, "-c", command)
	run.Dir = dir
	run.Env = append(os.Environ(), clockVariable+"="+now.Format("2006-01-02T15:04:05Z07:00"))
	if nameless() { // what the README says of containers
		run.Env = append(run.Env, "OFFLICENSE_COMPONENTS=cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11")
	}
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", command, err, output)
	}
}

// readmeCommands returns the indented lines of a file that call a tool, continued lines
// joined.
func readmeCommands(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", "")) {
		command, indented := strings.CutPrefix(line, "    ")
		if command = strings.TrimSpace(command); indented && (strings.HasPrefix(command, "licensor ") || strings.HasPrefix(command, "offlicense ")) {
			commands = append(commands, strings.Join(strings.Fields(command), " "))
		}
	}
	return commands
}
