package command

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestReleaseAsks: without a yes nothing is given up, and what is at stake was shown
// before the question.
func TestReleaseAsks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "S")
	state := site.At(dir)
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
	run := func(answers ...string) (status int, out, messages string, asked []string) {
		terminal := &clitest.Terminal{Answers: answers}
		var stdout, stderr bytes.Buffer
		env := &cli.Env{
			Args: []string{"release", "--state", dir}, Stdout: &stdout, Stderr: &stderr, Terminal: terminal, Rand: rand.Reader,
			Getenv: func(string) string { return "" }, Now: func() time.Time { return sitetest.Issued },
		}
		status = cli.Main(Program(Build{Roots: string(sitetest.Roots())}), env)
		return status, stdout.String(), stderr.String(), terminal.Prompts
	}
	for _, no := range [][]string{{"n"}, {""}, {"maybe"}, nil} {
		status, out, messages, asked := run(no...)
		if status != 1 || len(asked) != 1 || !strings.Contains(out, "Site Ltd") || !strings.Contains(messages, "nothing was released") {
			t.Errorf("%q: status %d, asked %q\n%s%s", no, status, asked, out, messages)
		}
		if _, err := os.Stat(filepath.Join(dir, "released")); err == nil {
			t.Fatalf("%q: it was given up", no)
		}
	}
	if status, out, messages, asked := run("y"); status != 0 || len(asked) != 1 || !strings.Contains(out, "released: ") {
		t.Errorf("status %d, asked %q\n%s%s", status, asked, out, messages)
	}
	if status, out, messages, asked := run(); status != 0 || len(asked) != 0 || !strings.Contains(out, "the same release again") {
		t.Errorf("again: status %d, asked %q\n%s%s", status, asked, out, messages)
	}
}
