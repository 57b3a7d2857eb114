package verify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// trial is one judgement by revocation lists.
type trial struct {
	*scenario
	has      [][]byte // lists that the caller has
	attached []byte   // in the license file; nil: none
}

func (c *trial) check(t *testing.T) (*verify.License, error) {
	t.Helper()
	v := twoRoots(t)
	for _, raw := range c.has {
		c.facts.Revocations = append(c.facts.Revocations, openList(t, v, raw))
	}
	text := textOf(t, c.delegation, c.license)
	if c.attached != nil {
		text = withList(t, c.scenario, c.attached)
	}
	return v.Check(text, c.facts)
}

// TestRevoked: licenses, staff keys and roots, by a list that the caller has as by one in
// the license file, signed by a root as by a key for lists.
func TestRevoked(t *testing.T) {
	own := testLicense(t)
	thiefs := func(c *trial) { // signed with the stolen key, with all that a kept license has but its content
		c.license.Terms.Seats = 10
	}
	delegation := digestOf(t, format.Delegation, sealDelegation(t, testDelegation(t), rootKey(t)))
	for name, c := range map[string]struct {
		list   *format.RevocationClaims
		change func(*trial)
		want   verify.Reason
		says   string
	}{
		"nothing":         {testList(1), nil, verify.Valid, ""},
		"another license": {revoking(1, format.ID{1}, format.ID{3}), nil, verify.Valid, ""},
		"the license":     {revoking(1, format.ID{1}, own.ID, format.ID{3}), nil, verify.Revoked, "has revoked this license"},
		"another key":     {revokingKey(1, strangerKey(t)), nil, verify.Valid, ""},
		"the machine's key, which signs no licenses": {revokingKey(1, machineKey(t)), nil, verify.Valid, ""},

		"the staff key":                      {revokingKey(1, staffKey(t)), nil, verify.Revoked, "the key that signed"},
		"the staff key, the license kept":    {revokingKey(1, staffKey(t), [16]byte{1}, licenseDigest(t, own)), nil, verify.Valid, ""},
		"the staff key, another kept":        {revokingKey(1, staffKey(t), [16]byte{1}), nil, verify.Revoked, "the key that signed"},
		"the staff key, the id kept":         {revokingKey(1, staffKey(t), own.ID), nil, verify.Revoked, "the key that signed"},
		"a thief's license under a kept id":  {revokingKey(1, staffKey(t), licenseDigest(t, own)), thiefs, verify.Revoked, "the key that signed"},
		"a thief's license with an old date": {revokingKey(1, staffKey(t), licenseDigest(t, own)), func(c *trial) { c.license.IssuedAt -= dayLong }, verify.Revoked, "the key that signed"},
		"kept, and revoked by its id": {func() *format.RevocationClaims {
			c := revokingKey(1, staffKey(t), licenseDigest(t, own))
			c.Licenses = format.NewSet(own.ID)
			return c
		}(), nil, verify.Revoked, "has revoked this license"},
		"many keys": {func() *format.RevocationClaims {
			c := testList(1)
			for _, seed := range []byte{2, 3, 4, 6, 7, 8, 9} {
				c.Keys = append(c.Keys, format.RevokedKey{Thumbprint: seededKey(t, seed).Public().Thumbprint()})
			}
			slices.SortFunc(c.Keys, func(a, b format.RevokedKey) int { return slices.Compare(a.Thumbprint[:], b.Thumbprint[:]) })
			return c
		}(), nil, verify.Revoked, "the key that signed"},

		"the root":                        {revokingKey(1, rootKey(t)), nil, verify.Revoked, "the root key behind"},
		"the root, the delegation kept":   {revokingKey(1, rootKey(t), delegation), nil, verify.Valid, ""},
		"the root, a license kept":        {revokingKey(1, rootKey(t), licenseDigest(t, own)), nil, verify.Revoked, "the root key behind"},
		"the root, another delegation":    {revokingKey(1, rootKey(t), delegation), func(c *trial) { c.delegation.Scope.MaxSeats++ }, verify.Revoked, "the root key behind"},
		"the root, its license by its id": {revokingKey(1, rootKey(t), own.ID), nil, verify.Revoked, "the root key behind"},
	} {
		sealed := map[string][]byte{}
		if strings.HasPrefix(name, "the root") {
			sealed["by the standby root"] = rootList(t, c.list, standbyKey(t))
		} else {
			sealed["by the root"], sealed["by a key for lists"] = rootList(t, c.list, rootKey(t)), staffList(t, c.list)
		}
		for by, list := range sealed {
			for way, give := range map[string]func(*trial){
				"kept":     func(c *trial) { c.has = [][]byte{list} },
				"attached": func(c *trial) { c.attached = list },
			} {
				t.Run(name+"/"+by+"/"+way, func(t *testing.T) {
					run := &trial{scenario: newScenario(t)}
					give(run)
					if c.change != nil {
						c.change(run)
					}
					l, err := run.check(t)
					wantReason(t, l, err, c.want)
					if c.want != verify.Valid {
						if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "list 1 of 2026-11-22") {
							t.Errorf("%v does not say %q and by which list", err, c.says)
						}
						if refusal := new(verify.Refusal); errors.As(err, &refusal) && refusal.Undecided {
							t.Error("it is known to be revoked, and called undecided")
						}
					} else if s := l.RevocationList; s == nil || s.Number != 1 || s.Issued.Unix() != c.list.IssuedAt {
						t.Errorf("judged by %+v, want list 1", s)
					}
				})
			}
		}
	}
}

