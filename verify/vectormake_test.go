package verify_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// vectorMaker makes vectors out of scenarios.
type vectorMaker struct {
	t    testing.TB
	made map[string]*vector
}

func makeVectors(t testing.TB) map[string]*vector {
	m := &vectorMaker{t, make(map[string]*vector)}
	m.good()
	m.refusedTexts()
	m.refusedBytes()
	m.refusedSigners()
	m.refusedScopes()
	m.bindings()
	m.emergencies()
	m.texts()
	m.parts()
	m.spelledTexts()
	m.carried()
	m.further()
	m.curve()
	m.decided()
	m.places()
	m.refusedFacts()
	m.requests()
	m.delegations()
	m.releases()
	m.attestations()
	m.revoked()
	m.revocations()
	return m.made
}

func (m *vectorMaker) add(name string, v *vector) *vector {
	if m.made[name] != nil {
		m.t.Fatalf("two vectors are named %s", name)
	}
	m.made[name] = v
	return v
}

// license adds a scenario as it is after a change.
func (m *vectorMaker) license(name string, expect verify.Reason, comment string, change func(*scenario)) *vector {
	s := newScenario(m.t)
	s.facts.Site.Requests = append([][32]byte{}, s.facts.Site.Requests...)
	if change != nil {
		change(s)
	}
	return m.file(name, expect, comment, s, fileOf(m.t, s.delegation, s.license))
}

func (m *vectorMaker) file(name string, expect verify.Reason, comment string, s *scenario, raw []byte) *vector {
	return m.text(name, expect, comment, s, string(format.EncodeFile(format.LicenseFile, raw)))
}

func (m *vectorMaker) text(name string, expect verify.Reason, comment string, s *scenario, text string) *vector {
	v := &vector{
		expect: expect, comment: comment, open: "license",
		roots: []keys.PublicKey{rootKey(m.t).Public()}, facts: s.facts, text: []byte(text),
	}
	if expect == verify.Valid || expect == verify.Grace {
		v.id = s.license.ID.String()
	}
	return m.add(name, v)
}

// sealed adds a license file of two statements that need not be in order.
func (m *vectorMaker) sealed(name string, expect verify.Reason, comment string, statements ...[]byte) {
	raw := append([]byte{0x80 | byte(len(statements))}, bytes.Join(statements, nil)...)
	m.file(name, expect, comment, newScenario(m.t), raw)
}

func (m *vectorMaker) payload(p interface{ Marshal() ([]byte, error) }) []byte {
	b, err := p.Marshal()
	if err != nil {
		m.t.Fatal(err)
	}
	return b
}

func (m *vectorMaker) delegation() []byte {
	return sealDelegation(m.t, testDelegation(m.t), rootKey(m.t))
}

func (m *vectorMaker) sealLicense() []byte {
	return seal(m.t, format.License, m.payload(testLicense(m.t)), staffKey(m.t))
}

// once replaces what stands exactly once.
func (m *vectorMaker) once(b []byte, old, by string) []byte {
	if n := bytes.Count(b, []byte(old)); n != 1 {
		m.t.Fatalf("%q stands there %d times", old, n)
	}
	return bytes.Replace(b, []byte(old), []byte(by), 1)
}

