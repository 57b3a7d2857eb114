package verify

import (
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Release is a release that the machine key of its license has signed. Its time and its
// emergency days are what the site's clock and directory said.
type Release struct {
	format.ReleaseClaims
	KeyID [keys.IDSize]byte // of the machine key
	Raw   []byte            // the signed statement, for a record
}

// OpenRelease reads the text of a release and checks it with the key that keyOf has on
// record for the license that it names: nothing in a release says which key may sign it.
// keyOf is asked about an id that nobody has vouched for yet, and must return the machine
// key to which the license of that id was bound. Its errors are returned as they are; all
// others are a *Refusal.
//
// Whether activation and vendor are those of the license on record is for the caller to
// compare, and so is what a release of an earlier license of an activation means.
func OpenRelease(text []byte, keyOf func(license format.ID) (keys.PublicKey, error)) (*Release, error) {
	raw, err := format.DecodeTextAs(text, format.Release)
	if err != nil {
		return nil, releaseSource.refuse(err)
	}
	s, err := format.ParseStatement(raw, format.Release)
	if err != nil {
		return nil, releaseSource.refuse(err)
	}
	claims, err := format.UnmarshalRelease(s.UnverifiedPayload())
	if err != nil {
		return nil, releaseSource.refuse(err)
	}
	key, err := keyOf(claims.License)
	if err != nil {
		return nil, err
	}
	if key.IsZero() {
		return nil, errors.New("no machine key is on record for the license")
	}
	if s.KeyID() != key.ID() {
		return nil, &Refusal{
			Reason:   UnknownKey,
			Message:  "the release is signed by another machine than the license is bound to",
			Expected: "key " + key.String(),
			Found:    fmt.Sprintf("key %x", s.KeyID()),
			hint:     "ask for the release that the licensed server itself wrote",
		}
	}
	if !key.Verify(s.SignedMessage(), s.Signature()) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the release was changed after its server signed it",
			hint:    `ask the customer to send it again: "offlicense release" on that server writes the same once more`,
		}
	}
	return &Release{ReleaseClaims: *claims, KeyID: s.KeyID(), Raw: raw}, nil
}
