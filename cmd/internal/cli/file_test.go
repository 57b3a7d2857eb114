package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// message is what the user reads: the error and the hint.
func message(err error) string {
	var e *cli.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("not an Error: %v", err)
	}
	return e.Error() + " / " + e.Hint()
}

func TestReadFile(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := &cli.Env{}
	if got, err := env.ReadFile(path, 5); err != nil || string(got) != "12345" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, c := range []struct{ path, want string }{
		{path, `cannot read "` + path + `": larger than 4 bytes / is this the right file?`},
		{directory, `cannot read "` + directory + `": it is a directory / give the path of a file`},
		{filepath.Join(directory, "no\x1b"), `cannot read "` + directory + string(filepath.Separator) + `no\x1b": no such file / check the spelling of the path`},
	} {
		if got, err := env.ReadFile(c.path, 4); got != nil || message(err) != c.want {
			t.Errorf("got %q, %s\nwant %s", got, message(err), c.want)
		}
	}
}

// endless counts what is taken from it.
type endless struct{ taken int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.taken += int64(len(p))
	return len(p), nil
}

func TestReadFileStopsAtLimit(t *testing.T) {
	const limit = 64 << 10
	in := &endless{}
	_, err := (&cli.Env{Stdin: in}).ReadFile("-", limit)
	if want := "cannot read standard input: larger than 64 KiB / is this the right file?"; message(err) != want {
		t.Errorf("got %s, want %s", message(err), want)
	}
	if in.taken != limit+1 {
		t.Errorf("read %d bytes, want %d", in.taken, limit+1)
	}

	// A file of 1 GiB that takes no space.
	path := filepath.Join(t.TempDir(), "huge")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := (&cli.Env{}).ReadFile(path, limit); err == nil {
		t.Error("a file of 1 GiB was taken")
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*limit {
		t.Errorf("reading allocated %d bytes for a limit of %d", used, limit)
	}
}

func TestStdinOnce(t *testing.T) {
	env := &cli.Env{Stdin: strings.NewReader("data")}
	if got, err := env.ReadFile("-", 10); err != nil || string(got) != "data" {
		t.Fatalf("got %q, %v", got, err)
	}
	var e *cli.Error
	if _, err := env.ReadFile("-", 10); !errors.As(err, &e) || e.Exit != 2 {
		t.Errorf("second time: got %v, want a usage error", err)
	}
}

func TestWriteFile(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	var stdout bytes.Buffer
	env := &cli.Env{Stdout: &stdout}
	for _, content := range []string{"OLL1:first", "OLL1:second"} {
		if err := env.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := env.WriteFile("-", []byte{0, 1, 2}, 0); err != nil || stdout.String() != "\x00\x01\x02" {
		t.Errorf("standard output: %q, %v", stdout.String(), err)
	}
	if _, err := os.Stat("-"); err == nil {
		t.Error(`a file called "-" was made`)
	}
	missing := filepath.Join(directory, "sub", "f")
	want := `cannot write "` + missing + `": its directory does not exist / make the directory "` + filepath.Dir(missing) + `" first, or give another path`
	if err := env.WriteFile(missing, nil, 0o644); message(err) != want {
		t.Errorf("got %s\nwant %s", message(err), want)
	}
	if err := env.WriteFile(directory, nil, 0o644); !strings.Contains(message(err), "it is a directory") {
		t.Errorf("got %s", message(err))
	}
}

func TestNoBinaryOnTerminal(t *testing.T) {
	var stdout bytes.Buffer
	env := &cli.Env{Stdout: &stdout, Window: func() (int, int, bool) { return 80, 24, true }}
	for _, data := range []string{"\xd2\x84\x43\xa1\x01", "\xff", "\u009b2J", "a\x1b[2J"} {
		if err := env.WriteFile("-", []byte(data), 0); err == nil || stdout.Len() > 0 {
			t.Errorf("%q: got %v, wrote %q", data, err, stdout.String())
		}
	}
	if err := env.WriteFile("-", []byte("OLL1:ABC\n"), 0); err != nil || stdout.String() != "OLL1:ABC\n" {
		t.Errorf("text: %q, %v", stdout.String(), err)
	}
}

// A slip of the hand in --out must not cost a key or a ledger.
func TestWriteFileKeepsOtherSorts(t *testing.T) {
	contents := []string{
		"OLS1:A", "OLL1:A", "OLD1:A", "OLR1:A", "OLV1:A", "\x89PNG\r\n", "file,result,invoice\n",
		// Which are not written twice. A checkpoint is what a forged ledger is found out by.
		"-----BEGIN OPENSSH PRIVATE KEY-----\n", "OLK1:A", "ssh-ed25519 A", "SQLite format 3\x00", "a diary", "OLD notes", "OLL1",
		"acme.example/ledger\n12\nhash\n\n\u2014 acme.example", "<!DOCTYPE html>", "{}", "x",
	}
	const ours = 7
	path := filepath.Join(t.TempDir(), "f")
	for i, old := range contents {
		for j, data := range contents {
			if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
			err := (&cli.Env{}).WriteFile(path, []byte(data), 0o600)
			got, _ := os.ReadFile(path)
			if may := i == j && i < ours; may && err != nil || !may && (err == nil || string(got) != old) {
				t.Errorf("%q onto %q: %v, the file is now %q", data, old, err, got)
			}
		}
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&cli.Env{}).WriteFile(path, []byte("OLL1:A"), 0o600); err != nil {
		t.Errorf("onto an empty file: %v", err)
	}
}

func TestWriteFileKeepsDevices(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no device files")
	}
	link := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink("/dev/null", link); err != nil {
		t.Fatal(err)
	}
	if err := (&cli.Env{}).WriteFile(link, []byte("x"), 0o644); err == nil {
		t.Error("written through a link")
	}
	if err := (&cli.Env{}).WriteFile("/dev/null", []byte("x"), 0o644); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(link); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Errorf("the device is now %v, %v", info, err)
	}

	link = filepath.Join(t.TempDir(), "license.lic")
	if err := os.Symlink("elsewhere\x1b", link); err != nil {
		t.Fatal(err)
	}
	want := `cannot write "` + link + `": it is a symbolic link / give the path that it leads to, "elsewhere\x1b"`
	if err := (&cli.Env{}).WriteFile(link, nil, 0o644); message(err) != want {
		t.Errorf("got %s\nwant %s", message(err), want)
	}
}

