package verify_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Vectors of what two implementations once decided differently, or could.

// wrongChecksum changes a bit of a text's checksum and of nothing else.
func wrongChecksum(line string) string {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(line[5:])
	if err != nil {
		panic(err)
	}
	raw[len(raw)-1] ^= 1
	return line[:5] + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}

func textItem(s string) string {
	if len(s) < 24 {
		return string(rune(0x60|len(s))) + s
	}
	return "\x78" + string([]byte{byte(len(s))}) + s
}

// texts are the customer's names of licenses.
func (m *vectorMaker) texts() {
	named := func(name string, good bool, comment, customer string) {
		payload := m.once(m.payload(testLicense(m.t)), "\x68Site Ltd", textItem(customer))
		license := seal(m.t, format.License, payload, staffKey(m.t))
		if good {
			m.sealed("valid-name-"+name, verify.Valid, comment, m.delegation(), license)
		} else {
			m.sealed("malformed-name-"+name, verify.Malformed, comment, m.delegation(), license)
		}
	}
	for _, c := range []struct{ name, comment, text string }{
		{"nul", "a zero byte", "Acme\x00Ltd"},
		{"tab", "a tab", "Acme\tLtd"},
		{"line-feed", "a line feed", "Acme\nLtd"},
		{"delete", "U+007F", "Acme\x7fLtd"},
		{"c1", "U+009B, which begins an escape sequence", "Acme\u009b2J"},
		{"no-break-space", "U+00A0 looks like a space", "Acme\u00a0Ltd"},
		{"soft-hyphen", "U+00AD is not shown", "Ac\u00adme Ltd"},
		{"grapheme-joiner", "U+034F is not shown", "Ac\u034fme Ltd"},
		{"hangul-filler", "U+115F is blank", "Acme Ltd\u115f"},
		{"mongolian-separator", "U+180E is not shown", "Ac\u180eme Ltd"},
		{"thin-space", "U+2009 looks like a space", "Acme\u2009Ltd"},
		{"zero-width-space", "U+200B is not shown", "Ac\u200bme Ltd"},
		{"right-to-left-mark", "U+200F turns the direction", "Acme\u200f Ltd"},
		{"line-separator", "U+2028", "Acme\u2028Ltd"},
		{"word-joiner", "U+2060 is not shown", "Ac\u2060me Ltd"},
		{"braille-blank", "U+2800 is blank", "Acme\u2800Ltd"},
		{"hangul-filler-letter", "U+3164 is blank", "Acme Ltd\u3164"},
		{"variation-selector", "U+FE0F is not shown", "Acme\ufe0f Ltd"},
		{"byte-order-mark", "U+FEFF is not shown", "Acme\ufeff Ltd"},
		{"halfwidth-filler", "U+FFA0 is blank", "Acme Ltd\uffa0"},
		{"annotation", "U+FFF9", "Acme\ufff9 Ltd"},
		{"shorthand", "U+1BCA0 is not shown", "Acme\U0001bca0 Ltd"},
		{"musical", "U+1D173 is not shown", "Acme\U0001d173 Ltd"},
		{"tag", "U+E0041 is not shown", "Acme\U000e0041 Ltd"},
		{"variation-selector-17", "U+E0100 is not shown", "Acme\U000e0100 Ltd"},
		{"unassigned-ignorable", "U+E0FFF is not shown", "Acme\U000e0fff Ltd"},
		{"joiner-between-latin", "U+200D joins nothing in Latin letters", "Ac\u200dme Ltd"},
		{"joiner-at-the-end", "U+200D behind the last letter", "\u0915\u094d\u200d"},
		{"joiners-in-a-row", "a joiner behind a joiner", "\u0915\u094d\u200d\u200c\u0937"},
		{"five-marks", "five combining marks in a row", "Zu\u0301\u0301\u0301\u0301\u0301rich"},
		{"space-behind", "a space at the end", "Site Ltd "},
		{"space-before", "a space at the beginning", " Site Ltd"},
		{"wide-space-behind", "U+3000 at the end", "Site Ltd\u3000"},
		{"overlong", "a slash in two bytes is not UTF-8", "Site\xc0\xafLtd"},
		{"surrogate", "half a surrogate pair is not UTF-8", "Site\xed\xa0\x80"},
		{"129-bytes", "a name has at most 128 bytes", strings.Repeat("a", 129)},
		{"128-letters", "bytes are counted, not letters", strings.Repeat("ü", 65)},
	} {
		named(c.name, false, c.comment, c.text)
	}
	for _, c := range []struct{ name, comment, text string }{
		{"joiner-between-letters", "U+200D behind a virama, between letters of Devanagari", "\u0915\u094d\u200d\u0937"},
		{"non-joiner-between-letters", "U+200C between letters of Arabic script", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"},
		{"four-marks", "four combining marks in a row", "Zu\u0301\u0301\u0301\u0301rich"},
		{"decomposed", "texts are compared byte by byte: u and U+0308 are not ü", "Mu\u0308ller"},
		{"wide-space", "U+3000 between words", "\u682a\u5f0f\u4f1a\u793e\u3000\u6771\u4eac"},
		{"128-bytes", "the longest", strings.Repeat("a", 128)},
	} {
		named(c.name, true, c.comment, c.text)
	}
}

// unknownStatement is in form, by the staff key, and of a typ that this version does not know.
func (m *vectorMaker) unknownStatement() []byte {
	return m.once(seal(m.t, format.Release, m.payload(testRelease()), staffKey(m.t)), "offlicense.release+cwt", "offlicense.unknown+cwt")
}

// further are files with more than a license in them.
func (m *vectorMaker) further() {
	one := append([]byte{0x81}, m.unknownStatement()...)
	two := slices.Concat([]byte{0x82}, m.delegation(), m.unknownStatement())
	list := rootList(m.t, testList(7), rootKey(m.t))
	statements := func(further ...[]byte) [][]byte { return append([][]byte{m.delegation(), m.sealLicense()}, further...) }
	listed := func(name, comment string, further ...[]byte) {
		m.sealed("valid-further-"+name, verify.Valid, comment, statements(further...)...)
		m.made["valid-further-"+name].list = 7
	}
	m.sealed("valid-further-unknown", verify.Valid, "a statement of a later version is passed over", statements(one)...)
	m.sealed("valid-further-delegated", verify.Valid, "the same with a delegation before it", statements(two)...)
	m.sealed("valid-further-four", verify.Valid, "four of them", statements(one, two, one, one)...)
	listed("list-before", "a list, and a statement of a later version", list, one)
	listed("list-behind", "the list comes last", one, two, one, list)

	refuse := func(name, comment string, statements ...[]byte) {
		m.sealed("malformed-further-"+name, verify.Malformed, comment, statements...)
	}
	refuse("five", "five statements behind the license", statements(one, one, one, one, one)...)
	refuse("two-lists", "two revocation lists", statements(list, one, list)...)
	refuse("before-the-license", "nothing before the license is passed over", m.delegation(), one, m.sealLicense())
	refuse("bare", "a statement that stands in no array", statements(m.unknownStatement())...)
	refuse("three", "three statements in an array", statements(slices.Concat([]byte{0x83}, m.delegation(), m.delegation(), m.unknownStatement()))...)
	refuse("empty", "an empty array", statements([]byte{0x80})...)
	refuse("another-license", "a typ that is known, and has no place here", statements(append([]byte{0x81}, m.sealLicense()...))...)
	refuse("no-typ", "a typ of no bytes", statements(m.once(one, "\x78\x26application/vnd.offlicense.unknown+cwt", "\x60"))...)
}

// signAs returns an Ed25519 signature of the message by a scalar, for a public key that need
// not be its own, with R as given and r its scalar; k is the hash that binds them.
func signAs(public, point []byte, a, r *big.Int, message []byte) (signature []byte, k *big.Int) {
	hash := sha512.Sum512(slices.Concat(point, public, message))
	k = littleEndian(hash[:])
	s := new(big.Int).Mul(k, a)
	s.Add(s, r).Mod(s, groupOrder)
	b := s.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return append(bytes.Clone(point), b...), k
}

var groupOrder, _ = new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)

