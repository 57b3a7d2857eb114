package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/scopetest"
)

// What comparable tools get wrong: each test is named after the mistake that is not made.

// door is a place where a statement is read, with what belongs there.
type door struct {
	name    string
	text    format.Kind // of the text
	kind    format.Kind // of the statement
	payload []byte
	signer  keys.PrivateKey
	wrap    func(statement []byte) []byte // puts it into what travels
	open    func(text []byte) error
}

func doors(t testing.TB) []door {
	root, staff := rootKey(t), staffKey(t)
	v, facts := testVerifier(t), testFacts(t)
	delegation, list := payloadOf(t, testDelegation(t)), payloadOf(t, testList(1))
	license := payloadOf(t, testLicense(t))
	goodDelegation, goodLicense := seal(t, format.Delegation, delegation, root), seal(t, format.License, license, staff)
	forLists := sealDelegation(t, listDelegation(t), root)
	check := func(text []byte) error {
		l, err := v.Check(text, facts)
		return noValueWithError(l == nil, err)
	}
	openList := func(text []byte) error {
		l, err := v.OpenRevocationList(text)
		return noValueWithError(l == nil, err)
	}
	behind := func(parts ...[]byte) func([]byte) []byte {
		return func(s []byte) []byte {
			return slices.Concat([]byte{0x81 + byte(len(parts))}, slices.Concat(parts...), s)
		}
	}
	bare := func(s []byte) []byte { return s }
	return []door{
		{"license", format.LicenseFile, format.License, license, staff, behind(goodDelegation), check},
		{"delegation in a license file", format.LicenseFile, format.Delegation, delegation, root,
			func(s []byte) []byte { return slices.Concat([]byte{0x82}, s, goodLicense) }, check},
		{"list in a license file", format.LicenseFile, format.Revocation, list, root,
			func(s []byte) []byte { return behind(goodDelegation, goodLicense)(append([]byte{0x81}, s...)) }, check},
		{"list by a root", format.RevocationFile, format.Revocation, list, root, behind(), openList},
		{"list by a key for lists", format.RevocationFile, format.Revocation, list, listKey(t), behind(forLists), openList},
		{"delegation", format.Delegation, format.Delegation, delegation, root, bare, func(text []byte) error {
			d, err := v.OpenDelegation(text)
			return noValueWithError(d == nil, err)
		}},
		{"request", format.SignedRequest, format.SignedRequest, payloadOf(t, testRequest(t)), machineKey(t), bare, func(text []byte) error {
			q, err := verify.OpenRequest(text)
			return noValueWithError(q == nil, err)
		}},
		{"release", format.Release, format.Release, payloadOf(t, testRelease()), machineKey(t), bare, func(text []byte) error {
			r, err := verify.OpenRelease(text, recorded(format.ID{2}, machineKey(t).Public()))
			return noValueWithError(r == nil, err)
		}},
		{"attestation", format.Attestation, format.Attestation, payloadOf(t, testAttestation(t)), machineKey(t), bare, func(text []byte) error {
			a, err := verify.OpenAttestation(text)
			return noValueWithError(a == nil, err)
		}},
	}
}

func (d door) enter(statement []byte) error {
	return d.open(format.EncodeFile(d.text, d.wrap(statement)))
}

// cose writes a COSE_Sign1 as anybody could, signed over what it holds.
func cose(t testing.TB, protected, unprotected, payload []byte, by keys.Signer) []byte {
	t.Helper()
	signature, err := by.Sign(slices.Concat([]byte("\x84\x6aSignature1"), byteString(protected), []byte{0x40}, byteString(payload)))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat([]byte{0xd2, 0x84}, byteString(protected), unprotected, byteString(payload), byteString(signature))
}

// protected is the header of a statement: 3 entries, of which alg is given.
func protected(d door, id [keys.IDSize]byte, alg string, more ...string) []byte {
	typ := "application/vnd.offlicense." + map[format.Kind]string{
		format.License: "license+cwt", format.Delegation: "delegation+cwt", format.Revocation: "revocation+cwt",
		format.SignedRequest: "request+cbor", format.Release: "release+cwt",
		format.Attestation: "attestation+cwt",
	}[d.kind]
	entries := byte(2 + len(more))
	if alg != "" {
		entries++
	}
	return slices.Concat([]byte{0xa0 | entries}, []byte(alg), []byte{4, 0x48}, id[:],
		[]byte{16, 0x78, byte(len(typ))}, []byte(typ), []byte(strings.Join(more, "")))
}

