package verify_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// carried: short licenses, which a site rebuilds by what it holds.
func (m *vectorMaker) carried() {
	body := m.payload(testRequest(m.t))
	asked := func(body []byte) []byte { return []byte(format.EncodeText(format.RequestBody, body)) }
	carry := func(file, body []byte, withDelegation bool) []byte {
		raw, err := format.Carry(file, body, withDelegation)
		if err != nil {
			m.t.Fatal(err)
		}
		return raw
	}
	text := func(raw []byte) string { return string(format.EncodeFile(format.CarriedLicense, raw)) }
	add := func(name string, expect verify.Reason, comment string, s *scenario, text string) *vector {
		v := m.text(name, expect, comment, s, text)
		v.asked = [][]byte{asked(body)}
		return v
	}
	// changed is a scenario after a change, with its delegation or without.
	changed := func(name string, expect verify.Reason, comment string, whole bool, change func(*scenario)) *vector {
		s := newScenario(m.t)
		if change != nil {
			change(s)
		}
		return add(name, expect, comment, s, text(carry(fileOf(m.t, s.delegation, s.license), body, whole)))
	}
	met := [][]byte{[]byte(format.EncodeText(format.Delegation, m.delegation()))}
	other := testRequest(m.t)
	other.Time++
	otherBody := m.payload(other)

	changed("valid-carried", verify.Valid, "a short license with its delegation", true, nil)
	changed("valid-carried-met", verify.Valid, "it leaves out the delegation, which the site has met", false, nil).met = met
	changed("valid-carried-several-requests", verify.Valid, "the site has made two requests", true, nil).asked = [][]byte{asked(otherBody), asked(body)}
	changed("valid-carried-several-delegations", verify.Valid, "the site has met two delegations of the key", false, nil).met =
		[][]byte{[]byte(format.EncodeText(format.Delegation, sealDelegation(m.t, earlierDelegation(m), rootKey(m.t)))), met[0]}
	changed("valid-carried-other-words", verify.Valid, "what differs from the request is carried: type, invoice, site", true, func(s *scenario) {
		s.license.Terms.Type, s.license.Terms.Invoice, s.license.Terms.Site = "staging", "INV0043-1", "main"
	})
	changed("valid-carried-two-components", verify.Valid, "it names two of the request's three components", true, func(s *scenario) {
		s.license.Binding.Components = s.license.Binding.Components[:2]
	})
	changed("valid-carried-key-alone", verify.Valid, "it names none of them", true, func(s *scenario) {
		s.license.Binding.Need, s.license.Binding.Components = 0, nil
	})
	changed("valid-carried-met-and-carried", verify.Valid, "it carries what the site has met as well", true, nil).met = met
	changed("expired-carried", verify.Expired, "what was rebuilt is judged as a file is", true, func(s *scenario) { s.facts.Now = ends })
	changed("out-of-scope-carried", verify.OutOfScope, "more seats than the delegation allows", true, func(s *scenario) { s.license.Terms.Seats = 11 })
	changed("wrong-site-carried", verify.WrongSite, "it answers a request that the site has not made", true, nil).asked = [][]byte{asked(otherBody)}
	changed("wrong-site-carried-nothing-asked", verify.WrongSite, "the site has met a delegation and made no request", false, nil).asked = nil
	m.made["wrong-site-carried-nothing-asked"].met = met
	changed("unknown-key-carried-left-out", verify.UnknownKey, "it leaves out a delegation that the site has not met", false, nil).met =
		[][]byte{[]byte(format.EncodeText(format.Delegation, sealDelegation(m.t, earlierDelegation(m), rootKey(m.t))))}
	changed("malformed-carried-elsewhere", verify.Malformed, "a verifier that is no site takes no short license", true, nil).asked = nil

	unreadable := testRequest(m.t)
	unreadable.Unreadable = []string{format.LabelProductUUID}
	unreadableBody := m.payload(unreadable)
	u := newScenario(m.t)
	u.license.Binding.Request, u.license.Binding.Components = sha256.Sum256(unreadableBody), unreadable.Readable()
	u.facts.Site.Requests = [][32]byte{u.license.Binding.Request}
	add("valid-carried-unreadable", verify.Valid, "it names the components of the request that its checker reads", u,
		text(carry(fileOf(m.t, u.delegation, u.license), unreadableBody, true))).asked = [][]byte{asked(unreadableBody)}

	s := newScenario(m.t)
	file := fileOf(m.t, s.delegation, s.license)
	raw := carry(file, body, true)
	listed := slices.Concat([]byte{0x83}, file[1:], rootList(m.t, revoking(7, format.ID{9}), rootKey(m.t)))
	add("valid-carried-list", verify.Valid, "it carries a revocation list", newScenario(m.t), text(carry(listed, body, true))).list = 7
	add("valid-carried-parts", verify.Valid, "a short license in two parts", newScenario(m.t), strings.Join(partsOf(m.t, format.CarriedLicense, raw, 400), "\n")+"\n")
	standby := slices.Concat([]byte{0x82}, sealDelegation(m.t, s.delegation, standbyKey(m.t)), m.sealLicense())
	v := add("valid-carried-standby", verify.Valid, "the second root has signed the delegation", newScenario(m.t), text(carry(standby, body, true)))
	v.roots = append(v.roots, standbyKey(m.t).Public())
	stranger := slices.Concat([]byte{0x82}, sealDelegation(m.t, s.delegation, strangerKey(m.t)), m.sealLicense())
	add("unknown-key-carried-root", verify.UnknownKey, "a stranger has signed the delegation", newScenario(m.t), text(carry(stranger, body, true)))

	bad := func(name string, expect verify.Reason, comment string, raw []byte) {
		add(name, expect, comment, newScenario(m.t), text(raw))
	}
	malformed := func(name, comment string, raw []byte) { bad("malformed-carried-"+name, verify.Malformed, comment, raw) }
	hash, otherHash := sha256.Sum256(body), sha256.Sum256(otherBody)
	elsewhere := testLicense(m.t)
	elsewhere.Binding.Request = otherHash
	guessed := carry(fileOf(m.t, testDelegation(m.t), elsewhere), otherBody, true)
	bad("bad-signature-carried-guess", verify.BadSignature, "for another request whose hash begins with the same five bytes",
		m.once(guessed, string(otherHash[:5]), string(hash[:5])))
	bad("bad-signature-carried-terms", verify.BadSignature, "a limit was changed", m.once(raw, "\x65cores\x10", "\x65cores\x11"))
	bad("bad-signature-carried-bit", verify.BadSignature, "a bit of the license's signature was changed",
		m.once(raw, string(signatureOf(m, file)), string(append(signatureOf(m, file)[:63:63], signatureOf(m, file)[63]^1))))
	bad("unknown-key-carried-delegation", verify.UnknownKey, "the name in the delegation was changed", m.once(raw, "\x64anna", "\x64eve!"))
	malformed("product", "it says the product of the request", m.once(raw, "\xa5\x02\x6dK7QX2MPA3ZL4N\x04", "\xa6\x02\x6dK7QX2MPA3ZL4N\x03\x64evoq\x04"))
	malformed("vendor", "it says the vendor of the delegation", m.once(raw, "\xa5\x02\x6dK7QX2MPA3ZL4N\x04", "\xa6\x01\x6cacme.example\x02\x6dK7QX2MPA3ZL4N\x04"))
	malformed("no-seats", "a term that no reader holds is left out", m.once(raw, "\x01\x01\x02\x01\x04\x68Site", "\x02\x01\x04\x68Site"))
	malformed("wide", "a number that is not in its shortest form", m.once(raw, "\x65cores\x10", "\x65cores\x18\x10"))
	malformed("trailing", "a byte behind it", append(bytes.Clone(raw), 0))
	malformed("three-elements", "no delegation, and not its digest", append([]byte{0x83}, raw[1:bytes.Index(raw, []byte("\x82\x58"))]...))
	malformed("request-mark", "six bytes of the request's hash", m.once(raw, "\x45"+string(hash[:5]), "\x46"+string(hash[:6])))
	malformed("digest", "five bytes of the delegation's digest", m.once(carry(file, body, false), "\x44"+string(delegationDigest(m, file)[:4]), "\x45"+string(delegationDigest(m, file)[:5])))
	malformed("two-lists", "two revocation lists", append(append([]byte{0x86}, carry(listed, body, true)[1:]...), rootList(m.t, testList(1), rootKey(m.t))...))
	malformed("delegation-as-list", "a delegation in the place of the list", append(append([]byte{0x85}, raw[1:]...), append([]byte{0x81}, m.delegation()...)...))
	malformed("too-long", "one byte more than 8 KiB", make([]byte, format.MaxCarried+1))
	m.made["malformed-carried-too-long"].text = []byte(format.EncodeText(format.CarriedLicense, make([]byte, format.MaxCarried+1)))
}

