package verify_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

const vectorFolder = "../testdata/vectors"

// TestVectorsAreCurrent compares the files with what the tests make from fixed seeds, so
// that neither can drift.
func TestVectorsAreCurrent(t *testing.T) {
	made := makeVectors(t)
	if *update {
		old, err := filepath.Glob(vectorFolder + "/*.txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range old {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		for name, v := range made {
			if err := os.WriteFile(filepath.Join(vectorFolder, name+".txt"), v.marshal(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, v := range made {
		got, err := os.ReadFile(filepath.Join(vectorFolder, name+".txt"))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, v.marshal()) {
			t.Errorf("%s.txt is not what the tests make: if the format was changed on purpose, run go test ./verify -update", name)
		}
	}
	for _, path := range vectorPaths(t) {
		if name := filepath.Base(path[:len(path)-len(".txt")]); made[name] == nil {
			t.Errorf("%s is made by no test", path)
		}
	}
}

func vectorPaths(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(vectorFolder + "/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func readVector(t testing.TB, path string) *vector {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseVector(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// TestVectors judges each file by what stands in it.
func TestVectors(t *testing.T) {
	seen := make(map[verify.Reason]int)
	total := 0
	for _, path := range vectorPaths(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			v := readVector(t, path)
			seen[v.expect]++
			total++
			reason, id, err := v.judge()
			if reason != v.expect || id != v.id {
				t.Errorf("%s:\ngot %s %s (%v)\nwant %s %s", v.comment, reason, id, err, v.expect, v.id)
			}
		})
	}
	if total < 40 {
		t.Errorf("saw %d vectors, want at least 40", total)
	}
	for _, reason := range []verify.Reason{
		verify.Valid, verify.Grace, verify.Malformed, verify.BadSignature, verify.UnknownKey, verify.OutOfScope,
		verify.WrongProduct, verify.WrongVersion, verify.UpdatesEnded, verify.WrongSite, verify.WrongMachine,
		verify.Standby, verify.OverLimit, verify.NotYetValid, verify.Expired, verify.ClockRolledBack,
	} {
		if seen[reason] == 0 {
			t.Errorf("no vector expects %s", reason)
		}
	}
}

// judge opens the vector's text and returns the reason, and the id of a good license.
func (v *vector) judge() (verify.Reason, string, error) {
	var id string
	reason := verify.Valid
	var verifier *verify.Verifier
	var err error
	if len(v.roots) > 0 {
		if verifier, err = verify.New(v.roots...); err != nil {
			return "", "", err
		}
	}
	switch v.open {
	case "license":
		var l *verify.License
		if l, err = verifier.Check(v.text, v.facts); err == nil {
			reason, id = l.Reason, l.ID.String()
		}
	case "delegation":
		_, err = verifier.OpenDelegation(v.text)
	case "release":
		var r *verify.Release
		if r, err = verify.OpenRelease(v.text, func(format.ID) (keys.PublicKey, error) { return v.facts.Site.Key, nil }); err == nil {
			id = r.License.String()
		}
	case "request":
		_, err = verify.OpenRequest(v.text)
	default:
		return "", "", errors.New("nothing to open")
	}
	if refusal := new(verify.Refusal); errors.As(err, &refusal) {
		return refusal.Reason, "", err
	}
	return reason, id, err
}