func (m *vectorMaker) good() {
	m.license("valid", verify.Valid, "a production license on its site", nil)
	m.license("valid-perpetual", verify.Valid, "no exp: it never ends", func(s *scenario) {
		s.license.Expires, s.facts.Now = 0, ends.AddDate(50, 0, 0)
	})
	m.license("valid-unbound", verify.Valid, "bound to no machine, so that none is asked for", func(s *scenario) {
		s.license.Binding, s.facts.Site = nil, nil
	})
	m.license("valid-unbound-on-a-site", verify.Valid, "bound to no machine, and used on some", func(s *scenario) { s.license.Binding = nil })
	m.license("valid-looked-at-elsewhere", verify.Valid, "bound to a machine, and judged for any", func(s *scenario) { s.facts.Site = nil })
	m.license("valid-bound-to-key-alone", verify.Valid, "no components: the machine key and the request decide", func(s *scenario) {
		s.license.Binding.Need, s.license.Binding.Components, s.facts.Site.Components = 0, nil, nil
	})
	m.license("valid-two-of-three", verify.Valid, "one of three components has changed, two must match", func(s *scenario) {
		s.facts.Site.Components[1].Hash = []byte("changed!")
	})
	m.license("valid-six-byte-hashes", verify.Valid, "the license holds 6 bytes of each hash, the machine offers 8", func(s *scenario) {
		shorten(s.license.Binding.Components)
	})
	m.license("valid-last-second", verify.Valid, "one second before exp", func(s *scenario) { s.facts.Now = ends.Add(-time.Second) })
	m.license("valid-clock-an-hour-behind", verify.Valid, "the clock is an hour behind the issue: within the tolerance", func(s *scenario) {
		s.facts.Now = issued.Add(-time.Hour)
	})
	m.license("valid-begins-in-an-hour", verify.Valid, "nbf is an hour ahead: within the tolerance", func(s *scenario) {
		s.license.NotBefore = s.facts.Now.Unix() + 3600
	})
	m.license("valid-delegation-has-ended-since", verify.Valid, "a delegation is judged at the license's iat", func(s *scenario) {
		s.delegation.Expires = issued.Unix() + 1
	})
	m.license("valid-failover-in-emergency", verify.Valid, "a failover license while an emergency is declared", func(s *scenario) {
		s.license.Terms.Type, s.facts.Emergency = "failover", true
	})
	m.license("valid-failover-last-day", verify.Valid, "the last of 14 emergency days", func(s *scenario) {
		failover(s.license, 14)
		s.facts.Emergency, s.facts.EmergencyDays = true, 14
	})
	m.license("valid-version-under-x", verify.Valid, "9.x covers every 9", func(s *scenario) {
		s.license.Terms.MaxVersion, s.facts.Version = "9.x", "9.999.1"
	})
	m.license("valid-updates-last-second", verify.Valid, "built on the last second of the updates", func(s *scenario) {
		s.license.Terms.UpdatesUntil = s.facts.Built.Unix()
	})
	m.license("valid-ext", verify.Valid, "ext may be ignored", func(s *scenario) {
		s.license.Terms.Ext = map[string]format.Scalar{
			"color": format.TextScalar("red"), "n": format.IntScalar(-1), "old": format.BoolScalar(false),
		}
	})
	m.license("valid-international-names", verify.Valid, "text is UTF-8", func(s *scenario) {
		s.license.Terms.Customer, s.license.Terms.Site = "Müller & Söhne GmbH", "東京"
	})
	m.license("valid-two-roots", verify.Valid, "the second of two roots has signed", nil).roots =
		[]keys.PublicKey{strangerKey(m.t).Public(), rootKey(m.t).Public()}
	m.license("valid-use-at-its-limit", verify.Valid, "16 cores of 16; apps are not limited", func(s *scenario) {
		s.facts.Use = map[string]uint64{"cores": 16, "apps": 1 << 40}
	})
	named := func(used uint64) func(*scenario) {
		return func(s *scenario) {
			s.license.Terms.Limits["named users"], s.facts.Use = 20, map[string]uint64{"named users": used}
		}
	}
	m.license("valid-use-with-a-space", verify.Valid, "a limit's name may hold a space", named(20))
	m.license("over-limit-with-a-space", verify.OverLimit, "a limit's name may hold a space", named(21))
	m.license("grace-first-second", verify.Grace, "exp is the hard end: 14 grace days begin 14 days before it", func(s *scenario) {
		s.license.Terms.GraceDays, s.facts.Now = 14, ends.AddDate(0, 0, -14)
	})
	m.license("grace-last-second", verify.Grace, "one second before exp", func(s *scenario) {
		s.license.Terms.GraceDays, s.facts.Now = 14, ends.Add(-time.Second)
	})
	s := newScenario(m.t)
	raw := fileOf(m.t, s.delegation, s.license)
	line := format.EncodeText(format.LicenseFile, raw)
	m.text("valid-text-one-line", verify.Valid, "the text in one line, without a line feed", s, line)
	m.text("valid-text-lower-case", verify.Valid, "upper and lower case are the same", s, strings.ToLower(line))
	m.text("valid-text-spaced", verify.Valid, "white space and dashes are passed over", s, " "+strings.Join(strings.Split(line, ""), "-")+"\t\n\n")
	m.text("valid-text-crlf-bom", verify.Valid, "a byte order mark and CRLF, as some editors write", s,
		"\ufeff"+strings.ReplaceAll(string(format.EncodeFile(format.LicenseFile, raw)), "\n", "\r\n"))
	m.text("valid-text-digits", verify.Valid, "0, 1 and 8 for O, I and B, also in the prefix", s,
		"01l1:"+strings.NewReplacer("O", "0", "I", "1", "B", "8").Replace(line[5:]))
}

