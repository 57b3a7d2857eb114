package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

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
	s := &d.Scope
	l.Scope = &ListedScope{
		append([]string{}, s.Products...), append([]string{}, s.Types...),
		float64(s.MaxTerm) / SecondsPerDay, s.MaxSeats, s.Weakest.String(), s.Perpetual, s.Revocations,
	}
	l.From, l.Until = time.Unix(d.NotBefore, 0).UTC(), time.Unix(d.Expires, 0).UTC()
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
	revoked, err := s.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	since := make(map[string]time.Time) // by fingerprint
	for _, k := range revoked {
		key, err := k.Key()
		if err != nil {
			return err
		}
		since[key.Fingerprint()] = k.Since
	}
	for i := range listing.Roots {
		listing.Roots[i].Revoked = since[listing.Roots[i].Fingerprint]
	}
	here := make(map[string]*ListedKey)
	for i := range listing.Keys {
		k := &listing.Keys[i]
		k.Revoked = since[k.Fingerprint]
		if here[k.Fingerprint] == nil || k.Delegation != nil {
			here[k.Fingerprint] = k
		}
	}
	signers, err := s.Signers(ctx)
	if err != nil {
		return err
	}
	for _, signer := range signers {
		key, err := keys.NewPublicKey(signer.Key)
		if err != nil {
			return err
		}
		listed := ListedSigner{Name: signer.Name, Licenses: signer.Licenses, First: signer.First, Last: signer.Last}
		switch k := here[key.Fingerprint()]; {
		case k == nil:
			listed.Fingerprint = key.Fingerprint()
			listing.Others = append(listing.Others, listed)
		case k.Signed == nil:
			k.Signed = &listed
		default: // under another name
			k.Signed.Licenses += listed.Licenses
			if listed.First.Before(k.Signed.First) {
				k.Signed.First = listed.First
			}
			if listed.Last.After(k.Signed.Last) {
				k.Signed.Last = listed.Last
			}
		}
	}
	return nil
}
