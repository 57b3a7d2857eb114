package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFailure(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "secret7"))
	if !isAbsent(err) {
		t.Errorf("missing file: got %v, want it absent", err)
	}
	denied := &fs.PathError{Op: "open", Path: "/secret7", Err: fs.ErrPermission}
	if isAbsent(denied) {
		t.Error("denied file: got absent, want unreadable")
	}
	for _, err := range []error{err, denied, errTooLong, errors.New("broken")} {
		r := failed(err, "the source")
		if r.status != Unreadable || r.value != "" || !strings.Contains(r.detail, "the source") || strings.Contains(r.detail, "secret7") {
			t.Errorf("%v: got %+v, want it unreadable, naming the source and no path of its own", err, r)
		}
	}
}