func TestFileError(t *testing.T) {
	wrap := func(err error) error { return &fs.PathError{Op: "open", Path: "/x/.tmp-123", Err: err} }
	for _, c := range []struct {
		verb string
		err  error
		want string
	}{
		{"read", fs.ErrPermission, `cannot read "d/f": permission denied / run as a user who may read it`},
		{"write", fs.ErrPermission, `cannot write "d/f": permission denied / run as a user who may write to the directory "d", or give another path`},
		{"create", fs.ErrExist, `cannot create "d/f": it exists already and is not replaced / move it away, or give another path`},
		{"write", syscall.EDQUOT, `cannot write "d/f": the disk quota is used up / free some space, or give a path on another disk`},
		{"read", syscall.ENOTDIR, ""},
		{"write", errors.New("odd"), `cannot write "d/f": odd / `},
	} {
		err := cli.FileError(c.verb, filepath.Join("d", "f"), wrap(c.err))
		if got := strings.ReplaceAll(message(err), `\`, "/"); c.want != "" && got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if !errors.Is(err, c.err) {
			t.Errorf("%v does not wrap %v", err, c.err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	for errno, want := range map[error]string{
		syscall.ENOSPC: "no space left on the disk",
		syscall.EROFS:  "the file system is read-only",
		syscall.EBUSY:  "mount its directory",
	} {
		if err := cli.FileError("write", "f", wrap(errno)); !strings.Contains(message(err), want) {
			t.Errorf("got %s, want %s", message(err), want)
		}
	}
	if err := cli.FileError("write", "-", io.ErrClosedPipe); !strings.HasPrefix(err.Error(), "cannot write standard output: ") {
		t.Error(err)
	}
}

func TestPassphraseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "it's")
	for content, want := range map[string]string{"secret\nrest": "secret", "secret\r\n": "secret", " secret ": " secret "} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := (&cli.Env{}).PassphraseFile(path); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", content, got, err)
		}
	}
	if err := os.WriteFile(path, []byte("\nsecret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (&cli.Env{}).PassphraseFile(path); err == nil {
		t.Errorf("an empty first line gave %q", got)
	}
	if got, err := (&cli.Env{Stdin: strings.NewReader("secret\n")}).PassphraseFile("-"); err != nil || string(got) != "secret" {
		t.Errorf("standard input: got %q, %v", got, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o644, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var warned strings.Builder
		got, err := (&cli.Env{Stderr: &warned}).PassphraseFile(path)
		quoted := `'` + strings.ReplaceAll(path, `'`, `'\''`) + `'`
		if err != nil || string(got) != "secret" || !strings.HasSuffix(warned.String(), "chmod 600 "+quoted+"\n") {
			t.Errorf("mode %o: got %q, %v, warning %q", mode, got, err, warned.String())
		}
	}
}
