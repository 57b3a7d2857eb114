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
	commands := readmeCommands(string(text))
	for _, command := range commands {
		if !slices.ContainsFunc(order, func(prefix string) bool { return strings.HasPrefix(command, prefix) }) {
			t.Errorf("a command that this test does not know: %s", command)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "USB"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range order {
		ran := 0
		for _, command := range commands {
			if !strings.HasPrefix(command, prefix) {
				continue
			}
			ran++
			switch prefix { // what a person answers on the terminal
			case "licensor init":
				command += " --insecure-no-passphrase"
			case "licensor sign":
				command += " --yes"
			}
			run := exec.Command(shell, "-c", command)
			run.Dir = dir
			run.Env = append(os.Environ(), clockVariable+"="+now.Format("2006-01-02T15:04:05Z07:00"))
			if output, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%s\n%v\n%s", command, err, output)
			}
		}
		if ran == 0 {
			t.Errorf("the README has no command %q", prefix)
		}
	}
}

// readmeCommands returns the indented lines that call a tool, continued lines joined.
func readmeCommands(text string) []string {
	var commands []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		command, indented := strings.CutPrefix(line, "    ")
		if indented && (strings.HasPrefix(command, "licensor ") || strings.HasPrefix(command, "offlicense ")) {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}
