//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package cli

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Keys reads keys one by one: a line, as a terminal collects it, ends at 4096 bytes, and
// nobody presses Enter behind a scanner. Nothing waits on the terminal when it returns.
func (console) Keys(take func(keys []byte) (more bool)) error {
	fd := int(os.Stdin.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return ErrNoTerminal
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	now := *before
	now.Lflag &^= unix.ICANON | unix.ECHO | unix.IEXTEN
	now.Iflag &^= unix.IXON | unix.ISTRIP
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 0, restTenths
	if err := unix.IoctlSetTermios(fd, setTermios, &now); err != nil {
		return ErrNoTerminal
	}
	defer unix.IoctlSetTermios(fd, setTermios, before)

	if !take(nil) {
		return nil
	}
	for keys := make([]byte, 4096); ; {
		n, err := os.Stdin.Read(keys)
		if err != nil && !errors.Is(err, io.EOF) { // no key for a while is io.EOF to Go
			return err
		}
		select {
		case <-signals:
			return ErrInterrupted
		default:
		}
		if n == 0 {
			if _, err := unix.IoctlGetTermios(fd, getTermios); err != nil {
				return io.ErrUnexpectedEOF // nobody is at the other end any more
			}
		}
		if !take(keys[:n]) {
			return nil
		}
	}
}

// restTenths is how long no key is pressed before a statement may be whole, in tenths of a
// second. A slow scanner presses 20 keys in a second.
const restTenths = 3
