package verify

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Opened is a license file that was read and is genuine: a key that was allowed to has
// signed the license. Whether the license holds is not known yet, so none of its terms can
// be had from an Opened: [Opened.Check] judges, and gives them. What the methods tell
// beside that is what a caller needs to collect its facts.
//
// Only [Verifier.Open] makes one. It may be used by many goroutines at once, and be judged
// as often as there are facts.
type Opened struct {
	verifier   *Verifier
	raw        []byte           // the license file
	signed     format.Statement // the license
	claims     *format.LicenseClaims
	delegation *delegation
	attached   []byte // list in the license file, not opened yet; nil: none
}

// Open reads the text of a license file and checks who has signed it. The error is a
// *[Refusal].
func (v *Verifier) Open(text []byte) (*Opened, error) {
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil, licenseSource.refuse(err)
	}
	return v.OpenRaw(raw)
}

// OpenRaw is [Verifier.Open] for a license file as it travels, without the text form. raw is
// kept, and must not be changed.
func (v *Verifier) OpenRaw(raw []byte) (*Opened, error) {
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, licenseSource.refuse(err)
	}
	delegation, err := v.delegation(file.RawDelegation, file.Delegation)
	if err != nil {
		return nil, err
	}
	license := file.License
	if license.KeyID() != delegation.keyID() {
		return nil, v.refuseSigner(license, delegation)
	}
	if !delegation.key.Verify(license.SignedMessage(), license.Signature()) {
		return nil, &Refusal{
			Reason:  BadSignature,
			Message: "the license was changed after it was signed",
			hint:    "copy the license file again, or ask the vendor to send it again",
		}
	}
	claims, err := format.UnmarshalLicense(license.UnverifiedPayload())
	if err != nil {
		return nil, licenseSource.refuse(err)
	}
	if b := claims.Binding; b != nil {
		if _, err := keys.NewPublicKey(b.Key); err != nil {
			return nil, licenseSource.refuse(fmt.Errorf("the machine's key in the license: %w", err))
		}
	}
	// The delegation is judged at the time when the license was issued, so that licenses
	// outlive key rotation.
	if err := CheckScope(delegation.claims, claims); err != nil {
		return nil, err
	}
	return &Opened{v, raw, license, claims, delegation, file.RawList}, nil
}

// refuseSigner refuses a license whose kid names another key than the delegation.
func (v *Verifier) refuseSigner(license format.Statement, d *delegation) error {
	for _, root := range v.roots {
		if root.ID() == license.KeyID() {
			return &Refusal{
				Reason:  OutOfScope,
				Message: "the license is signed by a root key, which may sign delegations and revocation lists alone",
				hint:    "ask the vendor for a license signed by a staff key",
			}
		}
	}
	return &Refusal{
		Reason:   UnknownKey,
		Message:  "the license is signed by another key than its delegation names",
		Expected: fmt.Sprintf("key %x", d.keyID()),
		Found:    fmt.Sprintf("key %x", license.KeyID()),
		hint:     "ask the vendor to send the license again",
	}
}

// Vendor returns who has signed the license, by the delegation of a root.
func (o *Opened) Vendor() string { return o.delegation.claims.Issuer }

// Delegation returns the statement under which the license is signed, for short licenses that
// leave it out.
func (o *Opened) Delegation() []byte {
	file, _ := format.ParseFile(o.raw) // it was parsed before
	return file.RawDelegation
}

// RequestHash returns the SHA-256 of the body of the request that the license answers, and
// false for a license that is bound to no site.
func (o *Opened) RequestHash() (hash [32]byte, bound bool) {
	if o.claims.Binding == nil {
		return hash, false
	}
	return o.claims.Binding.Request, true
}

// RevocationList returns the revocation list in the license file, nil if there is none. The
// error is a *[Refusal] for one that does not hold; Check then refuses the license.
func (o *Opened) RevocationList() (*RevocationList, error) {
	if o.attached == nil {
		return nil, nil
	}
	l, err := o.verifier.OpenRawRevocationList(o.attached)
	if err != nil {
		return nil, refuseAttached(err, o.Vendor())
	}
	if l.Issuer != o.Vendor() {
		return nil, &Refusal{
			Reason:   OutOfScope,
			Message:  "the revocation list in the license file is another vendor's",
			Expected: o.Vendor(),
			Found:    l.Issuer,
			hint:     "ask " + o.Vendor() + " to send the license again",
		}
	}
	return l, nil
}

// AcceptsList returns a *[Refusal] for a list that is older than the license asks for.
func (o *Opened) AcceptsList(l *RevocationList) error {
	if least := o.claims.Terms.MinRevocation; l.Number < least {
		return &Refusal{
			Reason:   Superseded,
			Message:  "the license asks for a later revocation list",
			Expected: fmt.Sprintf("list %d or later", least),
			Found:    fmt.Sprintf("list %d of %s", l.Number, date(l.Issued())),
			hint:     "ask the vendor for the newest revocation list",
		}
	}
	return nil
}

// Chain returns what the license rests on, to ask [Revokes] and [RevocationList.Revokes].
func (o *Opened) Chain() Chain {
	c := o.delegation.chain()
	c.License = o.signed.Digest()
	return c
}

// Text returns the license file in its text form, as one line has it.
func (o *Opened) Text() []byte { return format.EncodeFile(format.LicenseFile, o.raw) }

// Check judges the license. It returns a license or an error, never both. The error is a
// *[Refusal] that says why the license does not hold, unless the facts themselves are
// incomplete.
//
// The order of the steps is part of the format: SPEC.md, section "Judgement".
func (o *Opened) Check(facts Facts) (*License, error) {
	if err := facts.check(o.verifier); err != nil {
		return nil, err
	}
	return o.judge(&facts)
}
