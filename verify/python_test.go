package verify_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// TestPythonAgrees: anybody can check a license with none of our code.
func TestPythonAgrees(t *testing.T) {
	python := pythonWithModules(t)
	directory := t.TempDir()
	roots := filepath.Join(directory, "roots.pub")
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The active root is not the only one, and not the last.
	lines := "# the roots\n"
	for _, root := range []keys.PrivateKey{seededKey(t, 7), rootKey(t), standbyKey(t)} {
		lines += root.Public().MarshalLine("acme.example") + "\n"
	}
	write(roots, []byte(lines))
	run := func(text []byte, product string, now time.Time) (string, error) {
		path := filepath.Join(directory, "license.lic")
		write(path, text)
		out, err := exec.Command(python, "../testdata/verify.py", roots, path, product, fmt.Sprint(now.Unix())).CombinedOutput()
		return string(out), err
	}

	good := textOf(t, testDelegation(t), testLicense(t))
	out, err := run(good, "evoq", issued)
	if err != nil {
		t.Fatalf("a good license: %v\n%s", err, out)
	}
	for _, want := range []string{"vendor: acme.example\n", "4: Site Ltd\n", "14: {'cores': 16, 'users': 200}\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("it printed\n%swithout %q", out, want)
		}
	}
	parts := partsOf(t, format.LicenseFile, fileOf(t, testDelegation(t), testLicense(t)), 400)
	for name, text := range map[string]string{"in parts": strings.Join(parts, "\n"), "in parts, backwards": strings.Join(backwards(parts), "")} {
		if out, err := run([]byte(text), "evoq", issued); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	if out, err := run([]byte(parts[0]+parts[2]), "evoq", issued); err == nil {
		t.Errorf("a part is missing:\n%s", out)
	}
	s := newScenario(t)
	listed := func(list []byte) []byte { return withList(t, s, list) }
	for name, list := range map[string][]byte{
		"a root's": rootList(t, revoking(1, format.ID{1}, format.ID{3}), rootKey(t)), "a staff key's": staffList(t, testList(1)),
		"the standby's": rootList(t, testList(1), standbyKey(t)), "a staff key of the standby's": byStandbys(t, testList(1)),
	} {
		if out, err := run(listed(list), "evoq", issued); err != nil {
			t.Errorf("%s list in the file: %v\n%s", name, err, out)
		}
	}
	unknown := changed(t, seal(t, format.Release, payloadOf(t, testRelease()), strangerKey(t)), "offlicense.release+cwt", "offlicense.unknown+cwt")
	behind := append([]byte{0x84}, fileOf(t, s.delegation, s.license)[1:]...)
	behind = append(append(append(behind, 0x81), unknown...), rootList(t, revoking(1, format.ID{1}), rootKey(t))...)
	if out, err := run(format.EncodeFile(format.LicenseFile, behind), "evoq", issued); err != nil {
		t.Errorf("a statement of a later version, and a list: %v\n%s", err, out)
	}
	perpetual := testLicense(t)
	perpetual.Expires = 0
	if out, err := run(textOf(t, testDelegation(t), perpetual), "evoq", ends.AddDate(100, 0, 0)); err != nil {
		t.Errorf("a perpetual license: %v\n%s", err, out)
	}

	signed := func(delegationBy, licenseBy keys.Signer, licenseKind format.Kind) []byte {
		raw := append([]byte{0x82}, sealDelegation(t, testDelegation(t), delegationBy)...)
		return format.EncodeFile(format.LicenseFile, append(raw, seal(t, licenseKind, payloadOf(t, testLicense(t)), licenseBy)...))
	}
	if out, err := run(signed(standbyKey(t), staffKey(t), format.License), "evoq", issued); err != nil {
		t.Errorf("a license under the standby root: %v\n%s", err, out)
	}
	late := testDelegation(t)
	late.NotBefore = issued.Unix() + 1
	for name, c := range map[string]struct {
		text    []byte
		product string
		now     time.Time
	}{
		"expired":                  {good, "evoq", ends},
		"another product":          {good, "liquid", issued},
		"another root":             {signed(strangerKey(t), staffKey(t), format.License), "evoq", issued},
		"another staff key":        {signed(rootKey(t), strangerKey(t), format.License), "evoq", issued},
		"a license by the root":    {signed(rootKey(t), rootKey(t), format.License), "evoq", issued},
		"another typ":              {signed(rootKey(t), staffKey(t), format.SignedRequest), "evoq", issued},
		"issued before the signer": {textOf(t, late, testLicense(t)), "evoq", issued},
		"revoked":                  {listed(rootList(t, revoking(1, format.ID{1}, s.license.ID), rootKey(t))), "evoq", issued},
		"revoked by a staff key":   {listed(staffList(t, revoking(1, s.license.ID))), "evoq", issued},
		"revoked by the standby":   {listed(rootList(t, revoking(1, s.license.ID), standbyKey(t))), "evoq", issued},
		"revoked by its staff":     {listed(byStandbys(t, revoking(1, s.license.ID))), "evoq", issued},
		"under the standby's id":   {signed(impostor{strangerKey(t), standbyKey(t).Public()}, staffKey(t), format.License), "evoq", issued},
		"a staff key's own list":   {listed(rootList(t, testList(1), staffKey(t))), "evoq", issued},
		"a stranger's list":        {listed(rootList(t, testList(1), strangerKey(t))), "evoq", issued},
		"a request":                {format.EncodeFile(format.SignedRequest, sealedRequest(t)), "evoq", issued},
		"checksum":                 {append([]byte("OLL1:AA"), good[7:]...), "evoq", issued},
		"a bit of the terms":       {flipped(t, -100), "evoq", issued},
		"a bit of the signature":   {flipped(t, -1), "evoq", issued},
		"a bit of the delegation":  {flipped(t, 100), "evoq", issued},
	} {
		if out, err := run(c.text, c.product, c.now); err == nil {
			t.Errorf("%s: accepted\n%s", name, out)
		} else if strings.Contains(out, "vendor: ") {
			t.Errorf("%s: refused, but it printed the terms\n%s", name, out)
		}
	}
}

