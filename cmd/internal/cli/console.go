package cli

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// console is the terminal that controls the process.
type console struct{}

// maxLine is how long a line may be: what a terminal itself takes.
const maxLine = 4096

func (console) ReadLine(prompt string) (string, error) {
	in, out, err := openConsole()
	if err != nil {
		return "", ErrNoTerminal
	}
	defer in.Close()
	defer out.Close()
	if _, err := io.WriteString(out, prompt); err != nil {
		return "", err
	}
	// A byte at a time: what follows the line belongs to the next prompt.
	var line strings.Builder
	for b := make([]byte, 1); line.Len() < maxLine; {
		n, err := in.Read(b)
		if n == 1 && b[0] == '\n' {
			return strings.TrimSuffix(line.String(), "\r"), nil
		}
		line.Write(b[:n])
		if err != nil {
			fmt.Fprintln(out)
			return "", err
		}
	}
	return "", fmt.Errorf("the line is longer than %d bytes", maxLine)
}

func (console) ReadSecret(prompt string) ([]byte, error) {
	in, out, err := openConsole()
	if err != nil {
		return nil, ErrNoTerminal
	}
	secret, err := readSecret(in, out, prompt)
	if err != ErrInterrupted {
		in.Close()
		out.Close()
	}
	// After an interrupt a read still waits on the file: closed, its number
	// could soon be another file's. The process is about to end anyway.
	return secret, err
}

func readSecret(in, out *os.File, prompt string) ([]byte, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, ErrNoTerminal
	}
	if _, err := io.WriteString(out, prompt); err != nil {
		return nil, err
	}
	defer fmt.Fprintln(out) // the Enter that was not echoed

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	type result struct {
		secret []byte
		err    error
	}
	done := make(chan result, 1)
	go func() {
		secret, err := term.ReadPassword(fd)
		done <- result{secret, err}
	}()
	select {
	case r := <-done:
		return r.secret, r.err
	case <-signals:
		term.Restore(fd, before)
		return nil, ErrInterrupted
	}
}
