//go:build unix

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestServiceEnds: whoever has sent a request before SIGTERM gets its answer, and whoever comes
// later waits at the socket, which systemd has, for the next service. No connection is cut.
func TestServiceEnds(t *testing.T) {
	t.Parallel()
	dir := soldToMany(t)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	file, err := socket.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	start := func() *served {
		// LISTEN_PID is the process's own, which a shell knows before it becomes the service.
		cmd := process(dir, serveArgs...)
		cmd.Args = append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$@"`, "sh", cmd.Path}, cmd.Args[1:]...)
		cmd.Path, cmd.Err = "/bin/sh", nil
		cmd.Env = append(cmd.Env, "LISTEN_FDS=1", "LISTEN_FDNAMES=public")
		cmd.ExtraFiles = []*os.File{file}
		return startServed(t, dir, cmd)
	}
	first := start()
	client := first.newClient(false)
	const services, each = 4, 50
	var all load
	var answered atomic.Int64
	enough := make(chan struct{}, services)
	go func() {
		defer close(enough)
		all.run(t, 16, func(_ int, a answer) bool {
			if !a.told() {
				t.Errorf("got %v", a)
			}
			n := answered.Add(1)
			if n%each == 0 && n < services*each {
				enough <- struct{}{}
			}
			return n >= services*each
		}, func(text []byte) answer { return first.postBy(client, "/v1/activations", text) })
	}()
	s := first
	for range enough {
		s.end(t)
		s = start()
	}
	all.again(t, s.activate)
	wantClean(t, dir)
	s.end(t)
}

// TestServiceEndsAtOnce: a second SIGTERM waits for nobody.
func TestServiceEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := newServed(t, newHome(t))
	slow, err := net.Dial("tcp", s.public)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	// It is in the handler once it was asked for the body.
	fmt.Fprintf(slow, "POST /v1/activations HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", s.host)
	if _, err := slow.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	for deadline := time.Now().Add(time.Minute); !errors.Is(s.post("/v1/activations", nil).err, syscall.ECONNREFUSED); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not end")
		}
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	if status := s.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by itself: %v", status)
	}
}
