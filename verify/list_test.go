package verify_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// wantList judges the outcome of opening a list.
func wantList(t *testing.T, l *verify.RevocationList, err error, want verify.Reason) {
	t.Helper()
	refusal := new(verify.Refusal)
	switch {
	case (l == nil) == (err == nil):
		t.Errorf("got %v together with error %v", l, err)
	case want == verify.Valid:
		if err != nil {
			t.Error(err)
		}
	case !errors.As(err, &refusal) || !errors.Is(err, want):
		t.Errorf("got %v, want %s", err, want)
	case refusal.Message == "" || refusal.Hint() == "":
		t.Errorf("the refusal does not say what is the matter, or what to do: %+v", refusal)
	}
}

// TestWhoSignsLists: a root, or a key that a root has delegated for that alone, in the
// time of its delegation; and nobody revokes a root but a root behind it.
func TestWhoSignsLists(t *testing.T) {
	root, standby, staff, lists, stranger := rootKey(t), standbyKey(t), staffKey(t), listKey(t), strangerKey(t)
	sealed := func(c *format.RevocationClaims, by keys.Signer) []byte {
		return seal(t, format.Revocation, payloadOf(t, c), by)
	}
	plain := testList(1)
	delegated := func(change func(*format.DelegationClaims)) []byte {
		d := listDelegation(t)
		if change != nil {
			change(d)
		}
		return sealDelegation(t, d, root)
	}
	good := delegated(nil)
	for name, c := range map[string]struct {
		delegation, list []byte
		want             verify.Reason
	}{
		"by the root":             {nil, sealed(plain, root), verify.Valid},
		"by the standby root":     {nil, sealed(plain, standby), verify.Valid},
		"by a key for lists":      {good, sealed(plain, lists), verify.Valid},
		"a list of nothing":       {nil, sealed(testList(1<<63-1), root), verify.Valid},
		"revokes a key for lists": {nil, sealed(revokingKey(1, lists), root), verify.Valid},
		"revokes its own key":     {good, sealed(revokingKey(1, lists), lists), verify.Valid},
		"revokes unknown keys":    {good, sealed(revokingKey(1, stranger), lists), verify.Valid},

		"by a stranger":                               {nil, sealed(plain, stranger), verify.UnknownKey},
		"by a stranger under the root's id":           {nil, sealed(plain, impostor{stranger, root.Public()}), verify.BadSignature},
		"by a key for lists, its delegation left out": {nil, sealed(plain, lists), verify.UnknownKey},
		"by another key than delegated":               {good, sealed(plain, stranger), verify.UnknownKey},
		"by another key under its id":                 {good, sealed(plain, impostor{stranger, lists.Public()}), verify.BadSignature},
		"by the root, under another's delegation":     {good, sealed(plain, root), verify.UnknownKey},
		"under a delegation by itself":                {sealDelegation(t, listDelegation(t), lists), sealed(plain, lists), verify.UnknownKey},
		"under a stranger's delegation":               {sealDelegation(t, listDelegation(t), stranger), sealed(plain, lists), verify.UnknownKey},
		"another signature":                           {good, splice(t, sealed(plain, lists), good), verify.BadSignature},
		"one number more than was signed":             {nil, changed(t, sealed(testList(7), root), "\xa1\x00\x07", "\xa1\x00\x08"), verify.BadSignature},

		"by a key for licenses": {sealDelegation(t, testDelegation(t), root), sealed(plain, staff), verify.OutOfScope},
		"by a key for nothing": {delegated(func(d *format.DelegationClaims) { d.Scope = format.Scope{} }),
			sealed(plain, lists), verify.OutOfScope},
		"by a root that is delegated to": {delegated(func(d *format.DelegationClaims) { d.Key = standby.Public().Bytes() }),
			sealed(plain, standby), verify.OutOfScope},
		"of another vendor": {delegated(func(d *format.DelegationClaims) { d.Issuer = "b.example" }),
			sealed(plain, lists), verify.OutOfScope},
		"issued as the delegation begins": {delegated(func(d *format.DelegationClaims) { d.NotBefore = plain.IssuedAt }),
			sealed(plain, lists), verify.Valid},
		"issued a second before": {delegated(func(d *format.DelegationClaims) { d.NotBefore = plain.IssuedAt + 1 }),
			sealed(plain, lists), verify.OutOfScope},
		"issued in the delegation's last second": {delegated(func(d *format.DelegationClaims) { d.Expires = plain.IssuedAt + 1 }),
			sealed(plain, lists), verify.Valid},
		"issued as it ends": {delegated(func(d *format.DelegationClaims) { d.Expires = plain.IssuedAt }),
			sealed(plain, lists), verify.OutOfScope},

		"the standby revokes the active root":  {nil, sealed(revokingKey(1, root), standby), verify.Valid},
		"the active root revokes the standby":  {nil, sealed(revokingKey(1, standby), root), verify.OutOfScope},
		"the active root revokes itself":       {nil, sealed(revokingKey(1, root), root), verify.OutOfScope},
		"the standby revokes itself":           {nil, sealed(revokingKey(1, standby), standby), verify.OutOfScope},
		"a key for lists revokes a root":       {good, sealed(revokingKey(1, root), lists), verify.OutOfScope},
		"a key for lists revokes the standby":  {good, sealed(revokingKey(1, standby), lists), verify.OutOfScope},
		"one of the standby's revokes a root":  {sealDelegation(t, listDelegation(t), standby), sealed(revokingKey(1, root), lists), verify.OutOfScope},
		"a license where the list belongs":     {good, seal(t, format.License, payloadOf(t, plain), lists), verify.Malformed},
		"a list's content sealed as a license": {nil, seal(t, format.License, payloadOf(t, plain), root), verify.Malformed},
		"a license's content sealed as a list": {nil, seal(t, format.Revocation, payloadOf(t, testLicense(t)), root), verify.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			// Written here, for MarshalList refuses what an attacker would not.
			raw := append([]byte{0x81}, c.list...)
			if c.delegation != nil {
				raw = slices.Concat([]byte{0x82}, c.delegation, c.list)
			}
			l, err := twoRoots(t).OpenRevocationList(listText(raw))
			wantList(t, l, err, c.want)
		})
	}
}

