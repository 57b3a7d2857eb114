//go:build unix

package site

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// A pipe in the place of a file must not make a program wait for its writer.
func TestPipeInPlaceOfFile(t *testing.T) {
	s, r := installedState(t)
	for _, path := range []string{s.LicensePath(), r.Path, s.path(clockFile)} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Skip("no pipes here:", err)
		}
		done := make(chan error, 1)
		go func() {
			license, err := s.Verify(sitetest.Verifier(t), program(t), now)
			if err == nil && len(license.Warnings) == 0 {
				err = errors.New("no warning")
			}
			done <- err
		}()
		select {
		case err = <-done:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: waits forever", path)
		}
		var refusal *verify.Refusal
		if path == s.path(clockFile) {
			if err != nil {
				t.Errorf("%s: got %v, want a warning", path, err)
			}
		} else if errors.As(err, &refusal) || path == s.LicensePath() && !errors.Is(err, atomicfile.ErrNotRegular) || err == nil {
			t.Errorf("%s: got %v", path, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		put(t, &State{}, path, text)
	}
}

func TestPipeInPlaceOfList(t *testing.T) {
	s, _ := installedState(t)
	installList(t, s, list(t, sitetest.Root, 5, nil))
	if err := syscall.Mkfifo(s.path(revocationsDir+"/6.olv"), 0o644); err != nil {
		t.Skip("no pipes here:", err)
	}
	done := make(chan error, 1)
	go func() {
		l, err := verifyAt(t, s, now)
		if err == nil && (len(l.Warnings) != 1 || l.RevocationList.Number != 5) {
			err = fmt.Errorf("got %+v", l)
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("waits forever")
	}
	installList(t, s, list(t, sitetest.Root, 6, nil))
	wantList(t, s, program(t), 6)
}
