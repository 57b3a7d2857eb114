package verify_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// spelledLines returns a statement as lines to be read out.
func spelledLines(t testing.TB, kind format.Kind, raw []byte) []string {
	t.Helper()
	lines, err := format.Spell(kind, raw)
	if err != nil || len(lines) < 5 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	return lines
}

// spelledTexts: statements that were read out.
func (m *vectorMaker) spelledTexts() {
	s := newScenario(m.t)
	lines := spelledLines(m.t, format.LicenseFile, fileOf(m.t, s.delegation, s.license))
	add := func(name string, expect verify.Reason, comment string, lines ...string) {
		m.text("spelled-"+name, expect, comment, newScenario(m.t), strings.Join(lines, "\n")+"\n").spelled = true
	}
	changed := func(n, at int, to string) []string {
		line := lines[n-1][:at] + to + lines[n-1][at+1:]
		return append(append(append([]string{}, lines[:n-1]...), line), lines[n:]...)
	}
	without := func(text string) string { return strings.TrimSpace(text[strings.Index(text, ":")+1:]) }
	var counted []string
	for _, line := range lines {
		counted = append(counted, strings.ToLower(strings.ReplaceAll(without(line), " ", "-")))
	}
	exchanged := append([]string{counted[0], counted[2], counted[1]}, counted[3:]...)
	last := len(lines)

	add("valid", verify.Valid, "a license, as it is written to be read out", lines...)
	add("valid-any-order", verify.Valid, "the last line first, and the second one twice", append(backwards(lines), lines[1])...)
	add("valid-counted", verify.Valid, "lower case, without numbers", counted...)
	add("malformed-symbol", verify.Malformed, "another symbol in line 3", changed(3, 8, swapped(lines[2][:9]))...)
	add("malformed-check-symbol", verify.Malformed, "another check symbol in line 3", changed(3, len(lines[2])-1, swapped(lines[2]))...)
	add("malformed-short", verify.Malformed, "line 3 lacks a symbol", changed(3, 8, "")...)
	add("malformed-long", verify.Malformed, "line 3 has a symbol more", changed(3, 8, "AA")...)
	add("malformed-missing", verify.Malformed, "line 3 is missing", append(append([]string{}, lines[:2]...), lines[3:]...)...)
	add("malformed-swapped", verify.Malformed, "lines 2 and 3 have changed places", exchanged...)
	add("malformed-another-number", verify.Malformed, "line 3 is called line 4, and line 4 line 3", changedNumbers(lines, 3, 4)...)
	other := newScenario(m.t)
	other.license.ID[15]++
	add("malformed-of-two", verify.Malformed, "the last line is another license's: it is a code word, and the checksum of the whole is not right",
		append(append([]string{}, lines[:last-1]...), spelledLines(m.t, format.LicenseFile, fileOf(m.t, other.delegation, other.license))[last-1])...)
	m.add("request-spelled", &vector{
		expect: verify.Valid, comment: "a request's code, read out", open: "request", spelled: true,
		text: []byte(strings.Join(spelledLines(m.t, format.RequestBody, m.payload(testRequest(m.t))), "\n") + "\n"),
	})
}

// changedNumbers exchanges the numbers of two lines.
func changedNumbers(lines []string, a, b int) []string {
	lines = append([]string{}, lines...)
	one, other := lines[a-1], lines[b-1]
	lines[a-1], lines[b-1] = one[:3]+other[3:], other[:3]+one[3:]
	return lines
}

// TestPythonReadsSpelled: what is spelled can be read with none of our code.
func TestPythonReadsSpelled(t *testing.T) {
	python := pythonWithModules(t)
	raw := fileOf(t, testDelegation(t), testLicense(t))
	lines := spelledLines(t, format.LicenseFile, raw)
	read := func(lines ...string) (string, error) {
		cmd := exec.Command(python, "../testdata/spelled.py")
		cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
		out, err := cmd.Output()
		return string(bytes.TrimSpace(out)), err
	}
	if got, err := read(backwards(lines)...); err != nil || got != format.EncodeText(format.LicenseFile, raw) {
		t.Errorf("%v: %s", err, got)
	}
	for name, lines := range map[string][]string{
		"a line is missing": lines[:len(lines)-1], "a symbol": append([]string{lines[0] + "A"}, lines[1:]...), "two numbers": changedNumbers(lines, 3, 4),
	} {
		if got, err := read(lines...); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}