// TestRanksOfThreeRoots: each revokes those before it and no other.
func TestRanksOfThreeRoots(t *testing.T) {
	roots := []keys.PrivateKey{rootKey(t), standbyKey(t), strangerKey(t)}
	v, err := verify.New(roots[0].Public(), roots[1].Public(), roots[2].Public())
	if err != nil {
		t.Fatal(err)
	}
	for i, by := range roots {
		for j, revoked := range roots {
			want := verify.OutOfScope
			if i > j {
				want = verify.Valid
			}
			l, err := v.OpenRevocationList(listText(rootList(t, revokingKey(1, revoked), by)))
			if wantList(t, l, err, want); t.Failed() {
				t.Fatalf("root %d revokes root %d", i, j)
			}
		}
	}
}

// TestOrderOfTheRootsFile: its lines tell which root may revoke which. One who has them in
// disorder is told where to look.
func TestOrderOfTheRootsFile(t *testing.T) {
	active, standby := rootKey(t).Public().MarshalLine("active")+"\n", standbyKey(t).Public().MarshalLine("standby")+"\n"
	text := listText(rootList(t, revokingKey(1, rootKey(t)), standbyKey(t)))
	for file, want := range map[string]verify.Reason{active + standby: verify.Valid, standby + active: verify.OutOfScope} {
		v, err := verify.ParseRoots([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		l, err := v.OpenRevocationList(text)
		wantList(t, l, err, want)
		const next = "check that the roots file is the one that came with the product, its lines in their order; if it is, ask the vendor"
		if refusal := new(verify.Refusal); errors.As(err, &refusal) && !strings.Contains(refusal.Hint(), next) {
			t.Errorf("got %q, want %q", refusal.Hint(), next)
		}
	}
}

// TestRootTwice: were one root both before and behind another, both could revoke.
func TestRootTwice(t *testing.T) {
	a, b := rootKey(t).Public(), standbyKey(t).Public()
	for _, roots := range [][]keys.PublicKey{{a, a}, {a, b, a}} {
		if v, err := verify.New(roots...); v != nil || err == nil || !strings.Contains(err.Error(), "duplicate") {
			t.Errorf("got %v, %v", v, err)
		}
	}
}

func TestListTells(t *testing.T) {
	v := twoRoots(t)
	raw := staffList(t, revoking(7, format.ID{2}))
	text := listText(raw)
	l, err := v.OpenRevocationList(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text) // nothing of it is the caller's memory
	want, err := time.Parse(time.RFC3339, listIssued)
	if err != nil {
		t.Fatal(err)
	}
	if l.Number != 7 || l.Issuer != "acme.example" || l.Signer != "lists" || !l.Issued().Equal(want) ||
		!l.Licenses.Has(format.ID{2}) || l.Licenses.Has(format.ID{3}) || !bytes.Equal(l.Raw, raw) {
		t.Errorf("got %+v", l)
	}
	if l := openList(t, v, rootList(t, testList(1), rootKey(t))); l.Signer != rootKey(t).Public().Fingerprint() {
		t.Errorf("signed by %q, want the root's fingerprint", l.Signer)
	}
	again := openList(t, v, l.Raw) // a record of it is as good
	if again.Number != l.Number || again.ID != l.ID {
		t.Errorf("got %+v from %+v", again, l)
	}
}

func TestListRefusalsHelp(t *testing.T) {
	v := twoRoots(t)
	good := listText(rootList(t, testList(1), rootKey(t)))
	for name, c := range map[string]struct {
		text []byte
		says string
		next string
	}{
		"a license":        {textOf(t, testDelegation(t), testLicense(t)), "this is a license; want a revocation list", "name the revocation list"},
		"cut off":          {good[:len(good)-20], "ends in the middle", "from OLV1: to the last character"},
		"a later version":  {append([]byte("OLV2"), good[4:]...), "of a later version, OLV2", "update the product"},
		"a public key":     {[]byte(rootKey(t).Public().MarshalLine("root")), "public key", "name the revocation list"},
		"a private key":    {[]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb"), "private key", "keep the key private"},
		"a license's key":  {listText(slices.Concat([]byte{0x82}, sealDelegation(t, testDelegation(t), rootKey(t)), seal(t, format.Revocation, payloadOf(t, testList(1)), staffKey(t)))), `"anna" was not allowed to sign this revocation list: revocation lists`, "signed by a key that may"},
		"a root's own end": {listText(rootList(t, revokingKey(1, standbyKey(t)), rootKey(t))), "root keys", "signed by a key that may"},
	} {
		_, err := v.OpenRevocationList(c.text)
		refusal := new(verify.Refusal)
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Message, c.says) || !strings.Contains(refusal.Hint(), c.next) {
			t.Errorf("%s: got %+v (%v), want %q and %q", name, refusal, err, c.says, c.next)
		}
	}
	if _, err := v.Check(good, testFacts(t)); !errors.Is(err, verify.Malformed) || !strings.Contains(err.Error(), "this is a revocation list") {
		t.Errorf("a list for a license: %v", err)
	}
}