const algEdDSA = "\x01\x27"

// TestDoors: what belongs there is taken, so that the tests below refuse for their own
// reason, and a statement written by hand is the one that the code writes.
func TestDoors(t *testing.T) {
	for _, d := range doors(t) {
		statement := seal(t, d.kind, d.payload, d.signer)
		if err := d.enter(statement); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
		byHand := cose(t, protected(d, d.signer.Public().ID(), algEdDSA), []byte{0xa0}, d.payload, d.signer)
		if !bytes.Equal(byHand, statement) {
			t.Errorf("%s: written by hand\n%x\nwant\n%x", d.name, byHand, statement)
		}
	}
}

// TestTrustKeyInsideTheFileIsBelieved: a file that brings its own key along is refused,
// wherever the key stands.
func TestTrustKeyInsideTheFileIsBelieved(t *testing.T) {
	stranger := strangerKey(t)
	own := string(byteString(stranger.Public().Bytes()))
	coseKey := "\xa3\x01\x01\x20\x06\x21" + own
	id := stranger.Public().ID()
	for _, d := range doors(t) {
		if d.kind == format.SignedRequest {
			continue // it shows that its sender holds the key in it, and says no more
		}
		for name, statement := range map[string][]byte{
			"nowhere":              seal(t, d.kind, d.payload, stranger),
			"under the right id":   seal(t, d.kind, d.payload, impostor{stranger, d.signer.Public()}),
			"beside the signature": cose(t, protected(d, id, algEdDSA), []byte("\xa1\x01"+coseKey), d.payload, stranger),
			"in the header":        cose(t, protected(d, id, algEdDSA, "\x19\x01\x00"+coseKey), []byte{0xa0}, d.payload, stranger),
			"as a certificate":     cose(t, protected(d, id, algEdDSA, "\x18\x21"+own), []byte{0xa0}, d.payload, stranger),
			"for the key id":       cose(t, changed(t, protected(d, id, algEdDSA), "\x04\x48"+string(id[:]), "\x04"+own), []byte{0xa0}, d.payload, stranger),
		} {
			wantRefusal(t, d.enter(statement), "%s, the key stands %s", d.name, name)
		}
	}

	// A chain of its own, whole and well formed.
	staff, license := staffKey(t), payloadOf(t, testLicense(t))
	toStranger := testDelegation(t)
	toStranger.Key = stranger.Public().Bytes()
	for name, file := range map[string][2][]byte{
		"a root of the file's own": {sealDelegation(t, toStranger, stranger), seal(t, format.License, license, stranger)},
		"a delegation by itself":   {sealDelegation(t, testDelegation(t), staff), seal(t, format.License, license, staff)},
	} {
		l, err := checkSealed(t, file[0], file[1])
		if wantReason(t, l, err, verify.UnknownKey); t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestEmptyAllowListMeansAny: a delegation that names nothing allows nothing, and an empty
// list cannot even be written. Each list alone is in the matrix below.
func TestEmptyAllowListMeansAny(t *testing.T) {
	s := newScenario(t)
	s.delegation.Scope = format.Scope{}
	l, err := s.check(t)
	wantReason(t, l, err, verify.OutOfScope)
	for _, key := range []string{"\x00", "\x01"} {
		payload := changed(t, payloadOf(t, testDelegation(t)), key+"\x81\x61*", key+"\x80")
		l, err := checkSealed(t, seal(t, format.Delegation, payload, rootKey(t)), seal(t, format.License, payloadOf(t, testLicense(t)), staffKey(t)))
		wantReason(t, l, err, verify.Malformed)
	}
}

// TestConstraintIsEnforcedOnOnePathOnly: every dimension, one step inside and one outside,
// as a verifier judges a file and as a signer asks before it signs. The tests of the
// tools and of package site run the same cases on their paths.
func TestConstraintIsEnforcedOnOnePathOnly(t *testing.T) {
	t.Run("Check", func(t *testing.T) {
		scopetest.Run(t, scopetest.Path{Claims: testClaims, Open: func(t *testing.T, d *format.DelegationClaims, l *format.LicenseClaims) error {
			license, err := testVerifier(t).Check(textOf(t, d, l), testFacts(t))
			return noValueWithError(license == nil, err)
		}})
	})
	t.Run("CheckScope", func(t *testing.T) {
		scopetest.Run(t, scopetest.Path{Claims: testClaims, Open: func(t *testing.T, d *format.DelegationClaims, l *format.LicenseClaims) error {
			return verify.CheckScope(d, l)
		}})
	})
}

// TestRollbackIsCheckedForOneListOnly: what asks for a number of list is the program, the
// license and the age that the program allows, each for itself; what answers is the newest
// of all lists, wherever they come from.
func TestRollbackIsCheckedForOneListOnly(t *testing.T) {
	list := func(number uint64) []byte { return rootList(t, testList(number), rootKey(t)) }
	age := testFacts(t).Now.Sub(time.Unix(testList(1).IssuedAt, 0))
	other := testList(9)
	other.Issuer = "b.example"
	for name, c := range map[string]struct {
		program, license uint64
		age              time.Duration
		has              [][]byte
		attached         []byte
		want             verify.Reason
		number           uint64 // of the list by which it was judged
		says             string
	}{
		"no floor, no list":            {want: verify.Valid},
		"no floor, a list":             {has: [][]byte{list(3)}, want: verify.Valid, number: 3},
		"the program's, no list":       {program: 1, want: verify.Revoked, says: "this program asks for revocation list 1 or later"},
		"the license's, no list":       {license: 1, want: verify.Revoked, says: "the license asks for revocation list 1 or later"},
		"an age, no list":              {age: age, want: verify.Revoked, says: "this program asks for a revocation list that is at most"},
		"the program's, lower":         {program: 8, has: [][]byte{list(7)}, want: verify.Revoked, says: "this program asks"},
		"the program's, the same":      {program: 7, has: [][]byte{list(7)}, want: verify.Valid, number: 7},
		"the license's, lower":         {license: 8, has: [][]byte{list(7)}, want: verify.Revoked, says: "the license asks"},
		"the license's, the same":      {license: 7, has: [][]byte{list(7)}, want: verify.Valid, number: 7},
		"the program's, attached":      {program: 7, attached: list(7), want: verify.Valid, number: 7},
		"the license's, attached":      {license: 7, attached: list(7), want: verify.Valid, number: 7},
		"the program's, attached, low": {program: 8, attached: list(7), want: verify.Revoked, says: "this program asks"},
		"the license's, attached, low": {license: 8, attached: list(7), want: verify.Revoked, says: "the license asks"},
		"both, the program's higher":   {program: 9, license: 7, has: [][]byte{list(8)}, want: verify.Revoked, says: "this program asks for revocation list 9"},
		"both, the license's higher":   {program: 7, license: 9, has: [][]byte{list(8)}, want: verify.Revoked, says: "the license asks for revocation list 9"},
		"both, met":                    {program: 7, license: 8, has: [][]byte{list(8)}, want: verify.Valid, number: 8},
		"the most":                     {program: huge, has: [][]byte{list(huge - 1)}, want: verify.Revoked, says: "this program asks"},
		"another vendor's list":        {program: 7, has: [][]byte{rootList(t, other, rootKey(t))}, want: verify.Revoked, says: "this program asks"},

		"kept is newer than attached":      {program: 8, has: [][]byte{list(8)}, attached: list(7), want: verify.Valid, number: 8},
		"attached is newer than kept":      {program: 8, has: [][]byte{list(7)}, attached: list(8), want: verify.Valid, number: 8},
		"many kept":                        {program: 9, has: [][]byte{list(7), list(9), list(8)}, attached: list(6), want: verify.Valid, number: 9},
		"many kept, none high enough":      {program: 10, has: [][]byte{list(7), list(9), list(8)}, attached: list(6), want: verify.Revoked, says: "this program asks"},
		"another vendor's counts for none": {has: [][]byte{rootList(t, other, rootKey(t)), list(3)}, want: verify.Valid, number: 3},

		"as old as may be":        {age: age, has: [][]byte{list(1)}, want: verify.Valid, number: 1},
		"a nanosecond older":      {age: age - 1, has: [][]byte{list(1)}, want: verify.Revoked, says: "at most 0.2 days old"},
		"as old, attached":        {age: age, attached: list(1), want: verify.Valid, number: 1},
		"older, attached":         {age: age - 1, attached: list(1), want: verify.Revoked, says: "at most 0.2 days old"},
		"new enough, too low":     {age: age, program: 2, has: [][]byte{list(1)}, want: verify.Revoked, says: "this program asks for revocation list 2"},
		"high enough, too old":    {age: time.Hour, program: 1, has: [][]byte{list(1)}, want: verify.Revoked, says: "at most"},
		"it need not have an age": {has: [][]byte{list(1)}, want: verify.Valid, number: 1},
	} {
		t.Run(name, func(t *testing.T) {
			run := &trial{scenario: newScenario(t), has: c.has, attached: c.attached}
			run.facts.MinRevocation, run.facts.MaxRevocationAge = c.program, c.age
			run.license.Terms.MinRevocation = c.license
			l, err := run.check(t)
			wantReason(t, l, err, c.want)
			if c.want == verify.Valid {
				if (l.RevocationList == nil) != (c.number == 0) || c.number != 0 && l.RevocationList.Number != c.number {
					t.Errorf("judged by %+v, want list %d", l.RevocationList, c.number)
				}
				return
			}
			// It is not said that the license was revoked, for nobody knows.
			if err == nil || !strings.Contains(err.Error(), "it is not known whether") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if refusal := new(verify.Refusal); !errors.As(err, &refusal) || !refusal.Undecided {
				t.Errorf("a program cannot tell %v from a license that was revoked", err)
			}
		})
	}
}

// TestLegacyVersionWithoutSignature: there is no older form, and none without a signature,
// that a reader falls back to.
func TestLegacyVersionWithoutSignatureIsAccepted(t *testing.T) {
	for _, d := range doors(t) {
		good := d.wrap(seal(t, d.kind, d.payload, d.signer))
		text := format.EncodeText(d.text, good)
		texts := map[string]string{
			"no prefix":              text[5:],
			"a prefix of no version": text[:3] + text[4:],
			"the content alone":      format.EncodeText(d.text, d.wrap(d.payload)),
			"a request's body":       format.EncodeText(format.RequestBody, d.payload),
			"a QR code of it":        format.EncodeText(format.RequestBody, good),
			"JSON":                   `{"alg": "none", "product": "evoq"}`,
			"a JWT without alg":      "eyJhbGciOiJub25lIn0.eyJwcm9kdWN0IjoiZXZvcSJ9.",
		}
		if d.text == format.SignedRequest {
			delete(texts, "a request's body") // which travels in a QR code, and claims no more
		}
		for version := range 10 {
			if version != 1 {
				texts[fmt.Sprintf("version %d", version)] = fmt.Sprintf("%s%d%s", text[:3], version, text[4:])
			}
		}
		id := d.signer.Public().ID()
		for name, statement := range map[string][]byte{
			"no alg":         cose(t, protected(d, id, ""), []byte{0xa0}, d.payload, d.signer),
			"alg 0":          cose(t, protected(d, id, "\x01\x00"), []byte{0xa0}, d.payload, d.signer),
			"alg null":       cose(t, protected(d, id, "\x01\xf6"), []byte{0xa0}, d.payload, d.signer),
			"alg none":       cose(t, protected(d, id, "\x01\x64none"), []byte{0xa0}, d.payload, d.signer),
			"alg HMAC":       cose(t, protected(d, id, "\x01\x05"), []byte{0xa0}, d.payload, d.signer),
			"alg unsigned":   cose(t, protected(d, id, ""), []byte("\xa1"+algEdDSA), d.payload, d.signer),
			"no signature":   slices.Concat([]byte{0xd2, 0x84}, byteString(protected(d, id, algEdDSA)), []byte{0xa0}, byteString(d.payload), []byte{0x40}),
			"null signature": slices.Concat([]byte{0xd2, 0x84}, byteString(protected(d, id, algEdDSA)), []byte{0xa0}, byteString(d.payload), []byte{0xf6}),
			"three elements": slices.Concat([]byte{0xd2, 0x83}, byteString(protected(d, id, algEdDSA)), []byte{0xa0}, byteString(d.payload)),
			"64 zeros":       slices.Concat([]byte{0xd2, 0x84}, byteString(protected(d, id, algEdDSA)), []byte{0xa0}, byteString(d.payload), byteString(make([]byte, 64))),
		} {
			texts[name] = format.EncodeText(d.text, d.wrap(statement))
		}
		for name, text := range texts {
			wantRefusal(t, d.open([]byte(text)), "%s, %s", d.name, name)
		}
	}
}

// TestSignedAnswerOfOneKindIsAcceptedAsAnother: all pairs of content and header at every
// door, each signed by the very key that the door trusts.
func TestSignedAnswerOfOneKindIsAcceptedAsAnother(t *testing.T) {
	content := make(map[format.Kind][]byte)
	for _, d := range doors(t) {
		content[d.kind] = d.payload
	}
	tried := 0
	for _, d := range doors(t) {
		for of, payload := range content {
			for as := range content {
				err := d.enter(seal(t, as, payload, d.signer))
				if of == d.kind && as == d.kind {
					if err != nil {
						t.Errorf("%s: %v", d.name, err)
					}
					continue
				}
				tried++
				if !errors.Is(err, verify.Malformed) {
					t.Errorf("%s: the content of a %s sealed as a %s: got %v, want malformed", d.name, of, as, err)
				}
			}
		}
		// The right statement behind the prefix of another kind.
		for _, other := range []format.Kind{
			format.LicenseFile, format.Delegation, format.RevocationFile, format.SignedRequest, format.Release, format.RequestBody, format.Attestation,
		} {
			if other == d.text {
				continue
			}
			tried++
			if err := d.open(format.EncodeFile(other, d.wrap(seal(t, d.kind, d.payload, d.signer)))); !errors.Is(err, verify.Malformed) {
				t.Errorf("%s: in the text of a %s: got %v, want malformed", d.name, other, err)
			}
		}
	}
	if want := len(doors(t)) * (6*6 - 1 + 6); tried != want {
		t.Errorf("tried %d, want %d", tried, want)
	}
}

// TestFilesOfTheWrongParts: the same for the two statements of a license file together.
func TestFilesOfTheWrongParts(t *testing.T) {
	staff, root := staffKey(t), rootKey(t)
	delegation, license := payloadOf(t, testDelegation(t)), payloadOf(t, testLicense(t))
	good := seal(t, format.Delegation, delegation, root)
	for name, c := range map[string][2][]byte{
		"license sealed as a delegation":  {good, seal(t, format.Delegation, license, staff)},
		"license sealed as a request":     {good, seal(t, format.SignedRequest, license, staff)},
		"delegation sealed as a license":  {seal(t, format.License, delegation, root), seal(t, format.License, license, staff)},
		"delegation for the license":      {good, good},
		"license for the delegation":      {seal(t, format.License, license, staff), seal(t, format.License, license, staff)},
		"delegation's content, a license": {good, seal(t, format.License, delegation, staff)},
		"license's content, a delegation": {seal(t, format.Delegation, license, root), seal(t, format.License, license, staff)},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := checkSealed(t, c[0], c[1])
			wantReason(t, l, err, verify.Malformed)
		})
	}
	body := payloadOf(t, testRequest(t))
	for name, raw := range map[string][]byte{
		"request sealed as a license":    seal(t, format.License, body, machineKey(t)),
		"license sealed as a request":    seal(t, format.SignedRequest, license, machineKey(t)),
		"delegation in a request's text": good,
	} {
		q, err := verify.OpenRequest(format.EncodeFile(format.SignedRequest, raw))
		if q != nil || !errors.Is(err, verify.Malformed) {
			t.Errorf("%s: got %v, %v, want malformed", name, q, err)
		}
	}
}

// TestWrongProductIsAccepted: what a program asks for and what a license is for are the
// same text, byte by byte.
func TestWrongProductIsAccepted(t *testing.T) {
	products := []string{"evoq", "evo", "evoq2", "evoq-pro", "evoq.pro", "liquid", "e"}
	for _, licensed := range products {
		s := newScenario(t)
		s.license.Product = licensed
		text := textOf(t, s.delegation, s.license)
		for _, asked := range append(products, "EVOQ", "Evoq", "evoq ", " evoq", "evoq\x00", "*", "evo*") {
			s.facts.Product = asked
			want := verify.WrongProduct
			if asked == licensed {
				want = verify.Valid
			}
			l, err := s.checkText(t, text)
			if wantReason(t, l, err, want); t.Failed() {
				t.Fatalf("%q with a license for %q", asked, licensed)
			}
		}
	}
}