// TestThievesLists: the number on a stolen key's list is as high as the thief likes, so
// that it is a higher key that ends it, and not a higher number.
func TestThievesLists(t *testing.T) {
	own := testLicense(t)
	thiefs := staffList(t, testList(huge)) // gives all that was revoked back
	thiefsOwn := staffList(t, revoking(huge, own.ID))
	stolenRoot := rootList(t, revoking(huge, own.ID), rootKey(t))
	byDelegation := digestOf(t, format.Delegation, sealDelegation(t, testDelegation(t), rootKey(t)))
	endsKey := revokingKey(11, listKey(t))
	endsKey.Licenses = format.NewSet(own.ID)
	for name, c := range map[string]struct {
		has      [][]byte
		attached []byte
		minimum  uint64
		want     verify.Reason
	}{
		"a revoked license, given back": {[][]byte{staffList(t, revoking(10, own.ID))}, thiefs, 0, verify.Valid}, // until the theft is known
		"the root ends it":              {[][]byte{rootList(t, endsKey, rootKey(t))}, thiefs, 0, verify.Revoked},
		"the root ends it, attached":    {[][]byte{thiefs}, rootList(t, endsKey, rootKey(t)), 0, verify.Revoked},
		"a good license, taken":         {[][]byte{thiefsOwn}, nil, 0, verify.Revoked},
		"the root gives it back":        {[][]byte{thiefsOwn, rootList(t, revokingKey(11, listKey(t)), rootKey(t))}, nil, 11, verify.Valid},
		"its number meets no floor":     {[][]byte{thiefs, rootList(t, revokingKey(11, listKey(t)), rootKey(t))}, nil, 12, verify.Revoked},
		"a stolen root":                 {[][]byte{stolenRoot}, nil, 0, verify.Revoked},
		"the standby ends it": {[][]byte{stolenRoot, rootList(t, revokingKey(11, rootKey(t), byDelegation), standbyKey(t))},
			nil, 11, verify.Valid},
		"a stolen root does not end the standby": {[][]byte{rootList(t, revokingKey(11, rootKey(t)), standbyKey(t))},
			stolenRoot, 0, verify.Revoked},
	} {
		t.Run(name, func(t *testing.T) {
			run := &trial{scenario: newScenario(t), has: c.has, attached: c.attached}
			run.facts.MinRevocation = c.minimum
			l, err := run.check(t)
			wantReason(t, l, err, c.want)
		})
	}
}