func (m *vectorMaker) refusedTexts() {
	s := newScenario(m.t)
	line := format.EncodeText(format.LicenseFile, fileOf(m.t, s.delegation, s.license))
	body := m.payload(testRequest(m.t))
	refuse := func(name, comment, text string) {
		m.text("malformed-text-"+name, verify.Malformed, comment, s, text)
	}
	refuse("empty", "nothing at all", "")
	refuse("checksum", "the content is right, and its checksum is not", wrongChecksum(line))
	refuse("cut", "the last 8 characters are missing", line[:len(line)-8])
	refuse("length", "a length that Base32 cannot have", line+strings.Repeat("A", (9-len(line[5:])%8)%8))
	refuse("padding", "Base32 with padding", line+"=")
	refuse("later-version", "a prefix of a later version", "OLL2"+line[4:])
	refuse("trailing", "something behind it", line+"\n# my license\n")
	refuse("request", "a request where a license belongs", format.EncodeText(format.RequestBody, body))
	refuse("signed-request", "a signed request where a license belongs", format.EncodeText(format.SignedRequest, sealedRequest(m.t)))
	refuse("release", "a release where a license belongs", format.EncodeText(format.Release, m.release(nil)))
	refuse("delegation", "a delegation where a license belongs", format.EncodeText(format.Delegation, m.delegation()))
	refuse("public-key", "a public key where a license belongs", rootKey(m.t).Public().MarshalLine("root"))

	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	if spare := len(line[5:]) * 5 % 8; spare == 0 {
		m.t.Fatal("the license's text has no spare bits")
	}
	last := strings.IndexByte(alphabet, line[len(line)-1])
	refuse("spare-bits", "a bit of the last character is set that belongs to no byte", line[:len(line)-1]+alphabet[last|1:][:1])
}

