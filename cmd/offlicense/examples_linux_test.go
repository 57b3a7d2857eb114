package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tool returns the path of a program of the system, and skips the test where there is none.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// TestRules: the alerts do what their tests say.
func TestRules(t *testing.T) {
	promtool := tool(t, "promtool")
	for _, args := range [][]string{{"check", "rules", "offlicense.rules.yml"}, {"test", "rules", "offlicense.rules.test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "examples"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
}

// TestUnits: systemd has nothing to say against the units, once the tool is where they look.
func TestUnits(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	dir, binary := t.TempDir(), build(t, ".", "-s -w")
	units, err := filepath.Glob("examples/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("no units: %v", err)
	}
	timers, _ := filepath.Glob("examples/*.timer")
	args := []string{"verify"}
	for _, unit := range append(units, timers...) {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Base(unit))
		for _, program := range [...]string{"/usr/local/bin/offlicense", "/usr/local/bin/evoq"} {
			text = bytes.ReplaceAll(text, []byte(program), []byte(binary))
		}
		write(t, path, text)
		args = append(args, path)
	}
	if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
