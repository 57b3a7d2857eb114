//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package cli

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// Keys reads line by line: a key alone cannot be had here without something that goes on
// waiting for the next.
func (console) Keys(take func(keys []byte) (more bool)) error {
	in := bufio.NewReader(os.Stdin)
	if !take(nil) {
		return nil
	}
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			line = append(line, endOfKeys)
		} else if err != nil {
			return err
		}
		if !take(line) || !take(nil) {
			return nil
		}
	}
}