// refusedBytes are files whose checksum and signatures are right and whose form is not.
func (m *vectorMaker) refusedBytes() {
	delegation, license := m.delegation(), m.sealLicense()
	refuse := func(name, comment string, statements ...[]byte) {
		m.sealed("malformed-"+name, verify.Malformed, comment, statements...)
	}
	refuse("file-three-elements", "a file of three statements", delegation, license, license)
	refuse("file-order", "the license stands before the delegation", license, delegation)
	refuse("file-license-alone", "a file without a delegation", license)
	refuse("file-two-delegations", "a delegation where the license belongs", delegation, delegation)
	m.file("malformed-trailing-byte", verify.Malformed, "a byte behind the file's array", newScenario(m.t),
		append(bytes.Join([][]byte{{0x82}, delegation, license}, nil), 0))
	refuse("cwt-tag", "tag 61 around a statement", delegation, append([]byte{0xd8, 61}, license...))
	refuse("no-tag", "a statement without tag 18", delegation, license[1:])
	refuse("unprotected", "an unprotected header that is not empty", delegation, m.once(license, "+cwt\xa0", "+cwt\xa1\x09\x00"))

	header := func(name, comment, old, by string) {
		payload := m.payload(testLicense(m.t))
		raw, err := format.Seal(format.License, staffKey(m.t).Public().ID(), payload, func([]byte) ([]byte, error) { return make([]byte, 64), nil })
		if err != nil {
			m.t.Fatal(err)
		}
		// The signature is made over the changed header, so that it is not what is wrong.
		start := 4 // behind the tag, the array's head and the header's
		end := start + int(raw[3])
		changed := m.once(raw[start:end], old, by)
		message := append([]byte("\x84\x6aSignature1"), byteString(changed)...)
		message = append(append(message, 0x40), byteString(payload)...)
		signature, err := staffKey(m.t).Sign(message)
		if err != nil {
			m.t.Fatal(err)
		}
		statement := append([]byte{0xd2, 0x84}, byteString(changed)...)
		statement = append(append(statement, 0xa0), byteString(payload)...)
		refuse("header-"+name, comment, delegation, append(statement, byteString(signature)...))
	}
	header("alg-19", "alg -19 (Ed25519 of RFC 9864) for -8", "\xa3\x01\x27", "\xa3\x01\x32")
	header("alg-es256", "alg -7 for -8; the key, not the header, says the algorithm", "\xa3\x01\x27", "\xa3\x01\x26")
	header("typ", "a typ that is unknown", "license+cwt", "license+cwd")
	header("crit", "an unknown header", "\xa3\x01\x27", "\xa4\x01\x27\x02\x81\x01")

	payload := func(name, comment string, oldAndNew ...string) {
		changed := m.payload(testLicense(m.t))
		for i := 0; i < len(oldAndNew); i += 2 {
			changed = m.once(changed, oldAndNew[i], oldAndNew[i+1])
		}
		refuse("payload-"+name, comment, delegation, seal(m.t, format.License, changed, staffKey(m.t)))
	}
	end := "\x04\x1a" + string(be32(ends.Unix())) + "\x06"
	const claims, terms = "\xa8\x01\x6c", "\x3a\x00\x01\x11\x70"
	payload("null-exp", "null is not an absent exp", end, "\x04\xf6\x06")
	payload("zero-exp", "zero is not an absent exp", end, "\x04\x00\x06")
	payload("float-exp", "a float is not an integer", end, "\x04\xfb\x41\xda\x00\x00\x00\x00\x00\x00\x06")
	payload("text-exp", "a date in text is not an integer", end, "\x04\x6a2027-11-21\x06")
	payload("wide-exp", "an integer that is not in its shortest form", end, "\x04\x1b\x00\x00\x00\x00"+string(be32(ends.Unix()))+"\x06")
	payload("exp-before-iat", "it ends as it is issued", end, "\x04\x1a"+string(be32(issued.Unix()))+"\x06")
	payload("unsorted", "aud before sub", "\x02\x6dK7QX2MPA3ZL4N\x03\x64evoq", "\x03\x64evoq\x02\x6dK7QX2MPA3ZL4N")
	payload("twice", "aud is there twice", claims, "\xa9\x01\x6c", "\x03\x64evoq", "\x03\x64evoq\x03\x64evoq")
	payload("indefinite", "a map of indefinite length", claims, "\xbf\x01\x6c", "\x65users\x18\xc8", "\x65users\x18\xc8\xff")
	payload("no-seats", "the number of seats is missing", terms+"\xac", terms+"\xab", "\x01\x01\x02\x01\x03", "\x02\x01\x03")
	payload("zero-seats", "no seats", "\x01\x01\x02\x01\x03", "\x01\x00\x02\x01\x03")
	payload("unknown-term", "what this version does not know may restrict", terms+"\xac", terms+"\xad", "\x65users\x18\xc8", "\x65users\x18\xc8\x12\x01")
	payload("unknown-claim", "the same of a claim, in its place", claims, "\xa9\x01\x6c", terms, "\x09\x01"+terms)
	payload("unknown-cnf", "the same beside the machine's key", "\x08\xa1\x01\xa3", "\x08\xa2\x01\xa3", terms, "\x02\x01"+terms)
	payload("empty-features", "an empty list is said by leaving the key out", "\x0d\x81\x63sso", "\x0d\x80")
	payload("feature-twice", "a feature twice", "\x0d\x81\x63sso", "\x0d\x82\x63sso\x63sso")
	payload("limits-unsorted", "limits not in their order", "\x65cores\x10\x65users\x18\xc8", "\x65users\x18\xc8\x65cores\x10")
	payload("control-character", "an escape character in the customer's name", "\x68Site Ltd", "\x68Site\x1b[2J")
	payload("bidi-mark", "a mark that turns the direction of writing", "\x68Site Ltd", "\x68Site \u202e")
	payload("not-utf8", "text that is not UTF-8", "\x68Site Ltd", "\x68Site Lt\xff")
	payload("unknown-type", "a type that is unknown", "\x6aproduction", "\x6aproductive")
	payload("short-hash", "a component's hash of 5 bytes", "\x48machine1", "\x45machi")
	payload("need-four-of-three", "four of three components must match", "\x08\x02\x09\x86", "\x08\x04\x09\x86")
	payload("label-as-text", "a known label has a number", "\x01\x48machine1", "\x6amachine-id\x48machine1")
	weak := append([]byte{1}, make([]byte, 31)...)
	l := testLicense(m.t)
	l.Binding.Key = weak
	refuse("weak-machine-key", "the machine's key is the identity, under which anybody can sign", delegation,
		seal(m.t, format.License, m.payload(l), staffKey(m.t)))
}

