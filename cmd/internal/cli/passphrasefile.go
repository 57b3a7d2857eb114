package cli

import (
	"bytes"
	"io"
	"runtime"

	"github.com/offlicense/offlicense/cmd/internal/envelope"
)

// PassphraseFile returns the first line of the file at path, without its end. A file
// that other users may read is warned of: unlike a key, it is often made by a script.
// The path may be a pipe, or "-" for standard input.
func (e *Env) PassphraseFile(path string) ([]byte, error) {
	in, err := e.OpenFile(path, 4<<10)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, FileError("read", path, err)
	}
	if mode := in.mode(); runtime.GOOS != "windows" && mode.IsRegular() && mode.Perm()&0o077 != 0 {
		e.Warnf("other users can read the passphrase file (mode %04o): chmod 600 %s", mode.Perm(), ShellPath(path))
	}
	// Editors and PowerShell save it in UTF-16, or begin it with a mark: nobody has chosen that.
	line, _, _ := bytes.Cut(envelope.Decode(data), []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		return nil, Failf("the first line of the passphrase file \"%s\" is empty", Clean(path))
	}
	return line, nil
}
