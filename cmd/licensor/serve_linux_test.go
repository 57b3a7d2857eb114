package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServiceUnits: systemd has nothing to say against the units of the service.
func TestServiceUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIPPED: systemd-analyze is not installed")
	}
	dir := t.TempDir()
	args := []string{"verify"}
	for _, name := range []string{"licensor-serve.service", "licensor-serve.socket"} {
		text, err := os.ReadFile(filepath.Join("command/serve/examples", name))
		if err != nil {
			t.Fatal(err)
		}
		// Any program will do: what it says is the service's own test.
		text = bytes.ReplaceAll(text, []byte("/usr/local/bin/licensor"), []byte("/bin/true"))
		text = bytes.ReplaceAll(text, []byte("User=licensor"), []byte("User=daemon"))
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestServedAsSystemdDoes: the service takes a socket that is handed to it, says when it is
// ready, and says that it ends.
func TestServedAsSystemdDoes(t *testing.T) {
	dir := t.TempDir()
	licensor := filepath.Join(dir, "licensor")
	if out, err := exec.Command("go", "build", "-o", licensor, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(licensor, "init", "--home", dir+"/V", "--vendor", "acme.example", "--insecure-no-passphrase").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	public, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := public.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	// LISTEN_PID is the process's own, which a shell knows before it becomes the service.
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$@"`, "sh", licensor, "serve", "--home", dir+"/V", "--staff", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(dir, "notify"), "LISTEN_FDS=1", "LISTEN_FDNAMES=public")
	cmd.ExtraFiles = []*os.File{file}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	wait := func(want string) {
		t.Helper()
		notify.SetReadDeadline(time.Now().Add(time.Minute))
		said := make([]byte, 100)
		n, err := notify.Read(said)
		if err != nil || string(said[:n]) != want {
			t.Fatalf("got %q, %v, want %s", said[:n], err, want)
		}
	}
	wait("READY=1")
	_, port, _ := net.SplitHostPort(public.Addr().String())
	answer, err := http.Get("http://localhost:" + port + "/v1/revocations/newest")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("got %s", answer.Status)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	wait("STOPPING=1")
	if err := cmd.Wait(); err != nil || strings.Contains(log.String(), "ERROR") {
		t.Errorf("%v: %s", err, log.String())
	}
}
