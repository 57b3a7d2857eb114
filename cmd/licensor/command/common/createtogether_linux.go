package common

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// filesPerSync is how many files are open at once: fewer than most limits allow.
const filesPerSync = 500

// createTogether writes new files of which each appears whole, also after a power cut,
// at the price of one sync for hundreds: one fsync for each would take longer than
// signing them. They have no name until their content is on the disk, so a process that
// is killed leaves nothing behind.
//
// It returns those that it did not write, be it that the name is taken, that the file
// system cannot do this, or that the disk is full: writing them one by one says why.
func createTogether(dir string, files []LicenseFile) (left []LicenseFile, err error) {
	directory, err := os.Open(dir)
	if err != nil {
		return files, nil
	}
	defer directory.Close()
	for len(files) > 0 {
		some := files[:min(len(files), filesPerSync)]
		left = append(left, createSome(directory, some)...)
		files = files[len(some):]
	}
	return left, syncAll(directory) // the names
}

func syncAll(directory *os.File) error {
	if err := unix.Syncfs(int(directory.Fd())); err != nil {
		return &fs.PathError{Op: "sync", Path: directory.Name(), Err: err}
	}
	return nil
}

func createSome(directory *os.File, files []LicenseFile) (left []LicenseFile) {
	var nameless []*os.File
	defer func() {
		for _, f := range nameless {
			f.Close()
		}
	}()
	for _, file := range files {
		f, err := writeNameless(directory.Name(), file)
		if err != nil {
			break
		}
		nameless = append(nameless, f)
	}
	if len(nameless) == 0 || syncAll(directory) != nil {
		return files
	}
	for i, f := range nameless {
		path := filepath.Join(directory.Name(), files[i].Name)
		if unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(int(f.Fd())), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW) != nil {
			left = append(left, files[i])
		}
	}
	return append(left, files[len(nameless):]...)
}

func writeNameless(dir string, file LicenseFile) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), file.Name)
	_, err = f.Write(file.Text)
	if err == nil {
		err = f.Chmod(0o644) // whatever the umask
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
