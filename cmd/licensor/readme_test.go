package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The README's commands work as they stand there, in the order in which its people
// take turns.
func TestReadme(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("SKIPPED: no shell to run the README's commands")
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	order := []string{"licensor init", "licensor roots", "licensor entitle", "offlicense request",
		"licensor sign", "licensor list", "offlicense install", "offlicense verify"}
	before, rest, _ := strings.Cut(string(text), "\n## Keys\n")
	keys, after, found := strings.Cut(rest, "\n## Figures\n")
	if !found {
		t.Fatal("the README has no section Keys before Figures")
	}
	commands := readmeCommands(before + after)
	for _, command := range commands {
		if !slices.ContainsFunc(order, func(prefix string) bool { return strings.HasPrefix(command, prefix) }) {
			t.Errorf("a command that this test does not know: %s", command)
		}
	}
	dir := t.TempDir()
	for _, directory := range []string{"USB", "USB2", "OFFLINE"} {
		if err := os.Mkdir(filepath.Join(dir, directory), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range order {
		ran := 0
		for _, command := range commands {
			if !strings.HasPrefix(command, prefix) {
				continue
			}
			ran++
			runAnswered(t, shell, dir, command)
		}
		if ran == 0 {
			t.Errorf("the README has no command %q", prefix)
		}
	}

	// On the offline laptop, beside the stick.
	runAnswered(t, shell, dir, "cp roots.pub OFFLINE/root.pub")
	commands = readmeCommands(keys)
	if len(commands) < 13 {
		t.Errorf("the section Keys has %d commands", len(commands))
	}
	for _, command := range commands {
		runAnswered(t, shell, dir, command)
	}
}

// runAnswered runs a command with what a person would answer on the terminal.
func runAnswered(t *testing.T, shell, dir, command string) {
	t.Helper()
	for prefix, answer := range map[string]string{
		"licensor init": " --insecure-no-passphrase", "licensor key new": " --insecure-no-passphrase",
		"licensor delegate": " --vendor acme.example --yes",
		"licensor sign":     " --yes", "licensor key add": " --yes", "licensor revoke": " --yes", "licensor revocations": " --yes",
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
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", command, err, output)
	}
}

// readmeCommands returns the indented lines that call a tool, continued lines joined.
func readmeCommands(text string) []string {
	var commands []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		command, indented := strings.CutPrefix(line, "    ")
		if command = strings.TrimSpace(command); indented && (strings.HasPrefix(command, "licensor ") || strings.HasPrefix(command, "offlicense ")) {
			commands = append(commands, strings.Join(strings.Fields(command), " "))
		}
	}
	return commands
}
