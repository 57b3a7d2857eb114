package verify

import (
	"errors"

	"github.com/offlicense/offlicense/format"
)

// OpenCarried reads the text of a short license (OLC1). Nobody has checked it yet, and it is of
// no use but for [Verifier.Rebuild]. The error is a *[Refusal].
func OpenCarried(text []byte) (*format.Carried, error) {
	raw, err := format.DecodeTextAs(text, format.CarriedLicense)
	if err != nil {
		return nil, licenseSource.refuse(err)
	}
	c, err := format.UnmarshalCarried(raw)
	if err != nil {
		return nil, licenseSource.refuse(err)
	}
	return c, nil
}

// Rebuild returns the text of the license file that a short license stands for. What it leaves
// out is in one of the requests that the site has made, and in one of the delegations, as the
// bytes of their statements, that the site has met or the product came with. Nothing of them is
// trusted: the file opens, as [Verifier.Open] would, or is not returned. The error is a *[Refusal].
func (v *Verifier) Rebuild(c *format.Carried, requests []*Request, delegations ...[]byte) ([]byte, error) {
	var refused error
	var hashes [][32]byte
	for _, q := range requests {
		hashes = append(hashes, q.Hash)
		if !c.Answers(q.Hash) {
			continue
		}
		delegation, err := v.carriedDelegation(c, delegations)
		if err != nil {
			return nil, err
		}
		file, err := v.rebuild(c, q, delegation)
		if err == nil {
			return file, nil
		}
		refused = err
	}
	if refused != nil {
		return nil, refused
	}
	mark := c.RequestMark()
	return nil, &Refusal{
		Reason:   WrongSite,
		Message:  "this short license answers a request that is not in this directory",
		Expected: "a license for " + requestNames(hashes),
		Found:    "a license for the request whose code begins with " + mark[:4] + "-" + mark[4:],
		hint:     "install it on the server with that request, or ask the vendor for the license file",
	}
}

// carriedDelegation returns the delegation under which a short license is signed.
func (v *Verifier) carriedDelegation(c *format.Carried, met [][]byte) ([]byte, error) {
	for _, raw := range met {
		s, err := format.ParseStatement(raw, format.Delegation)
		if err == nil && c.LeavesOut(s) {
			return raw, nil
		}
	}
	for _, root := range v.roots {
		raw, err := c.Delegation(root.ID())
		if err != nil {
			return nil, licenseSource.refuse(err)
		}
		if raw == nil {
			return nil, &Refusal{
				Reason:  UnknownKey,
				Message: "this short license leaves out the delegation of its signer, which this site has not met",
				hint:    "ask the vendor for the short license with its delegation, or for the license file",
			}
		}
		s, err := format.ParseStatement(raw, format.Delegation)
		if err != nil {
			return nil, licenseSource.refuse(err)
		}
		if _, err := v.delegation(raw, s); !errors.Is(err, BadSignature) || root.Verify(s.SignedMessage(), s.Signature()) {
			return raw, err
		}
	}
	return nil, &Refusal{
		Reason:   UnknownKey,
		Message:  "the delegation in the short license is not signed by a trusted root key",
		Expected: "one signed by " + v.rootNames(),
		Found:    "one signed by an untrusted key, or damaged",
		hint:     "check that the license is this vendor's, and that the roots file is the one that came with the product",
		ofRoots:  true,
	}
}

// rebuild rebuilds the license file with what the site holds.
func (v *Verifier) rebuild(c *format.Carried, q *Request, delegation []byte) ([]byte, error) {
	raw, err := c.File(q.Body, delegation)
	if err != nil {
		return nil, licenseSource.refuse(err)
	}
	text := format.EncodeFile(format.LicenseFile, raw)
	_, err = v.Open(text)
	if errors.Is(err, BadSignature) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the short license does not belong to what this site holds, or was changed after it was signed",
			hint:    "ask the vendor for the license file",
		}
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}
