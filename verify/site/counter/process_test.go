package counter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain turns the test binary into the processes that the tests here start and kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("COUNTER_DIR"); dir != "" {
		child(dir, os.Getenv("COUNTER_JOB"))
	}
	os.Exit(m.Run())
}

const limit = 3

func child(dir, job string) {
	c := newCounter(new(testing.B), dir)
	switch job {
	case "hold": // until it is killed
		for range 2 {
			acquire(new(testing.B), c, limit, noon)
		}
		fmt.Println("holding")
		time.Sleep(time.Hour)
	case "one": // says how that went
		_, err := c.Acquire(limit, noon)
		switch {
		case errors.Is(err, ErrNotWritable):
			fmt.Println("not writable")
		case errors.As(err, new(*FullError)):
			fmt.Println("full")
		default:
			fmt.Println(err)
		}
		os.Exit(0)
	case "race":
		io.Copy(io.Discard, os.Stdin) // until all have started
		fmt.Println(race(c, filepath.Join(dir, "in")))
		os.Exit(0)
	}
}

// race takes and gives back, with a file in the directory in as long as a place is held. It
// returns how often it got one, or that there were too many.
func race(c *Counter, in string) string {
	n := 0
	for i := range 150 {
		l, err := c.Acquire(limit, noon)
		if errors.As(err, new(*FullError)) || errors.Is(err, ErrBusy) {
			continue
		}
		if err != nil {
			return err.Error()
		}
		n++
		mark := filepath.Join(in, c.id+strconv.Itoa(i))
		if err := os.WriteFile(mark, nil, 0o644); err != nil {
			return err.Error()
		}
		time.Sleep(time.Millisecond) // so that others come meanwhile
		held, err := os.ReadDir(in)
		if err != nil || len(held) > limit {
			return fmt.Sprintf("%d are in, %v", len(held), err)
		}
		if err := errors.Join(os.Remove(mark), l.Release(noon)); err != nil && !errors.Is(err, ErrBusy) {
			return err.Error()
		}
	}
	return strconv.Itoa(n)
}

// start starts a process and returns it with what it reads and prints.
func start(t *testing.T, dir, job string) (*exec.Cmd, io.Closer, *bufio.Reader) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), "COUNTER_DIR="+dir, "COUNTER_JOB="+job)
	cmd.Stderr = os.Stderr
	in, failed := cmd.StdinPipe()
	out, err := cmd.StdoutPipe()
	if err := errors.Join(failed, err); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, in, bufio.NewReader(out)
}

// TestKilled: what a process held that was killed is free after three minutes.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	cmd, _, out := start(t, dir, "hold")
	if line, err := out.ReadString('\n'); err != nil || line != "holding\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	c := newCounter(t, dir)
	acquire(t, c, limit, noon)
	wantFull(t, c, limit, limit, noon)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	wantFull(t, c, limit, limit, noon.Add(dead-time.Second))
	acquire(t, c, limit, noon.Add(dead))
	acquire(t, c, limit, noon.Add(dead))
	wantFull(t, c, limit, limit, noon.Add(dead))
}

// TestRace: of many processes that start at once, without a file, there is never one too many.
func TestRace(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	var ins []io.Closer
	var outs []*bufio.Reader
	for range 8 {
		_, in, out := start(t, dir, "race")
		ins, outs = append(ins, in), append(outs, out)
	}
	for _, in := range ins {
		in.Close()
	}
	total := 0
	for _, out := range outs {
		line, err := out.ReadString('\n')
		n, bad := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		if err != nil || bad != nil {
			t.Errorf("got %q, %v", line, err)
		}
		total += n
	}
	t.Log(total, "times")
	if total < 8 {
		t.Errorf("they got in %d times", total)
	}
	c := newCounter(t, dir)
	acquire(t, c, 1, noon.Add(dead)) // all was given back, or is dead by then
}
