package picture

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	misbehaving["probe"] = probe
	misbehaving["starve"] = starve
	misbehaving["parent"] = parent
}

// startPeak starts to measure the most memory of this process, and returns what it has.
func startPeak(t *testing.T) int {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("SKIPPED: this kernel does not measure memory: %v", err)
	}
	return status(t, "VmRSS:")
}

func peak(t *testing.T) int { return status(t, "VmHWM:") }

func status(t *testing.T, name string) (bytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), name)
	if _, err := fmt.Sscan(after, &bytes); err != nil {
		t.Fatal(err)
	}
	return bytes << 10
}

// probe says what a child has and may.
func probe() {
	directory, _ := os.Getwd()
	if err := limit(); err != nil {
		panic(err)
	}
	var open []int
	for fd := range 1024 {
		var stat syscall.Stat_t
		if syscall.Fstat(fd, &stat) == nil && stat.Mode&syscall.S_IFMT != 0 { // else it is of Go itself
			open = append(open, fd)
		}
	}
	_, opening := os.Open("/etc/passwd")
	_, connecting := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	json.NewEncoder(os.Stdout).Encode(answer{Texts: []string{
		fmt.Sprint(os.Environ()), directory, fmt.Sprint(opening), fmt.Sprint(connecting), fmt.Sprint(open),
	}})
}

// TestHasNothing: a child has no environment and no files, and opens none.
func TestHasNothing(t *testing.T) {
	t.Setenv("LICENSOR_SECRET", "x")
	inherited, err := syscall.Dup(1) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	got, err := reader(t, "probe").Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"[]", "/", "open /etc/passwd: too many open files", "too many open files", "[0 1 2]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// starve takes as much memory as it gets.
func starve() {
	if err := limit(); err != nil {
		panic(err)
	}
	var all [][]byte
	for range 64 {
		all = append(all, make([]byte, 32<<20))
	}
	fmt.Printf(`{"texts": ["%d"]}`, len(all))
}

// TestMemory: a child that takes more memory than there may be ends.
func TestMemory(t *testing.T) {
	if texts, err := reader(t, "starve").Read(t.Context(), nil); err != error(errDamaged) {
		t.Errorf("got %q, %v", texts, err)
	}
}

// parent is a process that waits for a child, and says which one it is.
func parent() {
	r := &Reader{Command: []string{"/proc/self/exe", "hang"}, patience: time.Hour}
	go r.Read(context.Background(), nil)
	for {
		lists, _ := filepath.Glob("/proc/self/task/*/children")
		for _, name := range lists {
			if text, _ := os.ReadFile(name); len(text) > 0 {
				fmt.Println(string(text))
				time.Sleep(time.Hour)
			}
		}
	}
}

// TestOrphan: a child ends with its parent, however that ends.
func TestOrphan(t *testing.T) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		t.Skipf("SKIPPED: this kernel does not list children: %v", err)
	}
	cmd := exec.Command("/proc/self/exe", "parent", "")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	var pid int
	fmt.Sscan(line, &pid)
	for alive(pid) {
		time.Sleep(time.Millisecond)
	}
}

// alive reports whether a process runs: one that has ended may wait to be asked how.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}
