package cli

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

func (console) Every(d time.Duration, step func() error) error {
	in, out, err := openConsole()
	if err != nil {
		return ErrNoTerminal
	}
	fd := int(in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return ErrNoTerminal
	}
	defer term.Restore(fd, before)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	// As in ReadSecret, what a read may still wait on is not closed.
	key := make(chan error, 1)
	go func() {
		_, err := in.Read(make([]byte, 16)) // a key may be several bytes
		key <- err
	}()
	for {
		if err := step(); err != nil {
			return err
		}
		drain(out)
		select {
		case err := <-key:
			return err
		case <-signals:
			return ErrInterrupted
		case <-time.After(d):
		}
	}
}
