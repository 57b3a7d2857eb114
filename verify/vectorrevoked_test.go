package verify_test

import (
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// byLists adds a license that is judged by lists, with an active and a standby root.
func (m *vectorMaker) byLists(name string, expect verify.Reason, number uint64, comment string, change func(*scenario), attached []byte, has ...[]byte) *vector {
	s := newScenario(m.t)
	if change != nil {
		change(s)
	}
	text := textOf(m.t, s.delegation, s.license)
	if attached != nil {
		text = withList(m.t, s, attached)
	}
	v := m.text(name, expect, comment, s, string(text))
	v.roots = []keys.PublicKey{rootKey(m.t).Public(), standbyKey(m.t).Public()}
	v.list = number
	for _, raw := range has {
		v.lists = append(v.lists, listText(raw))
	}
	return v
}

// revoked are licenses that are judged by revocation lists.
func (m *vectorMaker) revoked() {
	t, root, standby := m.t, rootKey(m.t), standbyKey(m.t)
	own := testLicense(t)
	list := func(number uint64) []byte { return rootList(t, testList(number), root) }
	floor := func(n uint64) func(*scenario) { return func(s *scenario) { s.facts.MinRevocation = n } }
	demand := func(n uint64) func(*scenario) { return func(s *scenario) { s.license.Terms.MinRevocation = n } }
	age := testFacts(t).Now.Sub(time.Unix(testList(1).IssuedAt, 0))
	aged := func(age time.Duration) func(*scenario) { return func(s *scenario) { s.facts.MaxRevocationAge = age } }
	thiefs := func(s *scenario) { s.license.Terms.Seats = 10 }
	keepLicense := revokingKey(7, staffKey(t), licenseDigest(t, own))
	keepDelegation := revokingKey(7, root, digestOf(t, format.Delegation, m.delegation()))

	m.byLists("valid-list", verify.Valid, 7, "a list that revokes other licenses", nil, nil, staffList(t, revoking(7, format.ID{1}, format.ID{3})))
	m.byLists("valid-list-attached", verify.Valid, 7, "the list is in the license file", nil, rootList(t, revoking(7, format.ID{1}, format.ID{3}), root))
	m.byLists("valid-list-of-nothing", verify.Valid, 1, "a list that says nothing but its number", nil, nil, list(1))
	m.byLists("valid-list-newest", verify.Valid, 8, "of three lists the one with the highest number counts", nil, list(6),
		rootList(t, revoking(7, own.ID), root), list(8))
	m.byLists("valid-list-key-kept", verify.Valid, 7, "the staff key is revoked, and this license stays good", nil, nil, rootList(t, keepLicense, root))
	m.byLists("valid-list-root-kept", verify.Valid, 7, "the standby root revokes the active one, and this delegation stays good", nil, nil, rootList(t, keepDelegation, standby))
	m.byLists("valid-list-floors", verify.Valid, 7, "the program and the license ask for the list that there is", func(s *scenario) { floor(7)(s); demand(7)(s) }, list(7))
	m.byLists("valid-list-last-second", verify.Valid, 1, "the list is as old as the program allows", aged(age), nil, list(1))
	m.byLists("valid-list-of-a-thief", verify.Valid, 11, "a stolen key's list revokes the license with a huge number; the root has revoked the key", floor(11), nil,
		staffList(t, revoking(huge, own.ID)), rootList(t, revokingKey(11, listKey(t)), root))
	m.byLists("valid-list-equal-numbers", verify.Valid, 7, "of two lists with one number that of the root counts", nil, nil,
		staffList(t, revoking(7, own.ID)), list(7))
	other := revoking(9, own.ID)
	other.Issuer = "b.example"
	m.byLists("valid-list-of-another-vendor", verify.Valid, 7, "a list of another vendor is passed over", nil, nil, rootList(t, other, root), list(7))

	m.byLists("revoked-license", verify.Revoked, 0, "the license's id is in the list", nil, nil, staffList(t, revoking(7, format.ID{1}, own.ID)))
	m.byLists("revoked-license-attached", verify.Revoked, 0, "the license's id is in the list that comes with it", nil, rootList(t, revoking(7, own.ID), root))
	m.byLists("revoked-license-newest", verify.Revoked, 0, "an older list in the license file does not help", nil, list(6), rootList(t, revoking(7, own.ID), root))
	m.byLists("revoked-key", verify.Revoked, 0, "the staff key is revoked, and nothing of it is kept", nil, nil, rootList(t, revokingKey(7, staffKey(t)), root))
	m.byLists("revoked-key-same-id", verify.Revoked, 0, "a thief's license under the id of one that stays good: what is kept is named by its content", thiefs, nil, rootList(t, keepLicense, root))
	m.byLists("revoked-key-id-kept", verify.Revoked, 0, "what is kept is a digest; an id is none", nil, nil, rootList(t, revokingKey(7, staffKey(t), own.ID), root))
	m.byLists("revoked-root", verify.Revoked, 0, "the standby root revokes the active one", nil, nil, rootList(t, revokingKey(7, root), standby))
	m.byLists("revoked-root-another-delegation", verify.Revoked, 0, "another delegation than the kept one", func(s *scenario) { s.delegation.Scope.MaxSeats = 99 }, nil, rootList(t, keepDelegation, standby))
	// A later list by a key that may not revoke the root does not bring it back.
	forLists := digestOf(t, format.Delegation, sealDelegation(t, listDelegation(t), root))
	endsRoot, later := rootList(t, revokingKey(11, root, forLists), standby), testList(12)
	m.byLists("revoked-root-later-list", verify.Revoked, 0, "a later list by a key for lists, which may revoke no root", nil, staffList(t, later), endsRoot)
	m.byLists("revoked-root-later-list-of-standbys-key", verify.Revoked, 0, "the same by a key to which the standby root has delegated", nil,
		byStandbys(t, later), endsRoot)
	kept := digestOf(t, format.Revocation, seal(t, format.Revocation, m.payload(later), root))
	m.byLists("revoked-root-later-list-of-its-own", verify.Revoked, 0, "a later list by the revoked root, which stays good", nil,
		rootList(t, later, root), rootList(t, revokingKey(11, root, kept), standby))
	m.byLists("valid-list-root-forgiven", verify.Valid, 12, "a later list by the standby root no longer revokes the active one", nil,
		rootList(t, later, standby), endsRoot)
	m.byLists("valid-list-root-kept-later-list", verify.Valid, 12, "this delegation and that of the key for lists stay good; the later list counts", nil, staffList(t, later),
		rootList(t, revokingKey(11, root, forLists, digestOf(t, format.Delegation, m.delegation())), standby))
	m.byLists("revoked-before-product", verify.Revoked, 0, "revocation is judged before the product", func(s *scenario) { s.facts.Product = "liquid" }, nil, rootList(t, revoking(7, own.ID), root))
	m.byLists("revoked-thief-gives-back", verify.Revoked, 0, "a stolen key's list gives the license back; the root has revoked the key", nil, staffList(t, testList(huge)),
		rootList(t, func() *format.RevocationClaims {
			c := revokingKey(7, listKey(t))
			c.Licenses = format.NewSet(own.ID)
			return c
		}(), root))
	m.byLists("revoked-unknown-no-list", verify.Revoked, 0, "the program asks for a list, and there is none", floor(1), nil)
	m.byLists("revoked-unknown-program", verify.Revoked, 0, "the program asks for a newer list", floor(8), list(6), list(7))
	m.byLists("revoked-unknown-license", verify.Revoked, 0, "the license asks for a newer list", demand(8), list(7))
	m.byLists("revoked-unknown-license-no-list", verify.Revoked, 0, "the license asks for a list, and there is none", demand(1), nil)
	m.byLists("revoked-unknown-age", verify.Revoked, 0, "the list is a second older than the program allows", aged(age-time.Second), nil, list(1))
	m.byLists("revoked-unknown-thief", verify.Revoked, 0, "a stolen key's number meets no floor", floor(12), nil,
		staffList(t, testList(huge)), rootList(t, revokingKey(11, listKey(t)), root))

	late := testList(7)
	late.IssuedAt = testFacts(t).Now.Unix() + 3601
	m.byLists("clock-rolled-back-list", verify.ClockRolledBack, 0, "more than an hour before the list was signed", nil, nil, rootList(t, late, root))

	m.byLists("out-of-scope-list-key", verify.OutOfScope, 0, "a key for revocation lists signs no licenses", func(s *scenario) {
		s.delegation.Scope = format.Scope{Revocations: true}
	}, nil)
	m.byLists("out-of-scope-attached-vendor", verify.OutOfScope, 0, "the list in the file is another vendor's", nil, rootList(t, other, root))
	m.byLists("unknown-key-attached", verify.UnknownKey, 0, "the list in the file is signed by a stranger", nil, rootList(t, testList(7), strangerKey(t)))
	m.byLists("bad-signature-attached", verify.BadSignature, 0, "the list in the file has another number than was signed", nil,
		m.once(list(7), "\xa1\x00\x07", "\xa1\x00\x08"))
	m.byLists("malformed-attached-license", verify.Malformed, 0, "a license stands where the list belongs", nil, append([]byte{0x81}, m.sealLicense()...))

	newer := m.once(m.payload(own), "\x3a\x00\x01\x11\x70\xac", "\x3a\x00\x01\x11\x70\xad")
	m.sealed("malformed-payload-later-term", verify.Malformed, "a term of a later version, in its place", m.delegation(),
		seal(t, format.License, append(newer, 22, 1), staffKey(t)))
}

// revocations are lists by themselves.
func (m *vectorMaker) revocations() {
	t, root, standby := m.t, rootKey(m.t), standbyKey(m.t)
	add := func(name string, expect verify.Reason, comment string, raw []byte) {
		v := &vector{
			expect: expect, comment: comment, open: "revocation",
			roots: []keys.PublicKey{root.Public(), standby.Public()}, text: listText(raw),
		}
		if expect == verify.Valid {
			v.id = testList(1).ID.String()
		}
		m.add("revocation-"+name, v)
	}
	full := revokingKey(7, staffKey(t), [16]byte{1}, [16]byte{2})
	full.Licenses = format.NewSet(format.ID{1}, format.ID{3})
	add("valid", verify.Valid, "licenses, and a key with what it has signed that stays good, by the root", rootList(t, full, root))
	add("delegated", verify.Valid, "by a key for revocation lists", staffList(t, full))
	add("of-nothing", verify.Valid, "nothing but a number", rootList(t, testList(1), root))
	add("standby-revokes-active", verify.Valid, "the standby root revokes the active one", rootList(t, revokingKey(7, root), standby))

	add("unknown-key", verify.UnknownKey, "by a stranger", rootList(t, full, strangerKey(t)))
	add("unknown-key-delegation-left-out", verify.UnknownKey, "by a key for lists, without its delegation", rootList(t, full, listKey(t)))
	forLists := sealDelegation(t, listDelegation(t), root)
	by := func(signer keys.Signer, c *format.RevocationClaims) []byte {
		return seal(t, format.Revocation, m.payload(c), signer)
	}
	under := func(change func(*format.DelegationClaims)) []byte {
		d := listDelegation(t)
		change(d)
		return listOf(t, sealDelegation(t, d, root), by(listKey(t), full))
	}
	add("unknown-key-another", verify.UnknownKey, "by another key than is delegated", listOf(t, forLists, by(strangerKey(t), full)))
	add("bad-signature", verify.BadSignature, "another number than was signed", m.once(rootList(t, full, root), "\xa3\x00\x07\x01", "\xa3\x00\x08\x01"))
	add("bad-signature-impostor", verify.BadSignature, "a stranger under the id of the key for lists", listOf(t, forLists, by(impostor{strangerKey(t), listKey(t).Public()}, full)))
	add("out-of-scope-license-key", verify.OutOfScope, "a key for licenses signs no lists", listOf(t, m.delegation(), by(staffKey(t), full)))
	add("out-of-scope-vendor", verify.OutOfScope, "a key of another vendor", under(func(d *format.DelegationClaims) { d.Issuer = "b.example" }))
	add("out-of-scope-issued-before", verify.OutOfScope, "a second before the delegation begins", under(func(d *format.DelegationClaims) { d.NotBefore = full.IssuedAt + 1 }))
	add("out-of-scope-issued-after", verify.OutOfScope, "as the delegation ends", under(func(d *format.DelegationClaims) { d.Expires = full.IssuedAt }))
	add("out-of-scope-active-revokes-standby", verify.OutOfScope, "a root does not revoke one behind it", rootList(t, revokingKey(7, standby), root))
	add("out-of-scope-root-revokes-itself", verify.OutOfScope, "nor itself", rootList(t, revokingKey(7, root), root))
	add("out-of-scope-key-revokes-root", verify.OutOfScope, "a staff key revokes no root", staffList(t, revokingKey(7, root)))

	altered := func(name, comment, old, by string) {
		payload := m.once(m.payload(full), old, by)
		add("malformed-"+name, verify.Malformed, comment, listOf(t, nil, seal(t, format.Revocation, payload, root)))
	}
	one, two, three := id16(1), id16(2), id16(3)
	altered("number-zero", "numbers start with 1", "\xa3\x00\x07\x01", "\xa3\x00\x00\x01")
	altered("unsorted", "licenses not in ascending order", one+three, three+one)
	altered("twice", "a license twice", one+three, one+one)
	altered("length", "half a license", "\x58\x20"+one+three, "\x57"+one+three[:7])
	altered("empty-set", "an empty set is said by leaving the key out", "\x01\x58\x20"+one+three, "\x01\x40")
	altered("keep-unsorted", "what is kept not in ascending order", one+two, two+one)
	thumbprint := staffKey(t).Public().Thumbprint()
	entry := "\xa2\x00\x58\x20" + string(thumbprint[:]) + "\x01\x58\x20" + one + two
	add("malformed-unknown-key", verify.Malformed, "a key of a later version", listOf(t, nil, seal(t, format.Revocation,
		append(m.once(m.payload(full), "\xa3\x00\x07\x01", "\xa4\x00\x07\x01"), 3, 1), root)))
	altered("unknown-key-of-a-key", "the same of what is said of a revoked key", entry, "\xa3"+entry[1:]+"\x02\x01")
	altered("key-twice", "a key twice", "\x81"+entry, "\x82"+entry+entry)
	add("malformed-cross-kind", verify.Malformed, "a license's content sealed as a list", listOf(t, nil, seal(t, format.Revocation, m.payload(testLicense(t)), root)))
	add("malformed-license", verify.Malformed, "a license stands where the list belongs", append([]byte{0x81}, m.sealLicense()...))
	add("malformed-order", verify.Malformed, "the list stands before the delegation", slices.Concat([]byte{0x82}, by(listKey(t), full), forLists))
	add("malformed-bare", verify.Malformed, "a statement that stands in no array", by(root, full))

	lists := func(name, comment, old, by string) {
		m.add("delegation-malformed-"+name, &vector{
			expect: verify.Malformed, comment: comment, open: "delegation", roots: []keys.PublicKey{root.Public()},
			text: format.EncodeFile(format.Delegation, seal(t, format.Delegation, m.once(m.payload(listDelegation(t)), old, by), root)),
		})
	}
	lists("lists-and-products", "one key signs revocation lists or licenses", "\xa1\x06\xf5", "\xa2\x00\x81\x61*\x06\xf5")
	lists("lists-false", "leave the key out for false", "\xa1\x06\xf5", "\xa1\x06\xf4")
	lists("unknown-scope", "what a later version bounds is refused whole", "\xa1\x06\xf5", "\xa2\x06\xf5\x07\x01")
	m.add("delegation-lists", &vector{
		expect: verify.Valid, comment: "a key for revocation lists", open: "delegation", roots: []keys.PublicKey{root.Public()},
		text: format.EncodeFile(format.Delegation, forLists),
	})
}

// id16 is an id of the tests as the wire has it.
func id16(first byte) string {
	id := format.ID{first}
	return string(id[:])
}