// TestAttachedList: one that does not hold refuses the license, and the refusal says
// that it is the list.
func TestAttachedList(t *testing.T) {
	other := testList(1)
	other.Issuer = "b.example"
	flip := func(b []byte) []byte {
		b = slices.Clone(b)
		b[len(b)-1] ^= 1
		return b
	}
	good := rootList(t, testList(1), rootKey(t))
	sealed := func(by keys.Signer) []byte { return seal(t, format.Revocation, payloadOf(t, testList(1)), by) }
	const (
		notGood   = "the revocation list in the license file does not hold"
		again     = "ask acme.example to send the license again"
		rootsFile = "the roots file is the one that came with the product"
	)
	for name, c := range map[string]struct {
		list []byte
		want verify.Reason
		says string
		next string
	}{
		"as it should be":         {good, verify.Valid, "", ""},
		"another vendor's":        {rootList(t, other, rootKey(t)), verify.OutOfScope, "another vendor's", again},
		"damaged":                 {flip(good), verify.BadSignature, notGood, again},
		"by a stranger":           {rootList(t, testList(1), strangerKey(t)), verify.UnknownKey, notGood, rootsFile},
		"under a stranger's":      {listOf(t, sealDelegation(t, listDelegation(t), strangerKey(t)), sealed(listKey(t))), verify.UnknownKey, notGood, rootsFile},
		"by another key":          {listOf(t, sealDelegation(t, listDelegation(t), rootKey(t)), sealed(strangerKey(t))), verify.UnknownKey, notGood, again},
		"by a root before":        {rootList(t, revokingKey(1, standbyKey(t)), rootKey(t)), verify.OutOfScope, notGood, rootsFile},
		"by a key for licenses":   {listOf(t, sealDelegation(t, testDelegation(t), rootKey(t)), sealed(staffKey(t))), verify.OutOfScope, notGood, again},
		"a license":               {append([]byte{0x81}, seal(t, format.License, payloadOf(t, testLicense(t)), staffKey(t))...), verify.Malformed, "want a revocation list", ""},
		"null":                    {[]byte{0xf6}, verify.Malformed, "", ""},
		"an empty array":          {[]byte{0x80}, verify.Malformed, "", ""},
		"content of another kind": {listOf(t, nil, seal(t, format.Revocation, payloadOf(t, testLicense(t)), rootKey(t))), verify.Malformed, notGood, again},
	} {
		t.Run(name, func(t *testing.T) {
			for _, has := range [][][]byte{nil, {good}} { // whatever the caller has besides
				run := &trial{scenario: newScenario(t), has: has, attached: c.list}
				l, err := run.check(t)
				wantReason(t, l, err, c.want)
				refusal := new(verify.Refusal)
				if errors.As(err, &refusal) && (!strings.Contains(refusal.Message, c.says) || !strings.Contains(refusal.Hint(), c.next) || strings.Contains(refusal.Hint(), "OLV1")) {
					t.Errorf("got %+v, want %q, %q and no advice about a file that is not there", refusal, c.says, c.next)
				}
			}
		})
	}
}

// TestListsClock: when a list was signed, time has come at least so far.
func TestListsClock(t *testing.T) {
	now := testFacts(t).Now
	for name, c := range map[string]struct {
		ahead time.Duration
		want  verify.Reason
	}{
		"an hour ahead":             {time.Hour, verify.Valid},
		"an hour and a second more": {time.Hour + time.Second, verify.ClockRolledBack},
	} {
		list := testList(1)
		list.IssuedAt = now.Add(c.ahead).Unix()
		for way, run := range map[string]*trial{
			"kept":     {scenario: newScenario(t), has: [][]byte{rootList(t, list, rootKey(t))}},
			"attached": {scenario: newScenario(t), attached: rootList(t, list, rootKey(t))},
		} {
			l, err := run.check(t)
			wantReason(t, l, err, c.want)
			if c.want == verify.ClockRolledBack && !strings.Contains(err.Error(), "the revocation list was signed") {
				t.Errorf("%s, %s: got %v", name, way, err)
			}
		}
	}
	// One that is put out of force says nothing of the time either.
	thiefs := testList(huge)
	thiefs.IssuedAt = issued.AddDate(1, 0, 0).Unix()
	run := &trial{scenario: newScenario(t), has: [][]byte{staffList(t, thiefs), rootList(t, revokingKey(2, listKey(t)), rootKey(t))}}
	l, err := run.check(t)
	wantReason(t, l, err, verify.Valid)
}

// TestListsOfAnotherVerifier: whether a list holds depends on the roots, so one that
// others have opened is a mistake of the program.
func TestListsOfAnotherVerifier(t *testing.T) {
	raw := rootList(t, testList(1), rootKey(t))
	v := twoRoots(t)
	for name, list := range map[string]*verify.RevocationList{
		"another verifier's": openList(t, twoRoots(t), raw), "a zero list": {}, "nil": nil,
	} {
		s := newScenario(t)
		s.facts.Revocations = []*verify.RevocationList{openList(t, v, raw), list}
		l, err := v.Check(textOf(t, s.delegation, s.license), s.facts)
		if l != nil || err == nil || errors.As(err, new(*verify.Refusal)) {
			t.Errorf("%s: got %v, %v, want an error that is no refusal", name, l, err)
		}
	}
}

