package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// FingerprintPrefix starts the fingerprint of a key.
const FingerprintPrefix = "SHA256:"

// FoundKey is a key that is to be revoked, with all that is known of it here.
type FoundKey struct {
	ledger.RevokedKey
	Key        keys.PublicKey
	Delegated  bool         // a delegation names it
	Signed     ListedSigner // what licenses it has signed, on record
	SignsLists bool         // a list on record is signed by it
	Since      time.Time    // when it was revoked; zero: it was not
}

// Unseen reports whether nothing here tells whose key it is.
func (k *FoundKey) Unseen() bool {
	return !k.Root && !k.Delegated && k.Signed.Licenses == 0 && !k.SignsLists
}

// FindKey finds a key by its fingerprint, among those of the home and those that have
// signed what is on record.
func (s *Service) FindKey(ctx context.Context, fingerprint string) (*FoundKey, error) {
	all, err := s.knownKeys(ctx)
	if err != nil {
		return nil, err
	}
	k := all[fingerprint]
	if k == nil {
		return nil, hint.Errorf("no key is known as %s", text.Quote(fingerprint)).
			WithHint("\"licensor key list\" shows all; or give the file of its public line or its delegation")
	}
	return k.revocable(s)
}

// FindKeyIn returns the key of a file with a public line or a delegation, which may be all
// that is left of it.
func (s *Service) FindKeyIn(ctx context.Context, file []byte) (*FoundKey, error) {
	all, err := s.knownKeys(ctx)
	if err != nil {
		return nil, err
	}
	if kind, _, err := format.DecodeText(file); err == nil && kind == format.Delegation {
		v, err := s.home.Verifier()
		if err != nil {
			return nil, err
		}
		claims, err := v.OpenDelegation(file)
		if err != nil {
			return nil, err
		}
		k, err := all.addDelegation(claims)
		if err != nil {
			return nil, err
		}
		return k.revocable(s)
	}
	named, err := OnePublicKey(file)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(named.Comment, named.Fingerprint())
	return all.add(named.PublicKey, name).revocable(s)
}

// revocable refuses the last root.
func (k *FoundKey) revocable(s *Service) (*FoundKey, error) {
	roots, err := s.home.NamedRoots()
	if err != nil {
		return nil, err
	}
	if roots[len(roots)-1].PublicKey == k.Key {
		return nil, hint.Errorf("the last root key cannot be revoked: %s", k.Key.Fingerprint()).
			WithHint("a root is revoked by the standby behind it in root.pub; if this one is stolen, products need a release with other roots")
	}
	// Of a key that nobody knows it has to be assumed: were it one for lists, a thief's
	// list would keep the vendor's away from servers, unless that is a root's.
	k.Lists = k.Lists || k.Unseen()
	return k, nil
}

// knownKeys are all keys that the home and the ledger know, by their fingerprints.
type knownKeys map[string]*FoundKey

// add returns what is known of a key. The first name that is added stays.
func (all knownKeys) add(key keys.PublicKey, name string) *FoundKey {
	k := all[key.Fingerprint()]
	if k == nil {
		k = &FoundKey{RevokedKey: ledger.RevokedKey{Name: name, Public: key.Bytes()}, Key: key}
		all[key.Fingerprint()] = k
	}
	return k
}

func (all knownKeys) addBytes(public []byte, name string) (*FoundKey, error) {
	key, err := keys.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return all.add(key, name), nil
}

func (all knownKeys) addDelegation(d *format.DelegationClaims) (*FoundKey, error) {
	k, err := all.addBytes(d.Key, d.Name)
	if err != nil {
		return nil, err
	}
	if k.Unseen() {
		k.Name = d.Name
	}
	k.Delegated = true
	k.Lists = k.Lists || d.Scope.Revocations
	return k, nil
}

func (s *Service) knownKeys(ctx context.Context) (knownKeys, error) {
	all := make(knownKeys)
	roots, err := s.home.NamedRoots()
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		all.add(root.PublicKey, root.Fingerprint()).Root = true
	}
	if err := all.addRecorded(ctx, s.Book); err != nil {
		return nil, err
	}
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	// What is damaged in the home hides nothing else: a stolen key is to be revoked all
	// the same.
	here, err := s.home.StaffKeys(v)
	if err != nil {
		return nil, err
	}
	for _, k := range here {
		if k.Delegation != nil {
			if _, err := all.addDelegation(k.Delegation); err != nil {
				return nil, err
			}
		}
		if !k.Public.IsZero() {
			all.add(k.Public, k.Name)
		}
	}
	return all, nil
}