// earlierDelegation is another of the same key.
func earlierDelegation(m *vectorMaker) *format.DelegationClaims {
	d := testDelegation(m.t)
	d.ID[15]++
	return d
}

func parsedFile(m *vectorMaker, raw []byte) format.File {
	f, err := format.ParseFile(raw)
	if err != nil {
		m.t.Fatal(err)
	}
	return f
}

func signatureOf(m *vectorMaker, file []byte) []byte { return parsedFile(m, file).License.Signature() }

func delegationDigest(m *vectorMaker, file []byte) []byte {
	digest := parsedFile(m, file).Delegation.Digest()
	return digest[:]
}

// whole returns the text of a license file, which a short license is rebuilt to.
func (v *vector) whole(verifier *verify.Verifier) ([]byte, error) {
	if kind, _, err := format.DecodeText(v.text); err != nil || kind != format.CarriedLicense || v.asked == nil && v.met == nil {
		return v.text, nil
	}
	c, err := verify.OpenCarried(v.text)
	if err != nil {
		return nil, err
	}
	var requests []*verify.Request
	for _, text := range v.asked {
		q, err := verify.OpenRequest(text)
		if err != nil {
			return nil, err
		}
		requests = append(requests, q)
	}
	var met [][]byte
	for _, text := range v.met {
		raw, err := format.DecodeTextAs(text, format.Delegation)
		if err != nil {
			return nil, err
		}
		met = append(met, raw)
	}
	return verifier.Rebuild(c, requests, met...)
}
