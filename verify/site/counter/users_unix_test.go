//go:build unix

package counter

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestUsers: users of one group share a directory of that group, whatever their own group, and nobody
// else gets in. Only root can be other users; who is not tries a directory that is closed.
func TestUsers(t *testing.T) {
	temp := t.TempDir()
	dir := filepath.Join(temp, "users")
	if err := errors.Join(os.Chmod(filepath.Dir(temp), 0o755), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		t.Log("not root: other users were not tried")
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		if _, err := newCounter(t, dir).Acquire(limit, noon); !errors.Is(err, ErrNotWritable) {
			t.Errorf("got %v", err)
		}
		return
	}
	const group = 4040
	binary := filepath.Join(temp, "counter")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err := errors.Join(err, os.WriteFile(binary, text, 0o755), os.Chown(dir, 0, group), os.Chmod(dir, 0o770|os.ModeSetgid)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user, group uint32
		groups      []uint32
		want        string
	}{
		{4001, group, nil, "<nil>"},
		{4002, 4002, []uint32{group}, "<nil>"},
		{4003, 4003, nil, "not writable"},
		{4001, group, nil, "<nil>"},
		{4002, 4002, []uint32{group}, "full"},
	} {
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), "COUNTER_DIR="+dir, "COUNTER_JOB=one")
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.user, Gid: c.group, Groups: c.groups}}
		out, err := cmd.CombinedOutput()
		if string(out) != c.want+"\n" {
			t.Errorf("user %d: got %q, %v, want %s", c.user, out, err, c.want)
		}
	}
}
