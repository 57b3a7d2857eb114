package verify

import (
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Attestation is an attestation that the machine key in it has signed. What it says is the
// claim of who holds that key.
type Attestation struct {
	format.AttestationClaims
	Key keys.PublicKey // the machine's
}

// OpenAttestation reads the text of an attestation and checks its signature. Whether its key
// is that of the license is for the caller to compare, who has the license; see
// [Opened.AttestedBy]. The error is a *Refusal.
func OpenAttestation(text []byte) (*Attestation, error) {
	raw, err := format.DecodeTextAs(text, format.Attestation)
	if err != nil {
		return nil, attestationSource.refuse(err)
	}
	s, err := format.ParseStatement(raw, format.Attestation)
	if err != nil {
		return nil, attestationSource.refuse(err)
	}
	claims, err := format.UnmarshalAttestation(s.UnverifiedPayload())
	if err != nil {
		return nil, attestationSource.refuse(err)
	}
	key, err := keys.NewPublicKey(claims.Key)
	if err != nil {
		return nil, attestationSource.refuse(err)
	}
	if key.ID() != s.KeyID() || !key.Verify(s.SignedMessage(), s.Signature()) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the attestation was changed after its server signed it",
			hint:    `copy the attestation again, or make a new one with "offlicense attest"`,
		}
	}
	return &Attestation{*claims, key}, nil
}
