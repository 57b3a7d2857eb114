package ledger

import (
	"bytes"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Revocation is a license that waits for a revocation list, or is on one.
type Revocation struct {
	License    format.ID
	Activation string
	Since      time.Time
	Why        string
	List       uint64 // the number of the list that has it; 0: the next one
}

// RevokedKey is a key whose signatures no longer count, but for what stays good.
type RevokedKey struct {
	Name   string `json:"name"`   // in its delegation; of a root its fingerprint
	Public []byte `json:"public"` // 32 bytes
	Root   bool   `json:"root,omitempty"`
	Lists  bool   `json:"lists,omitempty"` // was delegated for revocation lists

	// Keep are the digests of what stays good, in ascending order, 16 bytes each: of a
	// staff key licenses, of a root delegations. They are found once, when the key is
	// revoked: a list that found them anew would drop a delegation once its last license
	// has ended, and with it all that were signed under it.
	Keep []byte `json:"keep,omitempty"`
}

// KeyRevocation is a key that waits for a revocation list, or is on one. Where many are
// listed, Keep is left out: Kept says how many there are.
type KeyRevocation struct {
	RevokedKey
	Since time.Time
	Why   string
	List  uint64 // as in Revocation
	Kept  int    // how many licenses or delegations of it stay good
}

// Key returns the revoked key.
func (k *RevokedKey) Key() (keys.PublicKey, error) {
	key, err := keys.NewPublicKey(k.Public)
	if err != nil {
		return keys.PublicKey{}, fmt.Errorf("the key %.64q: %w", k.Name, err)
	}
	return key, nil
}

// Wire returns the revoked key as a revocation list has it.
func (k *RevokedKey) Wire() (format.RevokedKey, error) {
	key, err := k.Key()
	if err != nil {
		return format.RevokedKey{}, err
	}
	keep, err := splitSet(k.Keep)
	if err != nil {
		return format.RevokedKey{}, fmt.Errorf("what stays good of the key %.64q: %w", k.Name, err)
	}
	return format.RevokedKey{Thumbprint: key.Thumbprint(), Keep: keep}, nil
}

// JoinSet returns the names of a set one behind the other, as Keep has them.
func JoinSet(s format.Set) []byte {
	var joined []byte
	for i := range s.Len() {
		name := s.At(i)
		joined = append(joined, name[:]...)
	}
	return joined
}

func splitSet(joined []byte) (format.Set, error) {
	names := make([][16]byte, len(joined)/16)
	for i := range names {
		names[i] = [16]byte(joined[16*i:])
	}
	s := format.NewSet(names...)
	if !bytes.Equal(JoinSet(s), joined) {
		return format.Set{}, fmt.Errorf("%d bytes that are no set of 16-byte digests in ascending order", len(joined))
	}
	return s, nil
}

// DelegatedKey returns the name and the key in a delegation. Its signature was checked
// when it came here.
func DelegatedKey(delegation format.Statement) (name string, key keys.PublicKey, err error) {
	claims, err := format.UnmarshalDelegation(delegation.UnverifiedPayload())
	if err != nil {
		return "", keys.PublicKey{}, err
	}
	key, err = keys.NewPublicKey(bytes.Clone(claims.Key))
	return claims.Name, key, err
}

// SignedBy reports whether a key has signed a statement.
func SignedBy(key keys.PublicKey, signed format.Statement) bool {
	return signed.KeyID() == key.ID() && key.Verify(signed.SignedMessage(), signed.Signature())
}

// Signer is what a key has signed under one name, as the ledger has it.
type Signer struct {
	Name     string
	Key      []byte // 32 bytes
	Licenses int64
	First    time.Time // when the first of them was issued
	Last     time.Time
}
