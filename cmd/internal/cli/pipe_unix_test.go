//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// As a shell gives with <(command) and >(command).
func TestNamedPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o660); err != nil {
		t.Skip("no named pipes here:", err)
	}
	env := &cli.Env{}
	for name, c := range map[string]struct {
		read func() ([]byte, error)
		want string
	}{
		"ReadFile":       {func() ([]byte, error) { return env.ReadFile(path, 100) }, "secret\n"},
		"PassphraseFile": {func() ([]byte, error) { return env.PassphraseFile(path) }, "secret"},
	} {
		done := make(chan error, 2)
		go func() { done <- env.WriteFile(path, []byte("secret\n"), 0o600) }()
		go func() {
			got, err := c.read()
			if err == nil && string(got) != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
			done <- err
		}()
		for range 2 {
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: reader and writer do not meet", name)
			}
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", info, err)
	}
}
