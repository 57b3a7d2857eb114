package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// ReadFile reads a file of at most limit bytes; the path "-" is standard input,
// once per run. Memory stays flat whatever is behind the path, which may be a
// pipe. The error is for the user as it is.
func (e *Env) ReadFile(path string, limit int64) ([]byte, error) {
	in, err := e.OpenFile(path, limit)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var data bytes.Buffer
	data.Grow(int(in.size) + bytes.MinRead) // so that a small file is read into one piece of memory
	if _, err := data.ReadFrom(in); err != nil {
		return nil, FileError("read", path, err)
	}
	return data.Bytes(), nil
}

// OpenFile is ReadFile for what is read bit by bit. An error of the reader goes through
// [FileError].
func (e *Env) OpenFile(path string, limit int64) (*LimitedFile, error) {
	if path == "-" {
		if e.stdinRead {
			return nil, Usagef("standard input can be read only once").WithHint("give \"-\" for one file, and paths for the others")
		}
		e.stdinRead = true
		return &LimitedFile{e.Stdin, nil, 0, limit, limit}, nil
	}
	f, err := openFile(path)
	if err != nil {
		return nil, FileError("read", path, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = syscall.EISDIR
	case info.Mode().IsRegular() && info.Size() > limit:
		err = tooLarge(limit)
	}
	if err != nil {
		f.Close()
		return nil, FileError("read", path, err)
	}
	file := &LimitedFile{f, f, 0, limit, limit}
	if info.Mode().IsRegular() {
		file.size = info.Size()
	}
	return file, nil
}

// LimitedFile is an open file. It ends in an error where io.LimitReader would pass a longer
// file off as one of just that length.
type LimitedFile struct {
	in          io.Reader
	file        *os.File // nil: standard input
	size        int64    // of a regular file, at most the limit; 0: not known
	limit, left int64
}

func (f *LimitedFile) Read(p []byte) (int, error) {
	n, err := f.in.Read(p[:min(int64(len(p)), f.left+1)])
	if f.left -= int64(n); f.left < 0 {
		return 0, tooLarge(f.limit)
	}
	return n, err
}

// lower lowers the limit while little has been read.
func (f *LimitedFile) lower(limit int64) { f.limit, f.left = limit, f.left-f.limit+limit }

func (f *LimitedFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// mode returns the mode of what is open. A pipe's says nothing about who can read what is
// in it, nor does that of standard input, for which there is none.
func (f *LimitedFile) mode() fs.FileMode {
	if f.file == nil {
		return fs.ModeCharDevice
	}
	info, err := f.file.Stat()
	if err != nil {
		return fs.ModeIrregular
	}
	return info.Mode()
}

// WriteFile writes a file whole or not at all, with the mode perm; the path "-" is
// standard output. It replaces an old file of the same sort alone: no slip of the
// hand puts a license into the place of a key. No link is followed, and nothing but a
// regular file is written to, unless its path is that of a device (see [isDevice]). The
// error is for the user as it is.
func (e *Env) WriteFile(path string, data []byte, perm fs.FileMode) error {
	if path == "-" {
		if _, _, ok := e.OnTerminal(); ok && binary(data) {
			return Usagef("this is binary and would garble the terminal").WithHint("give --out a file, or redirect standard output")
		}
		if _, err := e.Stdout.Write(data); err != nil {
			return FileError("write", path, err)
		}
		return nil
	}
	write := atomicfile.Write
	if isDevice(path) {
		write = writeDevice
	} else if err := replaceable(path, data); err != nil {
		return err
	}
	if err := write(path, data, perm); err != nil {
		return FileError("write", path, err)
	}
	return nil
}

// StreamFile is WriteFile for a text that starts with start and that fill writes bit by bit.
func (e *Env) StreamFile(path, start string, perm fs.FileMode, fill func(io.Writer) error) error {
	var failed error // of fill, which is for the user already
	fillIn := func(w io.Writer) error {
		out := bufio.NewWriter(w)
		if failed = fill(out); failed != nil {
			return failed
		}
		return out.Flush()
	}
	var err error
	switch {
	case path == "-":
		err = fillIn(e.Stdout)
	case isDevice(path):
		var whole bytes.Buffer
		if err = fillIn(&whole); err == nil {
			err = writeDevice(path, whole.Bytes(), perm)
		}
	default:
		if err := replaceable(path, []byte(start)); err != nil {
			return err
		}
		err = atomicfile.WriteBy(path, perm, fillIn)
	}
	if err == nil || failed != nil {
		return failed
	}
	return FileError("write", path, err)
}

// isDevice reports whether a path was given as that of a device or of an open descriptor:
// /dev/null, /dev/stdout, /dev/fd/63 of a shell. Nobody but root can put something else into
// these directories. What another user's directory leads to is never written to.
func isDevice(path string) bool {
	switch filepath.ToSlash(filepath.Dir(filepath.Clean(path))) {
	case "/dev", "/dev/fd", "/proc/self/fd":
		return runtime.GOOS != "windows"
	}
	return false
}

// errNoDevice is about a disk, or a file that standard output was redirected to.
var errNoDevice = errors.New("it is neither a terminal nor a pipe")

// writeDevice writes to what is open once it has looked at that.
func writeDevice(path string, data []byte, _ fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&(fs.ModeCharDevice|fs.ModeNamedPipe) == 0 {
		return errNoDevice
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// binary reports whether data is anything but lines of printable text.
func binary(data []byte) bool {
	if !utf8.Valid(data) {
		return true
	}
	return strings.ContainsFunc(string(data), func(r rune) bool { return !strconv.IsPrint(r) && !strings.ContainsRune("\t\r\n", r) })
}

type tooLarge int64

func (limit tooLarge) Error() string {
	if limit >= 1<<20 && limit%(1<<20) == 0 {
		return fmt.Sprintf("larger than %d MiB", limit>>20)
	}
	if limit >= 1<<10 && limit%(1<<10) == 0 {
		return fmt.Sprintf("larger than %d KiB", limit>>10)
	}
	return fmt.Sprintf("larger than %d bytes", int64(limit))
}

// FileError returns an error that says in plain words why verb ("read",
// "write", "create", ...) failed for path, and what to do. It wraps err, which
// must not be nil.
func FileError(verb, path string, err error) error {
	what := `"` + Clean(path) + `"`
	switch {
	case path == "-" && verb == "read":
		what = "standard input"
	case path == "-":
		what = "standard output"
	}
	reason, hint := explain(verb, path, err)
	return Fail(&fileError{fmt.Sprintf("cannot %s %s: %s", verb, what, reason), err}).WithHint("%s", hint)
}

type fileError struct {
	text  string
	cause error
}

func (e *fileError) Error() string { return e.text }
func (e *fileError) Unwrap() error { return e.cause }

func explain(verb, path string, err error) (reason, hint string) {
	directory := `"` + Clean(filepath.Dir(path)) + `"`
	reading := verb == "read"
	var large tooLarge
	switch {
	case errors.As(err, &large):
		return large.Error(), "is this the right file?"
	case errors.Is(err, fs.ErrNotExist) && reading:
		return "no such file", "check the spelling of the path"
	case errors.Is(err, fs.ErrNotExist):
		return "its directory does not exist", "make the directory " + directory + " first, or give another path"
	case errors.Is(err, fs.ErrExist):
		return "it exists already and is not replaced", "move it away, or give another path"
	case isAny(err, readOnly):
		return "the file system is read-only", "give a path on a disk that can be written"
	case errors.Is(err, fs.ErrPermission) && reading:
		return "permission denied", "run as a user who may read it"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied", "run as a user who may write to the directory " + directory + ", or give another path"
	case errors.Is(err, syscall.EISDIR):
		return "it is a directory", "give the path of a file"
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the path is not a directory", "check the spelling of the path"
	case isAny(err, diskFull):
		return "no space left on the disk", "free some space, or give a path on another disk"
	case errors.Is(err, syscall.EDQUOT):
		return "the disk quota is used up", "free some space, or give a path on another disk"
	case errors.Is(err, syscall.EBUSY) && runtime.GOOS != "windows":
		return "it is in use, perhaps as a mount point", "mount its directory into the container instead of the single file"
	case errors.Is(err, errNoDevice):
		return err.Error(), "for standard output give -"
	case errors.Is(err, atomicfile.ErrNotRegular):
		if target, e := os.Readlink(path); e == nil {
			return "it is a symbolic link", `give the path that it leads to, "` + Clean(target) + `"`
		}
		return "it is not a regular file", "give another path"
	}
	// What is wrong, without the operation and path that we name ourselves
	// (for a temporary file, a path that the user never saw).
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		err = e.Err
	}
	return err.Error(), ""
}

func isAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