// byteString is for less than 64 KiB.
func byteString(b []byte) []byte {
	head := []byte{0x40 | byte(len(b))}
	switch {
	case len(b) >= 256:
		head = []byte{0x59, byte(len(b) >> 8), byte(len(b))}
	case len(b) >= 24:
		head = []byte{0x58, byte(len(b))}
	}
	return append(head, b...)
}

func be32(n int64) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

func (m *vectorMaker) refusedSigners() {
	root, staff, stranger := rootKey(m.t), staffKey(m.t), strangerKey(m.t)
	to := func(key []byte, by keys.Signer) []byte {
		d := testDelegation(m.t)
		d.Key = key
		return seal(m.t, format.Delegation, m.payload(d), by)
	}
	license := func(by keys.Signer) []byte {
		return seal(m.t, format.License, m.payload(testLicense(m.t)), by)
	}
	good := m.delegation()
	flip := func(b []byte, fromEnd int) []byte {
		b = bytes.Clone(b)
		b[len(b)-fromEnd] ^= 1
		return b
	}
	weak := append([]byte{1}, make([]byte, 31)...)
	forged, err := format.Seal(format.License, thumbprint(weak), m.payload(testLicense(m.t)), forgery)
	if err != nil {
		m.t.Fatal(err)
	}

	m.sealed("bad-signature-license", verify.BadSignature, "one bit of the license's signature", good, flip(license(staff), 1))
	m.sealed("bad-signature-terms", verify.BadSignature, "the license has one more core than was signed", good, m.once(license(staff), "\x65cores\x10", "\x65cores\x11"))
	m.sealed("bad-signature-delegation", verify.BadSignature, "one bit of the delegation's signature", flip(good, 64), license(staff))
	m.sealed("bad-signature-scope", verify.BadSignature, "the delegation allows one more seat than was signed", m.once(good, "\x03\x0a\x04\x03", "\x03\x0b\x04\x03"), license(staff))
	m.sealed("bad-signature-impostor", verify.BadSignature, "another key signs under the staff key's id", good, license(impostor{stranger, staff.Public()}))
	m.sealed("bad-signature-of-another", verify.BadSignature, "the delegation's signature on the license", good, append(license(staff)[:len(license(staff))-64], good[len(good)-64:]...))
	m.sealed("bad-signature-high-s", verify.BadSignature, "S plus the order of the group: a second signature of the same content", good, highS(license(staff)))
	m.sealed("bad-signature-weak-staff-key", verify.BadSignature, "the delegation names the identity, under which anybody can sign", to(weak, root), forged)
	m.sealed("unknown-key-root", verify.UnknownKey, "another vendor's root", to(staff.Public().Bytes(), stranger), license(staff))
	m.sealed("unknown-key-itself", verify.UnknownKey, "a staff key that delegates to itself", to(staff.Public().Bytes(), staff), license(staff))
	m.sealed("unknown-key-license", verify.UnknownKey, "the delegation is to another key", good, license(stranger))
	m.sealed("out-of-scope-root-signs", verify.OutOfScope, "a root signs no licenses", good, license(root))
	m.sealed("out-of-scope-root-delegates-to-itself", verify.OutOfScope, "a root signs no licenses, under no delegation", to(root.Public().Bytes(), root), license(root))
	m.sealed("malformed-cross-kind-delegation", verify.Malformed, "a delegation's content sealed as a license", good,
		seal(m.t, format.License, m.payload(testDelegation(m.t)), staff))
	m.sealed("malformed-cross-kind-license", verify.Malformed, "a license's content sealed as a delegation",
		seal(m.t, format.Delegation, m.payload(testLicense(m.t)), root), license(staff))
}

