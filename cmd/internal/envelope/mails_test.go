package envelope

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// Python's email package, which many systems send their mails with, is the other side.
func TestMailsOfPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: no python3")
	}
	for _, size := range []int{91, 480, 2000} {
		want := sample(format.LicenseFile, uint64(size), size)
		file := filepath.Join(t.TempDir(), "statement")
		if err := os.WriteFile(file, want.Text(), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "mails.py", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		var mails map[string][]byte
		if err := json.Unmarshal(out, &mails); err != nil || len(mails) < 25 {
			t.Fatal(len(mails), err)
		}
		for name, mail := range mails {
			if _, _, err := format.DecodeText(mail); err == nil {
				t.Errorf("%s: the mail is a statement by itself", name)
			}
			got, err := Pick(mail, format.LicenseFile)
			if err != nil || !bytes.Equal(got, want.Text()) {
				t.Errorf("%s, %d bytes: got %.80q, %v", name, size, got, err)
			}
		}
	}
}