// TestRevocationOrder: after what signed it and its scope, before what it is for.
func TestRevocationOrder(t *testing.T) {
	list := rootList(t, revoking(1, format.ID{2}), rootKey(t))
	for want, change := range map[verify.Reason]func(*scenario){
		verify.OutOfScope: func(s *scenario) { s.delegation.Scope.Products = nil; s.facts.Product = "liquid" },
		verify.Revoked:    func(s *scenario) { s.facts.Product = "liquid"; s.facts.Now = ends },
	} {
		for _, run := range []*trial{
			{scenario: newScenario(t), has: [][]byte{list}}, {scenario: newScenario(t), attached: list},
		} {
			change(run.scenario)
			l, err := run.check(t)
			wantReason(t, l, err, want)
		}
	}
	by := func(signer keys.Signer) []byte { return rootList(t, testList(1), signer) }
	run := &trial{scenario: newScenario(t), attached: by(strangerKey(t))}
	run.delegation.Scope.Products = nil
	l, err := run.check(t) // the scope before the attached list
	wantReason(t, l, err, verify.OutOfScope)
}

// TestRevokedRootStaysRevoked: a later list by a key that may not revoke the root says
// nothing of it, and does not bring it back; one by the same standby does.
func TestRevokedRootStaysRevoked(t *testing.T) {
	root, standby := rootKey(t), standbyKey(t)
	later := testList(12)
	byRoots := staffList(t, later)
	byRoot := rootList(t, later, root)
	delegation := digestOf(t, format.Delegation, sealDelegation(t, testDelegation(t), root))
	ends := func(keep ...[16]byte) []byte { return rootList(t, revokingKey(11, root, keep...), standby) }
	forLists := digestOf(t, format.Delegation, sealDelegation(t, listDelegation(t), root))
	thatList := digestOf(t, format.Revocation, seal(t, format.Revocation, payloadOf(t, later), root))
	endsLicense := revoking(12, testLicense(t).ID)

	for name, c := range map[string]struct {
		revoking, later []byte
		want            verify.Reason
		says            string // valid: the number of the list that counts
	}{
		"a key for lists, kept":                {ends(forLists), byRoots, verify.Revoked, "list 11 of"},
		"a key for lists, not kept":            {ends(), byRoots, verify.Revoked, "list 11 of"},
		"a key for lists of the standby":       {ends(), byStandbys(t, later), verify.Revoked, "list 11 of"},
		"the root itself, kept":                {ends(thatList), byRoot, verify.Revoked, "list 11 of"},
		"the root itself, not kept":            {ends(), byRoot, verify.Revoked, "list 11 of"},
		"the delegation kept":                  {ends(delegation, forLists), byRoots, verify.Valid, ""},
		"the delegation kept, the standby's":   {ends(delegation), byStandbys(t, later), verify.Valid, ""},
		"the delegation kept, another revoked": {ends(forLists, [16]byte{1}), byRoots, verify.Revoked, "list 11 of"},
		"the standby forgives":                 {ends(), rootList(t, later, standby), verify.Valid, ""},
		"the license too, by the later":        {ends(), byStandbys(t, endsLicense), verify.Revoked, "this license, by its revocation list 12 of"},
	} {
		for way, run := range map[string]*trial{
			"both kept":             {has: [][]byte{c.revoking, c.later}},
			"both kept, turned":     {has: [][]byte{c.later, c.revoking}},
			"the later attached":    {has: [][]byte{c.revoking}, attached: c.later},
			"the revoking attached": {has: [][]byte{c.later}, attached: c.revoking},
		} {
			t.Run(name+"/"+way, func(t *testing.T) {
				run.scenario = newScenario(t)
				l, err := run.check(t)
				wantReason(t, l, err, c.want)
				if err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v does not say %q", err, c.says)
				}
				if l != nil && l.RevocationList.Number != 12 {
					t.Errorf("judged by %+v, want list 12", l.RevocationList)
				}
			})
		}
	}
}

// TestRevokedRootOfThree: a list of the last root, which may revoke the first, does not
// bring it back either, for it does not put the list of the second out of force.
func TestRevokedRootOfThree(t *testing.T) {
	roots := []keys.PrivateKey{rootKey(t), standbyKey(t), strangerKey(t)}
	v, err := verify.New(roots[0].Public(), roots[1].Public(), roots[2].Public())
	if err != nil {
		t.Fatal(err)
	}
	ends, later := openList(t, v, rootList(t, revokingKey(11, roots[0]), roots[1])), testList(12)
	for name, c := range map[string]struct {
		later *verify.RevocationList
		want  verify.Reason
	}{
		"says nothing":                 {openList(t, v, rootList(t, later, roots[2])), verify.Revoked},
		"puts an end to what it undid": {openList(t, v, rootList(t, revokingKey(12, roots[1]), roots[2])), verify.Valid},
	} {
		s := newScenario(t)
		s.facts.Revocations = []*verify.RevocationList{ends, c.later}
		l, err := v.Check(textOf(t, s.delegation, s.license), s.facts)
		if wantReason(t, l, err, c.want); t.Failed() {
			t.Fatal(name)
		}
	}
}
