package atomicfile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain turns the test binary into the child that the crash tests kill.
func TestMain(m *testing.M) {
	if mode := os.Getenv("ATOMICFILE_CHILD"); mode != "" {
		child(mode, os.Getenv("ATOMICFILE_PATH"))
	}
	os.Exit(m.Run())
}

// content is large enough to be written in more than one page, and of a
// length of its own.
func content(i int) []byte {
	letter := byte('a' + i%26)
	return append(bytes.Repeat([]byte{letter}, 300_000+i%26), '\n')
}

func whole(data []byte) bool {
	return len(data) > 0 && data[0] >= 'a' && data[0] <= 'z' && bytes.Equal(data, content(int(data[0]-'a')))
}

func child(mode, path string) {
	for i := 0; ; i++ {
		var err error
		switch mode {
		case "write":
			err = Write(path, content(i), 0o644)
		case "create":
			err = Create(fmt.Sprint(path, os.Getpid(), "-", i), content(i), 0o644)
		case "limited":
			limitedChild(path)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// runAndKill lets a child work for a moment, kills it and runs check.
func runAndKill(t *testing.T, mode, path string, check func()) {
	t.Helper()
	for range 60 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "ATOMICFILE_CHILD="+mode, "ATOMICFILE_PATH="+path)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(5+rand.IntN(25)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		if stderr.Len() > 0 {
			t.Fatalf("child failed: %s", &stderr)
		}
		check()
	}
}

func TestKilledWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, content(0), 0o644); err != nil {
		t.Fatal(err)
	}
	seen := map[byte]bool{}
	runAndKill(t, "write", path, func() {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !whole(data) {
			t.Fatalf("torn file: %d bytes, starts with %.10q", len(data), data)
		}
		seen[data[0]] = true
	})
	if len(seen) < 2 {
		t.Fatalf("the children wrote too little for this test to mean anything: saw %d contents", len(seen))
	}
}

func TestKilledCreate(t *testing.T) {
	directory := t.TempDir()
	runAndKill(t, "create", filepath.Join(directory, "f"), func() {})
	files := 0
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".offlicense-") {
			continue
		}
		files++
		data, err := os.ReadFile(filepath.Join(directory, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !whole(data) {
			t.Fatalf("torn file %s: %d bytes", e.Name(), len(data))
		}
	}
	if files < 10 {
		t.Fatalf("only %d files were made: too few for this test to mean anything", files)
	}
}
