package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// TestShortLicenseIsShort: how many characters there are to type, or to draw.
func TestShortLicenseIsShort(t *testing.T) {
	spec, err := os.ReadFile("../format/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	large := testLicense(t)
	large.Terms.Customer, large.Terms.GraceDays, large.Terms.MaxVersion = "Universitätsklinikum Musterstadt", 14, "9.x"
	large.Terms.Features = append(large.Terms.Features, "reports", "audit")
	for name, l := range map[string]*format.LicenseClaims{"typical": testLicense(t), "large": large} {
		file, body := fileOf(t, testDelegation(t), l), payloadOf(t, testRequest(t))
		length := func(withDelegation bool) int {
			raw, err := format.Carry(file, body, withDelegation)
			if err != nil {
				t.Fatal(err)
			}
			return len(format.EncodeText(format.CarriedLicense, raw))
		}
		full, whole, leftOut := len(format.EncodeText(format.LicenseFile, file)), length(true), length(false)
		if whole >= 700 || leftOut >= 400 {
			t.Errorf("%s: %d characters with the delegation, want fewer than 700; %d without, want fewer than 400", name, whole, leftOut)
		}
		said := fmt.Sprintf("has %d characters as a file, %d with its delegation and %d without", full, whole, leftOut)
		if name == "typical" && !strings.Contains(strings.ReplaceAll(string(spec), "\n", " "), said) {
			t.Errorf("SPEC.md does not say that the license of the example %s", said)
		}
	}
}

// carriedVectors are the short licenses that are rebuilt.
func carriedVectors(t testing.TB) map[string]*vector {
	t.Helper()
	vectors := make(map[string]*vector)
	for _, path := range vectorPaths(t) {
		if v := readVector(t, path); v.asked != nil {
			vectors[filepath.Base(path)] = v
		}
	}
	if len(vectors) < 20 {
		t.Fatalf("%d vectors, want at least 20", len(vectors))
	}
	return vectors
}

// FuzzRebuild: whatever is carried, what comes out is a license that was signed, and it has
// no other short form.
func FuzzRebuild(f *testing.F) {
	v := testVerifier(f)
	request, err := verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, payloadOf(f, testRequest(f)))))
	if err != nil {
		f.Fatal(err)
	}
	delegation := sealDelegation(f, testDelegation(f), rootKey(f))
	signed := make(map[[16]byte]bool)
	rebuild := func(raw []byte) ([]byte, error) {
		c, err := verify.OpenCarried([]byte(format.EncodeText(format.CarriedLicense, raw)))
		if err != nil {
			return nil, err
		}
		text, err := v.Rebuild(c, []*verify.Request{request}, delegation)
		if err != nil {
			return nil, err
		}
		return format.DecodeTextAs(text, format.LicenseFile)
	}
	for _, vector := range carriedVectors(f) {
		kind, raw, err := format.DecodeText(vector.text)
		if err != nil || kind != format.CarriedLicense {
			continue
		}
		f.Add(raw)
		if file, err := rebuild(raw); err == nil {
			signed[licenseIn(f, file)] = true
		}
	}
	if len(signed) == 0 {
		f.Fatal("no good license to begin with")
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := rebuild(raw)
		if err != nil {
			if file != nil || !errors.As(err, new(*verify.Refusal)) {
				t.Fatalf("got %x and %T %v", file, err, err)
			}
			return
		}
		if !signed[licenseIn(t, file)] {
			t.Fatalf("a forgery: %x", file)
		}
		whole, wholeErr := format.Carry(file, request.Body, true)
		leftOut, leftOutErr := format.Carry(file, request.Body, false)
		if wholeErr != nil || leftOutErr != nil || !bytes.Equal(raw, whole) && !bytes.Equal(raw, leftOut) {
			t.Fatalf("%x\nis rebuilt, and carried by\n%x, %v\n%x, %v", raw, whole, wholeErr, leftOut, leftOutErr)
		}
	})
}

// TestPythonRebuilds: anybody can rebuild a short license with none of our code.
func TestPythonRebuilds(t *testing.T) {
	python := pythonWithModules(t)
	directory := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tried := 0
	for name, v := range carriedVectors(t) {
		switch name {
		case "valid-carried.txt", "valid-carried-met.txt", "valid-carried-other-words.txt", "valid-carried-list.txt", "valid-carried-standby.txt", "valid-carried-unreadable.txt":
		default:
			continue
		}
		tried++
		var roots strings.Builder
		for _, root := range v.roots {
			roots.WriteString(root.MarshalLine("acme.example") + "\n")
		}
		arguments := []string{"../testdata/rebuild.py", write("roots.pub", []byte(roots.String())), write("short", v.text), write("request", v.asked[0])}
		for i, text := range v.met {
			arguments = append(arguments, write("delegation"+string(rune('0'+i)), text))
		}
		out, err := exec.Command(python, arguments...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		verifier, err := verify.New(v.roots...)
		if err != nil {
			t.Fatal(err)
		}
		want, err := v.whole(verifier)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != strings.ReplaceAll(strings.TrimSpace(string(want)), "\n", "") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if tried != 6 {
		t.Errorf("tried %d, want 6", tried)
	}
	request := write("signed", format.EncodeFile(format.SignedRequest, sealedRequest(t)))
	short := write("short", carriedVectors(t)["valid-carried.txt"].text)
	roots := write("roots.pub", []byte(rootKey(t).Public().MarshalLine("")))
	if out, err := exec.Command(python, "../testdata/rebuild.py", roots, short, request).CombinedOutput(); err != nil {
		t.Errorf("by a signed request: %v\n%s", err, out)
	}
	other := testRequest(t)
	other.Time++
	request = write("other", []byte(format.EncodeText(format.RequestBody, payloadOf(t, other))))
	if out, err := exec.Command(python, "../testdata/rebuild.py", roots, short, request).CombinedOutput(); err == nil {
		t.Errorf("by another request: %s", out)
	}
}