func littleEndian(b []byte) *big.Int {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// scalarOf is what RFC 8032, section 5.1.5, makes of a seed of equal bytes.
func scalarOf(seed byte) *big.Int {
	hash := sha512.Sum512(bytes.Repeat([]byte{seed}, 32))
	hash[0] &= 248
	hash[31] = hash[31]&127 | 64
	return littleEndian(hash[:32])
}

func fromHex(s string) []byte {
	var b []byte
	for i := 0; i < len(s); i += 2 {
		n, _ := new(big.Int).SetString(s[i:i+2], 16)
		b = append(b, byte(n.Uint64()))
	}
	return b
}

// curve are keys and signatures on which libraries differ.
func (m *vectorMaker) curve() {
	t := m.t
	to := func(key []byte) []byte {
		d := testDelegation(t)
		d.Key = key
		return seal(t, format.Delegation, m.payload(d), rootKey(t))
	}
	by := func(key []byte, sign func(message []byte) []byte) []byte {
		raw, err := format.Seal(format.License, thumbprint(key), m.payload(testLicense(t)), func(message []byte) ([]byte, error) { return sign(message), nil })
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	// The staff key and a point of order 8 together.
	mixed := fromHex("ab83cb3149fdea5c838f2e5716ff9010a295d08d9c442da356b53bafea350975")
	eighth := func(want bool) func(message []byte) []byte {
		return func(message []byte) []byte {
			for seed := byte(10); ; seed++ {
				signature, k := signAs(mixed, seededKey(t, seed).Public().Bytes(), scalarOf(2), scalarOf(seed), message)
				reduced := new(big.Int).Mod(k, groupOrder)
				none := k.Bit(0)|k.Bit(1)|k.Bit(2)|reduced.Bit(0)|reduced.Bit(1)|reduced.Bit(2) == 0
				some := k.Bit(0)|k.Bit(1)|k.Bit(2) == 1 && reduced.Bit(0)|reduced.Bit(1)|reduced.Bit(2) == 1
				if want && none || !want && some {
					return signature
				}
			}
		}
	}
	m.sealed("valid-curve-mixed-key", verify.Valid, "a key with a part of order 8, and a signature by which the equation holds as it stands", to(mixed), by(mixed, eighth(true)))
	m.sealed("bad-signature-curve-mixed-key", verify.BadSignature, "the same key, and a signature by which it holds only when multiplied by 8", to(mixed), by(mixed, eighth(false)))
	staff := staffKey(t).Public().Bytes()
	identity := fromHex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
	m.sealed("bad-signature-curve-r", verify.BadSignature, "R is the identity in another spelling: R is compared as bytes", to(staff), by(staff, func(message []byte) []byte {
		signature, _ := signAs(staff, identity, scalarOf(2), new(big.Int), message)
		return signature
	}))
	none := append([]byte{2}, make([]byte, 31)...)
	m.sealed("bad-signature-curve-no-point", verify.BadSignature, "32 bytes that are no point of the curve pass as a key, and nothing verifies under them", to(none),
		by(none, func(message []byte) []byte { s, _ := staffKey(t).Sign(message); return s }))
	q := testRequest(t)
	q.Key = none
	body := m.payload(q)
	m.add("request-code-no-point", &vector{expect: verify.Valid, comment: "the machine's key is no point of the curve", open: "request", text: format.EncodeFile(format.RequestBody, body)})
	signed, err := format.Seal(format.SignedRequest, thumbprint(none), body, machineKey(t).Sign)
	if err != nil {
		t.Fatal(err)
	}
	m.add("request-bad-signature-no-point", &vector{expect: verify.BadSignature, comment: "the same, signed", open: "request", text: format.EncodeFile(format.SignedRequest, signed)})
	m.add("request-bad-signature-kid", &vector{
		expect: verify.BadSignature, comment: "by the right key, under another kid", open: "request",
		text: format.EncodeFile(format.SignedRequest, seal(t, format.SignedRequest, m.payload(testRequest(t)), impostor{machineKey(t), strangerKey(t).Public()})),
	})
	for name, hex := range map[string]string{
		"order-1-sign":  "0100000000000000000000000000000000000000000000000000000000000080",
		"order-2":       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"order-4":       "0000000000000000000000000000000000000000000000000000000000000000",
		"order-8":       "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"order-8-sign":  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"not-canonical": "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		m.add("delegation-bad-signature-"+name, &vector{
			expect: verify.BadSignature, comment: "the key in it is weak, or not in its one encoding", open: "delegation",
			roots: []keys.PublicKey{rootKey(t).Public()}, text: format.EncodeFile(format.Delegation, to(fromHex(hex))),
		})
	}
	m.add("delegation-out-of-scope-root", &vector{
		expect: verify.OutOfScope, comment: "to a root key", open: "delegation",
		roots: []keys.PublicKey{rootKey(t).Public()}, text: format.EncodeFile(format.Delegation, to(rootKey(t).Public().Bytes())),
	})

	blob := append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"), append([]byte{1}, make([]byte, 31)...)...)
	m.license("no-verifier-weak-root", noVerifier, "the second root is the identity", nil).weakRoots = []string{"ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob)}
	m.license("no-verifier-equal-roots", noVerifier, "the same root twice: their order says which may revoke which", nil).roots =
		[]keys.PublicKey{rootKey(t).Public(), rootKey(t).Public()}
	m.license("no-verifier-list", noVerifier, "a list at hand that does not open", nil).lists = [][]byte{listText(rootList(t, testList(7), strangerKey(t)))}
}

// decided are single sentences of SPEC.md.
func (m *vectorMaker) decided() {
	t := m.t
	root := []keys.PublicKey{rootKey(t).Public()}
	delegation := func(name string, expect verify.Reason, comment string, payload []byte) {
		m.add("delegation-"+name, &vector{
			expect: expect, comment: comment, open: "delegation", roots: root,
			text: format.EncodeFile(format.Delegation, seal(t, format.Delegation, payload, rootKey(t))),
		})
	}
	products := m.once(m.payload(testDelegation(t)), "\x00\x81\x61*", "\x00\x82\x61*\x64evoq")
	types := m.once(m.payload(testDelegation(t)), "\x01\x81\x61*", "\x01\x82\x6aproduction\x61*")
	delegation("malformed-star-and-a-product", verify.Malformed, "* stands alone", products)
	delegation("malformed-star-and-a-type", verify.Malformed, "* stands alone, and behind others neither", types)
	m.sealed("malformed-scope-star-and-a-product", verify.Malformed, "a license under such a delegation, which names its product, too",
		seal(t, format.Delegation, products, rootKey(t)), m.sealLicense())
	empty := testDelegation(t)
	empty.Scope = format.Scope{}
	delegation("empty-scope", verify.Valid, "a scope may be empty: it allows nothing", m.payload(empty))
	m.license("out-of-scope-empty", verify.OutOfScope, "an empty scope allows nothing", func(s *scenario) { s.delegation.Scope = format.Scope{} })
	m.license("valid-scope-names", verify.Valid, "the scope names the product and the type, among others", func(s *scenario) {
		s.delegation.Scope.Products, s.delegation.Scope.Types = []string{"liquid", "evoq"}, []string{"production", "test"}
	})

	m.license("valid-version-bound-suffix", verify.Valid, "what follows - in a bound is passed over: 9.2-rc1 is 9.2", func(s *scenario) { s.license.Terms.MaxVersion = "9.2-rc1" })
	m.license("wrong-version-x-before-suffix", verify.WrongVersion, "the x of 9.x-rc1 is not final, and no number", func(s *scenario) { s.license.Terms.MaxVersion = "9.x-rc1" })
	m.license("valid-version-v", verify.Valid, "a v in front, and what follows + or -", func(s *scenario) {
		s.license.Terms.MaxVersion, s.facts.Version = "v9.2", "v9.2.7+build-5"
	})
	m.license("wrong-version-wide", verify.WrongVersion, "a number of 2^32", func(s *scenario) {
		s.license.Terms.MaxVersion, s.facts.Version = "9.2", "1.4294967296"
	})

	long := func(by keys.Signer) []byte { // Seal refuses it
		small := seal(t, format.Delegation, []byte{0}, by)
		header, payload := byteString(small[4:4+int(small[3])]), byteString(bytes.Repeat([]byte{0x5b}, 8192))
		signature, err := by.Sign(slices.Concat([]byte("\x84\x6aSignature1"), header, []byte{0x40}, payload))
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat([]byte{0xd2, 0x84}, header, []byte{0xa0}, payload, byteString(signature))
	}
	m.sealed("malformed-file-long-delegation", verify.Malformed, "a delegation of more than 8 KiB, and by a stranger: limits come first", long(strangerKey(t)), m.sealLicense())
	m.add("revocation-malformed-long-delegation", &vector{
		expect: verify.Malformed, comment: "a delegation of more than 8 KiB, and by a stranger: limits come first", open: "revocation", roots: root,
		text: listText(slices.Concat([]byte{0x82}, long(strangerKey(t)), seal(t, format.Revocation, m.payload(testList(7)), listKey(t)))),
	})

	m.license("valid-ext-longest", verify.Valid, "a text in ext is a name, of at most 128 bytes", func(s *scenario) {
		s.license.Terms.Ext = map[string]format.Scalar{strings.Repeat("k", 32): format.TextScalar(strings.Repeat("x", 128))}
	})
	l := testLicense(t)
	l.Terms.Ext = map[string]format.Scalar{"zero": format.IntScalar(0)}
	for name, c := range map[string]struct{ comment, value string }{
		"too-long": {"a text of 129 bytes in ext", textItem(strings.Repeat("x", 129))}, "null": {"null in ext", "\xf6"}, "float": {"a float in ext", "\xf9\x3c\x00"},
		"list": {"a list in ext", "\x81\x00"}, "bytes": {"bytes in ext", "\x41\x00"}, "simple": {"undefined in ext", "\xf7"}, "wide": {"an integer of 64 bits in ext", "\x1b\x80" + strings.Repeat("\x00", 7)},
	} {
		m.sealed("malformed-ext-"+name, verify.Malformed, c.comment, m.delegation(),
			seal(t, format.License, m.once(m.payload(l), "\x64zero\x00", "\x64zero"+c.value), staffKey(t)))
	}

	// The longest text of a request has 13119 characters.
	request := format.EncodeText(format.RequestBody, m.payload(testRequest(t)))
	longest := request + strings.Repeat(" ", 2*13119-len(request))
	for name, c := range map[string]struct {
		expect        verify.Reason
		comment, text string
	}{
		"text-longest":           {verify.Valid, "a text of twice the longest of its kind", longest},
		"text-longest-mark":      {verify.Valid, "a byte order mark does not count", "\ufeff" + longest},
		"malformed-text-longest": {verify.Malformed, "a byte more than twice the longest of its kind", longest + " "},
	} {
		m.add("request-"+name, &vector{expect: c.expect, comment: c.comment, open: "request", text: []byte(c.text)})
	}

	atZero := func(now time.Time) func(*scenario) {
		return func(s *scenario) {
			s.delegation.IssuedAt, s.delegation.NotBefore, s.license.IssuedAt = 0, 0, 0
			s.license.Expires, s.license.Terms.UpdatesUntil, s.facts.Built, s.facts.Now = 86400, 0, time.Time{}, now
		}
	}
	epoch := time.Unix(0, 0)
	m.license("valid-issued-at-zero", verify.Valid, "issued as 1970 begins, and the clock is an hour behind", atZero(epoch.Add(-time.Hour)))
	m.license("clock-rolled-back-issued-at-zero", verify.ClockRolledBack, "issued as 1970 begins: zero is a time like any other", atZero(epoch.Add(-time.Hour-time.Second)))
	m.license("grace-issued-at-zero", verify.Grace, "the same in its last day", func(s *scenario) {
		atZero(epoch.Add(24 * time.Hour))(s)
		s.license.Expires, s.license.Terms.GraceDays = 2*86400, 1
	})
}

// places are licenses that a site judges by what it has given up, and by what is installed.
func (m *vectorMaker) places() {
	own := testLicense(m.t)
	given := func(change func(*verify.ReleasedLicense)) func(*scenario) {
		return func(s *scenario) {
			r := verify.ReleasedLicense{License: own.ID, Vendor: own.Issuer, Activation: own.Activation}
			if change != nil {
				change(&r)
			}
			s.facts.Site.Released = append(s.facts.Site.Released, r)
		}
	}
	m.license("released", verify.Released, "the site has given this license up", given(nil))
	m.license("released-activation", verify.Released, "it has given up another license of the same activation", given(func(r *verify.ReleasedLicense) { r.License = format.ID{9} }))
	m.license("released-id", verify.Released, "the id alone is enough", given(func(r *verify.ReleasedLicense) { r.Activation = "ANOTHER" }))
	m.license("valid-released-another-activation", verify.Valid, "it has given up a license of another activation", given(func(r *verify.ReleasedLicense) { r.License, r.Activation = format.ID{9}, "ANOTHER" }))
	m.license("valid-released-another-vendor", verify.Valid, "an activation of that name of another vendor", given(func(r *verify.ReleasedLicense) { r.License, r.Vendor = format.ID{9}, "b.example" }))
	m.license("released-before-product", verify.Released, "what was given up is judged before the product", func(s *scenario) {
		given(nil)(s)
		s.facts.Product = "liquid"
	})

	installed := func(name string, expect verify.Reason, comment string, change func(*format.LicenseClaims), also func(*scenario)) {
		v := m.license(name, expect, comment, also)
		l := testLicense(m.t)
		l.ID = format.ID{9}
		change(l)
		v.installed = textOf(m.t, testDelegation(m.t), l)
	}
	epoch := func(n uint64) func(*format.LicenseClaims) {
		return func(l *format.LicenseClaims) { l.Terms.Epoch = n }
	}
	later := epoch(2)
	installed("superseded", verify.Superseded, "a later license of the activation is installed", later, nil)
	installed("superseded-grace", verify.Superseded, "grace is no reason to take it", later, func(s *scenario) {
		s.license.Terms.GraceDays, s.facts.Now = 14, ends.Add(-time.Second)
	})
	installed("expired-before-superseded", verify.Expired, "what is installed is compared last", later, func(s *scenario) { s.facts.Now = ends })
	installed("valid-installed-same-epoch", verify.Valid, "one of the same epoch is installed", epoch(1), nil)
	installed("valid-installed-another-activation", verify.Valid, "a later one of another activation is installed", func(l *format.LicenseClaims) {
		later(l)
		l.Activation = "ANOTHER"
	}, nil)
	noProduct := func(s *scenario) { s.facts.Product = "" }
	installed("valid-installed-product", verify.Valid, "no product is asked for but that of the installed license", epoch(1), noProduct)
	installed("wrong-product-installed", verify.WrongProduct, "the installed license is another product's", func(l *format.LicenseClaims) { l.Product = "liquid" }, noProduct)
}
