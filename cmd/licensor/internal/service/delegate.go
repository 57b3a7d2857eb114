package service

import (
	"context"
	"io"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Delegate signs what lets a staff key sign, and returns the text of its file.
func Delegate(root keys.Signer, staff keys.PublicKey, claims format.DelegationClaims, random io.Reader) ([]byte, error) {
	_, file, err := issuer.Delegate(root, staff, claims, random)
	return file, err
}

// RefuseRevokedKey refuses a key that was revoked.
func (s *Service) RefuseRevokedKey(ctx context.Context, key keys.PublicKey) error {
	return s.CheckSigner(ctx, key, nil)
}