// highS adds the group's order to the S of a statement's signature (RFC 8032, section 5.1.7).
func highS(statement []byte) []byte {
	order := []byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	high := bytes.Clone(statement)
	s, carry := high[len(high)-32:], 0
	for i := range s {
		sum := int(s[i]) + int(order[i]) + carry
		s[i], carry = byte(sum), sum>>8
	}
	return high
}

func (m *vectorMaker) refusedScopes() {
	refuse := func(name, comment string, change func(*scenario)) {
		m.license("out-of-scope-"+name, verify.OutOfScope, comment, change)
	}
	refuse("vendor", "the license names another vendor than the delegation", func(s *scenario) { s.license.Issuer = "other.example" })
	refuse("issued-before", "issued a second before the delegation begins", func(s *scenario) { s.delegation.NotBefore = issued.Unix() + 1 })
	refuse("issued-after", "issued as the delegation ends", func(s *scenario) { s.delegation.Expires = issued.Unix() })
	refuse("no-products", "an absent list allows nothing", func(s *scenario) { s.delegation.Scope.Products = nil })
	refuse("product", "another product", func(s *scenario) { s.delegation.Scope.Products = []string{"liquid"} })
	refuse("product-pattern", "no patterns: * alone means any", func(s *scenario) { s.delegation.Scope.Products = []string{"ev*"} })
	refuse("no-types", "an absent list allows nothing", func(s *scenario) { s.delegation.Scope.Types = nil })
	refuse("type", "production by a key for development and test", func(s *scenario) { s.delegation.Scope.Types = []string{"development", "test"} })
	refuse("seats", "one seat more than allowed", func(s *scenario) { s.license.Terms.Seats = 11 })
	refuse("no-seats", "an absent number reaches nowhere", func(s *scenario) { s.delegation.Scope.MaxSeats = 0 })
	refuse("term", "a second longer than allowed", func(s *scenario) { s.delegation.Scope.MaxTerm = ends.Unix() - issued.Unix() - 1 })
	refuse("no-term", "an absent number reaches nowhere", func(s *scenario) { s.delegation.Scope.MaxTerm = 0 })
	refuse("perpetual", "no end, and the key may not", func(s *scenario) { s.license.Expires, s.delegation.Scope.Perpetual = 0, false })
}

