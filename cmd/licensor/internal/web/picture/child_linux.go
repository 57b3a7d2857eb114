package picture

import (
	"fmt"
	"os"
	"syscall"
)

// self is this program, also after its file was replaced.
func self() (string, error) { return "/proc/self/exe", nil }

// attributes of a child: it ends with the thread that has started it.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

const directory = "/" // of a child

const (
	moreMemory = 384 << 20 // bytes of addresses that a child may add to those that it starts with
	cpuTime    = 20        // seconds
)

// limit gives this process its limits, which it cannot take back. It makes no system call that the
// unit of the service forbids, such as setpriority(2).
func limit() error {
	// What its parent has open without knowing is closed first, as far as the kernel does that.
	const closeRange, first, last = 436, 3, 1<<32 - 1 // close_range(2)
	syscall.RawSyscall(closeRange, first, last, 0)
	// Where memory is short, this process goes first. It may be forbidden; the limits are not.
	os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	const noNewPrivileges = 38 // PR_SET_NO_NEW_PRIVS of prctl(2)
	syscall.AllThreadsSyscall6(syscall.SYS_PRCTL, noNewPrivileges, 1, 0, 0, 0, 0)

	size, err := addresses()
	if err != nil {
		return err
	}
	for _, l := range []struct {
		resource int
		most     uint64
	}{
		{syscall.RLIMIT_CORE, 0},
		{syscall.RLIMIT_FSIZE, 0},
		{syscall.RLIMIT_CPU, cpuTime},
		{syscall.RLIMIT_AS, size + moreMemory},
		{syscall.RLIMIT_NOFILE, 0}, // what is open stays open
	} {
		if err := syscall.Setrlimit(l.resource, &syscall.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return fmt.Errorf("limit %d: %w", l.resource, err)
		}
	}
	return nil
}

// addresses is how many bytes of addresses this process has: Go reserves many that it never uses.
func addresses() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var pages uint64
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return 0, err
	}
	return pages * uint64(os.Getpagesize()), nil
}
