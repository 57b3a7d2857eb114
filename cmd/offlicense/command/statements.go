package command

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// foundFile is a file that was given, or that a directory has.
type foundFile struct {
	path  string
	given bool  // itself, and not its directory
	err   error // it is a directory that cannot be read
}

// findFiles returns the files of the arguments: each itself, and of a directory all regular
// files below it, in the order of their names. A directory that cannot be read stops no other.
func findFiles(args []string) []foundFile {
	var files []foundFile
	for _, arg := range args {
		if info, err := os.Stat(arg); arg == "-" || err != nil || !info.IsDir() {
			files = append(files, foundFile{path: arg, given: true})
			continue
		}
		// With a separator at its end, a link to a directory is followed, as a Secret of Kubernetes needs it.
		root := arg + string(filepath.Separator)
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			unread := func(err error) error {
				files = append(files, foundFile{path: filepath.Clean(path), err: err})
				return nil
			}
			isLicense := hasLicenseName(path)
			switch {
			case err != nil:
				return unread(cli.FileError("read", path, err))
			case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".."):
				return fs.SkipDir // of a Secret of Kubernetes, whose files are linked to
			case entry.Type()&fs.ModeSymlink != 0:
				info, err := os.Stat(path)
				switch {
				case err != nil && isLicense:
					return unread(cli.FileError("read", path, err))
				case err != nil || !info.Mode().IsRegular():
					return nil
				}
			case !entry.Type().IsRegular() && !entry.IsDir() && isLicense:
				return unread(cli.Failf("cannot read %s: it is no regular file", cli.Quote(path)).WithHint("remove it, or put the license file in its place"))
			case !entry.Type().IsRegular():
				return nil
			}
			files = append(files, foundFile{path: filepath.Clean(path)})
			return nil
		})
	}
	return files
}

// hasLicenseName reports whether a file is to be a license by its name.
func hasLicenseName(path string) bool { return strings.EqualFold(filepath.Ext(path), ".lic") }

// inParallel calls f with each number below n, on all processors.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	group.Wait()
}
