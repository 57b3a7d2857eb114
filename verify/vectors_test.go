package verify_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

const vectorDirectory = "../testdata/vectors"

// TestVectorsAreCurrent compares the files with what the tests make from fixed seeds, so
// that neither can drift.
func TestVectorsAreCurrent(t *testing.T) {
	made := makeVectors(t)
	if *update {
		old, err := filepath.Glob(vectorDirectory + "/*.txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range old {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		for name, v := range made {
			if err := os.WriteFile(filepath.Join(vectorDirectory, name+".txt"), v.marshal(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, v := range made {
		got, err := os.ReadFile(filepath.Join(vectorDirectory, name+".txt"))
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
	paths, err := filepath.Glob(vectorDirectory + "/*.txt")
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
			got, err := v.judge()
			if want := (judged{v.expect, v.id, v.list}); got != want {
				t.Errorf("%s:\ngot %v (%v)\nwant %v", v.comment, got, err, want)
			}
		})
	}
	if total < 200 {
		t.Errorf("saw %d vectors, want at least 200", total)
	}
	for _, reason := range []verify.Reason{
		verify.Valid, verify.Grace, verify.Malformed, verify.BadSignature, verify.UnknownKey, verify.OutOfScope,
		verify.Revoked, verify.WrongProduct, verify.WrongVersion, verify.UpdatesEnded, verify.WrongSite, verify.WrongMachine,
		verify.Standby, verify.OverLimit, verify.NotYetValid, verify.Expired, verify.ClockRolledBack,
		verify.Released, verify.Superseded, noVerifier,
	} {
		if seen[reason] == 0 {
			t.Errorf("no vector expects %s", reason)
		}
	}
}

// judged is what came out: the reason, and of what is good its id and the number of the
// list by which it was judged.
type judged struct {
	reason verify.Reason
	id     string
	list   uint64
}

// judge opens the vector's text.
func (v *vector) judge() (judged, error) {
	got := judged{reason: verify.Valid}
	var verifier *verify.Verifier
	var err error
	if len(v.weakRoots) > 0 {
		return judged{reason: noVerifier}, errors.New("a root that is no key, or a weak one")
	}
	if len(v.roots) > 0 {
		if verifier, err = verify.New(v.roots...); err != nil {
			return judged{reason: noVerifier}, err
		}
	}
	facts := v.facts
	for _, text := range v.lists {
		list, err := verifier.OpenRevocationList(text)
		if err != nil {
			return judged{reason: noVerifier}, err
		}
		facts.Revocations = append(facts.Revocations, list)
	}
	if v.installed != nil {
		site := *facts.Site
		if site.Installed, err = verifier.Open(v.installed); err != nil {
			return judged{}, err
		}
		facts.Site = &site
	}
	if v.spelled {
		kind, raw, err := format.DecodeSpelled(v.text)
		if err != nil {
			return judged{reason: verify.Malformed}, err
		}
		said := *v
		said.text, said.spelled = []byte(format.EncodeText(kind, raw)), false
		return said.judge()
	}
	switch v.open {
	case "license":
		var l *verify.License
		var text []byte
		if text, err = v.whole(verifier); err != nil {
			break
		}
		if l, err = verifier.Check(text, facts); err == nil {
			got.reason, got.id = l.Reason, l.ID.String()
			if l.RevocationList != nil {
				got.list = l.RevocationList.Number
			}
		}
	case "delegation":
		_, err = verifier.OpenDelegation(v.text)
	case "revocation":
		var l *verify.RevocationList
		if l, err = verifier.OpenRevocationList(v.text); err == nil {
			got.id = l.ID.String()
		}
	case "release":
		var r *verify.Release
		if r, err = verify.OpenRelease(v.text, func(format.ID) (keys.PublicKey, error) { return v.facts.Site.Key, nil }); err == nil {
			got.id = r.License.String()
		}
	case "attestation":
		var a *verify.Attestation
		if a, err = verify.OpenAttestation(v.text); err == nil {
			got.id = a.License.String()
		}
	case "request":
		_, err = verify.OpenRequest(v.text)
	default:
		return judged{}, errors.New("nothing to open")
	}
	if refusal := new(verify.Refusal); errors.As(err, &refusal) {
		return judged{reason: refusal.Reason}, err
	}
	return got, err
}

// TestEveryDoorOverEveryVector: a text is good at the door of its kind, and malformed at
// every other.
func TestEveryDoorOverEveryVector(t *testing.T) {
	doors := map[string][]format.Kind{
		"license": {format.LicenseFile}, "delegation": {format.Delegation}, "release": {format.Release}, "attestation": {format.Attestation},
		"revocation": {format.RevocationFile}, "request": {format.SignedRequest, format.RequestBody},
	}
	total := 0
	for _, path := range vectorPaths(t) {
		v := readVector(t, path)
		kind, _, err := format.DecodeText(v.text)
		v.roots, v.weakRoots, v.facts, v.lists, v.installed = []keys.PublicKey{rootKey(t).Public()}, nil, testFacts(t), nil, nil
		v.asked, v.met, v.spelled = nil, nil, false
		for door, kinds := range doors {
			if err == nil && slices.Contains(kinds, kind) {
				continue
			}
			v.open = door
			if got, err := v.judge(); got != (judged{reason: verify.Malformed}) {
				t.Errorf("%s as a %s: got %v, %v, want malformed", filepath.Base(path), door, got, err)
			}
			total++
		}
	}
	if total < 1500 {
		t.Errorf("tried %d, want at least 1500", total)
	}
}