// TestPythonAttests: another implementation agrees on who has signed an attestation.
func TestPythonAttests(t *testing.T) {
	python := pythonWithModules(t)
	for _, name := range []string{"valid", "bad-signature", "bad-signature-use"} {
		v := readVector(t, filepath.Join(vectorDirectory, "attestation-"+name+".txt"))
		text := filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(text, v.text, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "../testdata/attested.py", text).CombinedOutput()
		if (v.expect == verify.Valid) != (err == nil) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// flipped is a license file with one bit changed and its checksum right.
func flipped(t *testing.T, at int) []byte {
	raw := fileOf(t, testDelegation(t), testLicense(t))
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	return format.EncodeFile(format.LicenseFile, raw)
}

// TestPythonIsShort: the script is in the documents as something to read, with what it shares.
func TestPythonIsShort(t *testing.T) {
	lines := 0
	for _, name := range []string{"verify.py", "statement.py"} {
		script, err := os.ReadFile("../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, code, found := strings.Cut(string(script)[3:], `"""`)
		if !found {
			t.Fatalf("%s does not say what it is", name)
		}
		for line := range strings.Lines(code) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				lines++
			}
		}
	}
	if lines == 0 || lines >= 50 {
		t.Errorf("%d lines of code, want fewer than 50", lines)
	}
}

func pythonWithModules(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import cbor2, cryptography.hazmat.primitives.asymmetric.ed25519").Run() == nil {
			return python
		}
	}
	t.Skip("SKIPPED: no python3 with cbor2 and cryptography (Debian: python3-cbor2 python3-cryptography)")
	return ""
}