// addRecorded adds who has signed what is on record, under the names of the delegations.
func (all knownKeys) addRecorded(ctx context.Context, b *book.Book) error {
	revoked, err := b.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	for _, r := range revoked {
		k, err := all.addBytes(r.Public, r.Name)
		if err != nil {
			return err
		}
		k.Since, k.Root, k.Lists = r.Since, k.Root || r.Root, r.Lists
	}
	licenses, err := b.Signers(ctx)
	if err != nil {
		return err
	}
	for _, signer := range licenses {
		known, err := all.addBytes(signer.Key, signer.Name)
		if err != nil {
			return err
		}
		k := &known.Signed
		if k.Licenses += signer.Licenses; k.Name == "" { // else: under another name
			k.Name, k.First, k.Last = signer.Name, signer.First, signer.Last
		}
		if signer.First.Before(k.First) {
			k.First = signer.First
		}
		if signer.Last.After(k.Last) {
			k.Last = signer.Last
		}
	}
	lists, err := b.ListSigners(ctx)
	if err != nil {
		return err
	}
	for _, signer := range lists {
		k, err := all.addBytes(signer.Key, signer.Name)
		if err != nil {
			return err
		}
		k.SignsLists, k.Lists = true, true
	}
	return nil
}

// KeyListing is all that is known of the vendor's keys.
type KeyListing struct {
	Version int          `json:"version"`
	Roots   []ListedRoot `json:"roots"`
	Keys    []ListedKey  `json:"keys"`
	// Others have signed as well, and have no file here.
	Others []ListedSigner `json:"other_signers"`
	// Ledger is false where there is no ledger that says who has signed what.
	Ledger bool `json:"ledger"`
}

// ListedRoot is a root key that the home trusts.
type ListedRoot struct {
	Role        string    `json:"role"` // active, standby or former
	Fingerprint string    `json:"fingerprint"`
	Comment     string    `json:"comment,omitempty"`
	Revoked     time.Time `json:"revoked,omitzero"` // since then
}

// Where a private key is.
const (
	LivesInFile    = "file"
	LivesInAgent   = "agent"
	LivesElsewhere = "elsewhere" // only its public half is here
)

// ListedKey is a staff key of which the home has a file.
type ListedKey struct {
	Name        string        `json:"name"`
	Fingerprint string        `json:"fingerprint,omitempty"`
	ID          string        `json:"id,omitempty"` // as statements and revocation lists name it
	Lives       string        `json:"lives"`
	Scope       *ListedScope  `json:"scope,omitempty"` // missing: no delegation
	From        time.Time     `json:"from,omitzero"`
	Until       time.Time     `json:"until,omitzero"`
	DaysLeft    *int64        `json:"days_left,omitempty"` // below 0 once it has ended
	Signed      *ListedSigner `json:"signed,omitempty"`    // missing: nothing, or no ledger
	Revoked     time.Time     `json:"revoked,omitzero"`    // since then; it signs nothing more
	Problem     string        `json:"problem,omitempty"`

	Err        error                    `json:"-"` // of the file system or in the files; Problem is its text
	Delegation *format.DelegationClaims `json:"-"`
}

// ListedScope is what a key may sign.
type ListedScope struct {
	Products    []string `json:"products"`
	Types       []string `json:"types"`
	MaxTermDays float64  `json:"max_term_days"`
	MaxSeats    uint64   `json:"max_seats"`
	Binding     string   `json:"binding"` // the weakest
	Perpetual   bool     `json:"perpetual"`
	Revocations bool     `json:"revocations"`
}

