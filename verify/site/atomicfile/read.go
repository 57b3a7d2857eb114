package atomicfile

import "io"

// Read returns a regular file, of one that is larger than most its first most+1 bytes. It
// is for files that nobody has chosen one by one, such as those of a directory; see [Open].
func Read(path string, most int) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most)+1))
}
