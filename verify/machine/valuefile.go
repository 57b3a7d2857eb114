package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// ValueFile is a component whose value stands in a file, such as one into which a cluster
// mounts its id. [Read] reads it each time: one that cannot be read is a [Finding], and matches
// nothing. The content is a value as [ParseValue] takes it, perhaps with a line feed behind it
// or a byte order mark before it. The error is about the label, or an empty path.
func ValueFile(label, path string) (Value, error) {
	if err := checkLabel(label); err != nil {
		return Value{}, err
	}
	if path == "" {
		return Value{}, fmt.Errorf("component %q: got no path of its file, want LABEL=PATH", label)
	}
	return Value{label: label, path: path}, nil
}

// ParseValueFile reads LABEL=PATH.
func ParseValueFile(s string) (Value, error) {
	label, path, found := strings.Cut(s, "=")
	if !found {
		return Value{}, errors.New("malformed component: got no '=', want LABEL=PATH, for example cluster=/etc/evoq/cluster-uid")
	}
	return ValueFile(label, path)
}

func (v Value) read() reading {
	if v.path == "" {
		return present(v.value, "given by the operator")
	}
	text, err := readValue(v.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return unreadable(fmt.Sprintf("the file %q is missing", v.path))
	case err != nil:
		return unreadable(fmt.Sprintf("%q %s", v.path, err))
	}
	value, err := ParseValue(v.label + "=" + strings.TrimPrefix(text, "\ufeff"))
	if err != nil {
		return unreadable(fmt.Sprintf("what is in %q is no id: %s", v.path, err))
	}
	return present(value.value, fmt.Sprintf("read from %q", v.path))
}

// readValue returns what is in a small file. The error says what is the matter with it.
func readValue(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", errors.New("is a directory: what was to be mounted there is missing")
	}
	f, err := atomicfile.Open(path)
	if err == nil {
		defer f.Close()
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(f, 2*maxValue)); err == nil {
			return string(b), nil
		}
	}
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return "", fmt.Errorf("cannot be read: %w", err)
}