func (m *vectorMaker) refusedFacts() {
	m.license("wrong-product", verify.WrongProduct, "the license of another product", func(s *scenario) { s.facts.Product = "liquid" })
	m.license("wrong-product-edition", verify.WrongProduct, "the license of another edition", func(s *scenario) { s.facts.Edition = "basic" })
	m.license("wrong-product-no-edition", verify.WrongProduct, "a license without an edition where one is asked", func(s *scenario) { s.license.Terms.Edition = "" })
	m.license("wrong-version", verify.WrongVersion, "9.10 is above 9.9", func(s *scenario) {
		s.license.Terms.MaxVersion, s.facts.Version = "9.9", "9.10.0"
	})
	m.license("wrong-version-not-numbers", verify.WrongVersion, "a version that cannot be compared is not covered", func(s *scenario) {
		s.license.Terms.MaxVersion, s.facts.Version = "9.9", "latest"
	})
	m.license("wrong-site-key", verify.WrongSite, "another machine key", func(s *scenario) { s.facts.Site.Key = strangerKey(m.t).Public() })
	m.license("wrong-site-request", verify.WrongSite, "the request was altered on its way", func(s *scenario) { s.facts.Site.Requests[0][0] ^= 1 })
	m.license("wrong-machine", verify.WrongMachine, "one of three components, two must match", func(s *scenario) {
		s.facts.Site.Components = s.facts.Site.Components[:1]
	})
	m.license("wrong-machine-labels", verify.WrongMachine, "the right hashes under other labels", func(s *scenario) {
		c := s.facts.Site.Components
		c[0].Label, c[1].Label = c[1].Label, c[0].Label
	})
	m.license("wrong-machine-short", verify.WrongMachine, "the machine offers 6 bytes of hashes of which the license holds 8", func(s *scenario) {
		shorten(s.facts.Site.Components)
	})
	m.license("standby", verify.Standby, "a failover license and no emergency", func(s *scenario) { s.license.Terms.Type = "failover" })
	m.license("standby-days-used", verify.Standby, "an emergency, and its 14 days are used up", func(s *scenario) {
		failover(s.license, 14)
		s.facts.Emergency, s.facts.EmergencyDays = true, 15
	})
	m.license("clock-rolled-back-issue", verify.ClockRolledBack, "more than an hour before the license was issued", func(s *scenario) {
		s.facts.Now = issued.Add(-time.Hour - time.Second)
	})
	m.license("clock-rolled-back-built", verify.ClockRolledBack, "more than an hour before the program was built", func(s *scenario) {
		s.facts.Built = s.facts.Now.Add(time.Hour + time.Second)
	})
	m.license("clock-rolled-back-seen", verify.ClockRolledBack, "more than 25 hours before the highest time seen", func(s *scenario) {
		s.facts.Seen = s.facts.Now.Add(25*time.Hour + time.Second)
	})
	m.license("valid-behind-seen", verify.Valid, "25 hours before the highest time seen: a clock that was ahead for a while", func(s *scenario) {
		s.facts.Seen = s.facts.Now.Add(25 * time.Hour)
	})
	m.license("expired-behind-seen", verify.Expired, "the highest time seen is the end, and the tolerance stretches nothing", func(s *scenario) {
		s.facts.Seen = ends
		s.facts.Now = ends.Add(-25 * time.Hour)
	})
	m.license("clock-rolled-back-before-not-before", verify.ClockRolledBack, "the clock is judged before nbf", func(s *scenario) {
		s.license.NotBefore, s.facts.Now = issued.Unix()+dayLong, time.Unix(0, 0)
	})
	m.license("not-yet-valid", verify.NotYetValid, "nbf is an hour and a second ahead", func(s *scenario) {
		s.license.NotBefore = s.facts.Now.Unix() + 3601
	})
	m.license("expired", verify.Expired, "on the second of exp", func(s *scenario) { s.facts.Now = ends })
	m.license("expired-after-grace", verify.Expired, "grace does not reach beyond exp", func(s *scenario) {
		s.license.Terms.GraceDays, s.facts.Now = 14, ends
	})
	m.license("expired-clock-behind", verify.Expired, "the tolerance makes no license longer", func(s *scenario) {
		s.facts.Now, s.facts.Seen = ends.Add(-30*time.Minute), ends
	})
	m.license("updates-ended", verify.UpdatesEnded, "built a second after the updates ended", func(s *scenario) {
		s.license.Terms.UpdatesUntil = s.facts.Built.Unix() - 1
	})
	m.license("over-limit", verify.OverLimit, "17 cores of 16", func(s *scenario) { s.facts.Use = map[string]uint64{"cores": 17} })
}

func (m *vectorMaker) delegations() {
	add := func(name string, expect verify.Reason, comment string, raw []byte) {
		m.add("delegation-"+name, &vector{
			expect: expect, comment: comment, open: "delegation",
			roots: []keys.PublicKey{rootKey(m.t).Public()}, text: format.EncodeFile(format.Delegation, raw),
		})
	}
	add("valid", verify.Valid, "a delegation by the root", m.delegation())
	add("unknown-key", verify.UnknownKey, "a delegation by another root", sealDelegation(m.t, testDelegation(m.t), strangerKey(m.t)))
	add("bad-signature", verify.BadSignature, "one more seat than was signed", m.once(m.delegation(), "\x03\x0a\x04\x03", "\x03\x0b\x04\x03"))
	add("malformed-empty-list", verify.Malformed, "an empty list is said by leaving the key out",
		seal(m.t, format.Delegation, m.once(m.payload(testDelegation(m.t)), "\x00\x81\x61*", "\x00\x80"), rootKey(m.t)))
	add("malformed-false", verify.Malformed, "leave the key out for false",
		seal(m.t, format.Delegation, m.once(m.payload(testDelegation(m.t)), "\x04\x03\x05\xf5", "\x04\x03\x05\xf4"), rootKey(m.t)))
}