// ListedSigner is what was signed under a name.
type ListedSigner struct {
	Name        string    `json:"name"`                  // as licenses on record have it
	Fingerprint string    `json:"fingerprint,omitempty"` // of a key that is not here
	Licenses    int64     `json:"licenses"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
}

// ListKeys lists what a home knows of keys, and what the ledger says of them if there is
// one; where is as for Open.
func ListKeys(ctx context.Context, at home.Home, where string, o Options, now time.Time) (*KeyListing, error) {
	listing, err := listHomeKeys(at, o.AgentSocket, now)
	if err != nil {
		return nil, err
	}
	s, err := OpenIfPresent(ctx, at, where, o)
	if err != nil {
		return nil, err
	}
	if s != nil {
		defer s.Close()
	}
	return listing, addSigned(ctx, s, listing)
}

// Keys lists what the home knows of keys.
func (s *Service) Keys(now time.Time) (*KeyListing, error) {
	return listHomeKeys(s.home, s.AgentSocket, now)
}

// listHomeKeys lists what the home knows of keys. One that waits for its first delegation
// has no roots yet.
func listHomeKeys(at home.Home, agentSocket string, now time.Time) (*KeyListing, error) {
	listing := &KeyListing{Version: 1, Roots: []ListedRoot{}, Keys: []ListedKey{}, Others: []ListedSigner{}}
	var v *verify.Verifier
	switch roots, err := at.NamedRoots(); {
	case err == nil:
		for i, root := range roots {
			role := cmp.Or(home.RootRole(i, len(roots)), "active")
			listing.Roots = append(listing.Roots, ListedRoot{Role: role, Fingerprint: root.Fingerprint(), Comment: root.Comment})
		}
		if v, err = at.Verifier(); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	all, err := at.StaffKeys(v)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = home.Open(at.Dir) // says what is missing
	}
	if err != nil {
		return nil, err
	}
	held := AgentKeys(agentSocket)
	for _, k := range all {
		listing.Keys = append(listing.Keys, viewKey(k, held, now))
	}
	return listing, nil
}

func viewKey(k *home.StaffKey, held map[keys.PublicKey]string, now time.Time) ListedKey {
	l := ListedKey{Name: k.Name, Lives: LivesElsewhere}
	if !k.Public.IsZero() {
		l.Fingerprint = k.Public.Fingerprint()
		l.ID = fmt.Sprintf("%x", k.Public.ID())
	}
	if _, found := held[k.Public]; found {
		l.Lives = LivesInAgent
	}
	if k.Private {
		l.Lives = LivesInFile
	}
	if l.Err = k.Err; k.Err != nil {
		l.Problem = k.Err.Error()
	}
	d := k.Delegation
	l.Delegation = d
	if d == nil {
		return l
	}
	if string(d.Key) != string(k.Public.Bytes()) {
		l.Problem = "its delegation is to another key"
	}
	view := ViewDelegation(d)
	l.Scope, l.From, l.Until = &view.Scope, view.From, view.Until
	left := int64(l.Until.Sub(now) / (24 * time.Hour))
	if !now.Before(l.Until) {
		left = min(left, -1)
	}
	l.DaysLeft = &left
	return l
}

// addSigned adds what the ledger says of the keys: what each has signed, which of them
// were revoked, and who else has signed. There may be no ledger, as on the machine of the
// root key.
func addSigned(ctx context.Context, s *Service, listing *KeyListing) error {
	if s == nil {
		return nil
	}
	listing.Ledger = true
	known := make(knownKeys)
	if err := known.addRecorded(ctx, s.Book); err != nil {
		return err
	}
	for i := range listing.Roots {
		if k := known[listing.Roots[i].Fingerprint]; k != nil {
			listing.Roots[i].Revoked = k.Since
		}
	}
	here := make(map[string]bool)
	for i := range listing.Keys {
		l := &listing.Keys[i]
		here[l.Fingerprint] = true
		if k := known[l.Fingerprint]; k != nil {
			l.Revoked = k.Since
			if k.Signed.Licenses > 0 {
				l.Signed = &k.Signed
			}
		}
	}
	for fingerprint, k := range known {
		if k.Signed.Licenses > 0 && !here[fingerprint] {
			k.Signed.Fingerprint = fingerprint
			listing.Others = append(listing.Others, k.Signed)
		}
	}
	slices.SortFunc(listing.Others, func(a, b ListedSigner) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return nil
}
