package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// partsOf returns a statement in parts of at most so many characters.
func partsOf(t testing.TB, kind format.Kind, raw []byte, most int) []string {
	t.Helper()
	parts, err := format.EncodeParts(kind, raw, most)
	if err != nil || len(parts) < 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	return parts
}

func backwards(parts []string) []string {
	parts = slices.Clone(parts)
	slices.Reverse(parts)
	return parts
}

// parts: texts in several parts.
func (m *vectorMaker) parts() {
	s := newScenario(m.t)
	raw := fileOf(m.t, s.delegation, s.license)
	parts := partsOf(m.t, format.LicenseFile, raw, 400)
	lines := func(parts ...string) string { return strings.Join(parts, "\n") + "\n" }
	good := func(name, comment, text string) {
		m.text("valid-parts-"+name, verify.Valid, comment, newScenario(m.t), text)
	}
	bad := func(name, comment, text string) {
		m.text("malformed-parts-"+name, verify.Malformed, comment, newScenario(m.t), text)
	}
	good("in-order", "a license in three parts", lines(parts...))
	good("any-order", "the last part first, and the second one twice", lines(append(backwards(parts), parts[1])...))
	good("no-line-feeds", "nothing stands between the parts", strings.Join(parts, ""))
	good("typed", "lower case, blanks, I and l for the digit 1",
		strings.ReplaceAll(strings.ToLower(strings.Join(parts, " \r\n")), "oll1/1-", "0ili / l-"))
	good("two", "the same license in two parts", lines(partsOf(m.t, format.LicenseFile, raw, 600)...))

	other := newScenario(m.t)
	other.license.ID[15]++
	others := partsOf(m.t, format.LicenseFile, fileOf(m.t, other.delegation, other.license), 400)
	finer := partsOf(m.t, format.LicenseFile, raw, 300)
	mark := parts[0][9:13]
	bad("one-missing", "the second of three parts is missing", lines(parts[0], parts[2]))
	bad("one-alone", "the first part alone", lines(parts[0]))
	bad("of-two-licenses", "the second part is another license's", lines(parts[0], others[1], parts[2]))
	bad("of-two-marks-removed", "likewise, and its mark is that of the first", lines(parts[0], strings.Replace(others[1], others[1][9:13], mark, 1), parts[2]))
	bad("of-two-kinds", "the second part has the prefix of a request", lines(parts[0], "OLS1"+parts[1][4:], parts[2]))
	bad("cut-in-two-ways", "a part of three, and parts of four", lines(append(finer, parts[0])...))
	bad("twice-and-different", "the second part is there twice, and a character differs", lines(append(parts, parts[1][:len(parts[1])-1]+swapped(parts[1]))...))
	bad("exchanged", "the first two parts have each other's numbers",
		lines("OLL1/2-3:"+parts[0][9:], "OLL1/1-3:"+parts[1][9:], parts[2]))
	bad("uneven", "a character of the second part stands at the end of the first", lines(parts[0]+parts[1][13:14], parts[1][:13]+parts[1][14:], parts[2]))
	bad("mark", "a mark that is not the statement's", strings.ReplaceAll(lines(parts...), ":"+mark, ":AAAA"))
	bad("part-zero", "the first part has the number 0", lines("OLL1/0-3:"+parts[0][9:], parts[1], parts[2]))
	bad("part-four-of-three", "a number above that of the parts", lines(parts[0], parts[1], "OLL1/4-3:"+parts[2][9:]))
	bad("leading-zero", "a number with a leading zero", lines("OLL1/01-3:"+parts[0][9:], parts[1], parts[2]))
	bad("one-of-one", "one part that is the whole", lines("OLL1/1-1:"+mark+format.EncodeText(format.LicenseFile, raw)[5:]))
	bad("a-hundred", "more parts than there may be", lines("OLL1/1-100:"+parts[0][9:]))
	bad("and-the-whole", "a part, and the whole text behind it", lines(parts[0], format.EncodeText(format.LicenseFile, raw)))
	bad("later-version", "a part of a later version", lines("OLL2/1-3:"+parts[0][9:]))

	m.add("request-parts", &vector{
		expect: verify.Valid, comment: "a signed request in two parts", open: "request",
		text: []byte(lines(partsOf(m.t, format.SignedRequest, sealedRequest(m.t), 300)...)),
	})
	m.add("request-code-parts", &vector{
		expect: verify.Valid, comment: "a request's code in two parts", open: "request",
		text: []byte(lines(partsOf(m.t, format.RequestBody, m.payload(testRequest(m.t)), 110)...)),
	})
	m.add("request-malformed-parts-missing", &vector{
		expect: verify.Malformed, comment: "the second of two parts is missing", open: "request",
		text: []byte(lines(partsOf(m.t, format.SignedRequest, sealedRequest(m.t), 300)[0])),
	})
	m.add("release-parts", &vector{
		expect: verify.Valid, comment: "a release in two parts", open: "release", id: testRelease().License.String(),
		facts: verify.Facts{Site: &verify.Site{Key: machineKey(m.t).Public()}},
		text:  []byte(lines(partsOf(m.t, format.Release, m.release(nil), 200)...)),
	})
}

// swapped returns another last character than a part has.
func swapped(part string) string {
	if part[len(part)-1] == 'A' {
		return "B"
	}
	return "A"
}
