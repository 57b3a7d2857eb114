package sitetest

import (
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Signer is who signs a revocation list.
type Signer uint8

const (
	Root     Signer = iota // the vendor's root
	Standby                // its second root, in TwoRoots alone
	ListKey                // delegated by Root for revocation lists alone
	ListKey2               // another such key
	Staff                  // who may sign licenses, and so no list
	Stranger               // the root of OtherRoots
)

func (s Signer) key() keys.PrivateKey {
	return key([...]byte{Root: 1, Standby: 5, ListKey: 6, ListKey2: 7, Staff: 2, Stranger: 9}[s])
}

// Thumbprint is how a list names the key.
func (s Signer) Thumbprint() [32]byte { return s.key().Public().Thumbprint() }

// TwoRoots is the vendor's roots file with a standby root behind the active one.
func TwoRoots() []byte {
	return append(Roots(), Standby.key().Public().MarshalLine("acme.example standby")+"\n"...)
}

// List returns the text of a revocation list that is issued with the licenses. change,
// which may be nil, alters it before it is signed.
func List(by Signer, number uint64, change func(*format.RevocationClaims)) ([]byte, error) {
	c := &format.RevocationClaims{Issuer: "acme.example", IssuedAt: Issued.Unix(), ID: format.ID{3}, Number: number}
	if by == Stranger {
		c.Issuer = "other.example"
	}
	if change != nil {
		change(c)
	}
	payload, err := c.Marshal()
	if err != nil {
		return nil, err
	}
	list, err := format.Seal(format.Revocation, by.key().Public().ID(), payload, by.key().Sign)
	if err != nil {
		return nil, err
	}
	delegation, err := by.delegation()
	if err != nil {
		return nil, err
	}
	raw, err := format.MarshalList(delegation, list)
	if err != nil {
		return nil, err
	}
	return format.EncodeFile(format.RevocationFile, raw), nil
}

// delegation returns the one under which a key signs lists, nil for a root.
func (s Signer) delegation() ([]byte, error) {
	switch s {
	case Staff:
		return Delegation()
	case ListKey, ListKey2:
		return sealDelegation(&format.DelegationClaims{
			Issuer: "acme.example", Name: "lists", ID: format.ID{byte(s)}, Key: s.key().Public().Bytes(),
			IssuedAt: delegated.Unix(), NotBefore: delegated.Unix(), Expires: delegated.AddDate(100, 0, 0).Unix(),
			Scope: format.Scope{Revocations: true},
		})
	}
	return nil, nil
}

// Attach returns a license file with a revocation list in it.
func Attach(license, list []byte) ([]byte, error) {
	raw, err := format.DecodeTextAs(license, format.LicenseFile)
	if err != nil {
		return nil, err
	}
	rawList, err := format.DecodeTextAs(list, format.RevocationFile)
	if err != nil {
		return nil, err
	}
	if raw, err = format.AttachList(raw, rawList); err != nil {
		return nil, err
	}
	return format.EncodeFile(format.LicenseFile, raw), nil
}
