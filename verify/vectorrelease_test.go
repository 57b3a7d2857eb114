package verify_test

import (
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// release returns a sealed release as it is after a change.
func (m *vectorMaker) release(change func(*format.ReleaseClaims)) []byte {
	c := testRelease()
	if change != nil {
		change(c)
	}
	return seal(m.t, format.Release, m.payload(c), machineKey(m.t))
}

func (m *vectorMaker) releases() {
	add := func(name string, expect verify.Reason, comment string, kind format.Kind, raw []byte) {
		v := &vector{
			expect: expect, comment: comment, open: "release", text: format.EncodeFile(kind, raw),
			facts: verify.Facts{Site: &verify.Site{Key: machineKey(m.t).Public()}},
		}
		if expect == verify.Valid {
			v.id = testRelease().License.String()
		}
		m.add("release-"+name, v)
	}
	good := m.release(nil)
	altered := func(kind format.Kind, old, by string) []byte {
		return seal(m.t, kind, m.once(m.payload(testRelease()), old, by), machineKey(m.t))
	}
	const claim = "\x3a\x00\x01\x11\x74"
	add("valid", verify.Valid, "signed by the machine key of the license", format.Release, good)
	add("emergency-days", verify.Valid, "after 12 emergency days", format.Release,
		m.release(func(c *format.ReleaseClaims) { c.EmergencyDays = 12 }))
	add("unknown-key", verify.UnknownKey, "signed by another machine", format.Release,
		seal(m.t, format.Release, m.payload(testRelease()), strangerKey(m.t)))
	add("bad-signature", verify.BadSignature, "another machine signs under the machine's id", format.Release,
		seal(m.t, format.Release, m.payload(testRelease()), impostor{strangerKey(m.t), machineKey(m.t).Public()}))
	add("bad-signature-license", verify.BadSignature, "another license than was signed", format.Release,
		m.once(good, "\x00\x50\x02", "\x00\x50\x03"))
	add("malformed-zero-days", verify.Malformed, "no days are said by leaving the key out", format.Release,
		altered(format.Release, claim+"\xa1\x00\x50\x02"+strings.Repeat("\x00", 15), claim+"\xa2\x00\x50\x02"+strings.Repeat("\x00", 15)+"\x01\x00"))
	add("malformed-unknown-claim", verify.Malformed, "an exp, which releases have not", format.Release,
		seal(m.t, format.Release, append([]byte{0xa6}, m.once(m.payload(testRelease()), "\x06\x1a", "\x04\x01\x06\x1a")[1:]...), machineKey(m.t)))
	add("malformed-unknown-key", verify.Malformed, "a key of a later version", format.Release,
		altered(format.Release, claim+"\xa1\x00\x50\x02"+strings.Repeat("\x00", 15), claim+"\xa2\x00\x50\x02"+strings.Repeat("\x00", 15)+"\x02\x01"))
	add("malformed-cross-kind", verify.Malformed, "a release's content sealed as a request", format.Release,
		altered(format.SignedRequest, "\x06\x1a", "\x06\x1a"))
	add("malformed-request", verify.Malformed, "a request where a release belongs", format.SignedRequest, sealedRequest(m.t))
	s := newScenario(m.t)
	add("malformed-license", verify.Malformed, "a license where a release belongs", format.LicenseFile, fileOf(m.t, s.delegation, s.license))
}
