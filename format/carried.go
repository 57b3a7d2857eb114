package format

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// Carried is a license as codes and voices carry it: what its reader holds is left out. The
// reader puts that in again and has the license file, byte for byte; a wrong guess is a bad
// signature. Nothing in it was checked.
//
//	carried = [
//	  bstr .size 5,                            ; start of the request's hash
//	  carried-license,                         ; claims
//	  bstr .size 64,                           ; the license's signature
//	  bstr .size 4 / [bstr, bstr .size 64],    ; start of the delegation's digest, or its payload and signature
//	  ? revocation-file,
//	]
type Carried struct {
	request    [requestMark]byte
	claims     LicenseClaims // those that are carried
	signature  []byte
	delegation []byte // its payload; nil: it is left out
	delegated  []byte // its signature
	digest     [digestMark]byte
	list       []byte // as MarshalList returns it; nil: there is none
}

const (
	requestMark = 5 // 8 characters of the request's comparison code
	digestMark  = 4
)

// UnmarshalCarried reads a carried license. The error is a *MalformedError or a *WrongKindError.
func UnmarshalCarried(raw []byte) (*Carried, error) {
	if len(raw) > MaxCarried {
		return nil, malformed("%d bytes, a short license has at most %d", len(raw), MaxCarried)
	}
	r := newReader(raw)
	n := r.array(4, 5)
	var c Carried
	copy(c.request[:], r.bytes(requestMark, requestMark))
	c.claims.wireCarried(&codec{r: &r}, true)
	c.signature = r.bytes(signatureSize, signatureSize)
	if r.peek() == majorBytes {
		copy(c.digest[:], r.bytes(digestMark, digestMark))
	} else {
		r.array(2, 2)
		c.delegation = r.bytes(1, MaxDelegation)
		c.delegated = r.bytes(signatureSize, signatureSize)
	}
	var refused error
	if n == 5 && r.err == nil {
		at := len(raw) - len(r.b)
		l := readList(&r)
		if r.err == nil {
			c.list, refused = raw[at:len(raw)-len(r.b)], l.check()
		}
	}
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	if refused != nil {
		return nil, refused
	}
	return &c, nil
}

// Marshal returns the bytes of a carried license.
func (c *Carried) Marshal() ([]byte, error) {
	var w writer
	w.array(4)
	if c.list != nil {
		w.b[0]++
	}
	w.bytes(c.request[:])
	c.claims.wireCarried(&codec{w: &w}, true)
	w.bytes(c.signature)
	if c.delegation == nil {
		w.bytes(c.digest[:])
	} else {
		w.array(2)
		w.bytes(c.delegation)
		w.bytes(c.delegated)
	}
	w.b = append(w.b, c.list...)
	if _, err := UnmarshalCarried(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// RequestMark returns the first 8 characters of the comparison code of the request that the
// license answers, without a dash.
func (c *Carried) RequestMark() string { return base32Encoding.EncodeToString(c.request[:]) }

// Answers reports whether the license may answer the request with that hash.
func (c *Carried) Answers(hash [32]byte) bool { return bytes.HasPrefix(hash[:], c.request[:]) }

// Carries reports whether it stands for a license, by the signature.
func (c *Carried) Carries(license Statement) bool { return bytes.Equal(c.signature, license.signature) }

// HasList reports whether a revocation list is carried.
func (c *Carried) HasList() bool { return c.list != nil }

// Delegation returns the statement of the delegation as it is if the root with that key id has
// signed it; nil if it is left out.
func (c *Carried) Delegation(root [8]byte) ([]byte, error) {
	if c.delegation == nil {
		return nil, nil
	}
	return joinStatement(Delegation, protectedHeader(Delegation, root), c.delegation, c.delegated)
}

// LeavesOut reports whether a delegation may be the one that is left out.
func (c *Carried) LeavesOut(delegation Statement) bool {
	digest := delegation.Digest()
	return c.delegation == nil && bytes.HasPrefix(digest[:], c.digest[:])
}

// File returns the license file: what is carried, and what a request's body and a delegation
// say. Of each license there is one form that carries it, and no other is read. The error is
// a *MalformedError or a *WrongKindError.
func (c *Carried) File(body, delegation []byte) ([]byte, error) {
	s, err := ParseStatement(delegation, Delegation)
	if err != nil {
		return nil, err
	}
	h, err := heldOf(body, s)
	if err != nil {
		return nil, err
	}
	claims := c.claims
	binding := *c.claims.Binding
	binding.Key, binding.Request = h.request.Key, h.hash
	if binding.Need > 0 && binding.Components == nil {
		binding.Components = h.request.Readable()
	}
	claims.Binding = &binding
	for _, w := range h.words(&claims) {
		if *w.carried == "" {
			*w.carried = w.held
		}
	}
	payload, err := claims.Marshal()
	if err != nil {
		return nil, err
	}
	license, err := joinStatement(License, protectedHeader(License, keyID(h.delegation.Key)), payload, c.signature)
	if err != nil {
		return nil, err
	}
	file, err := MarshalFile(delegation, license, c.list)
	if err != nil {
		return nil, err
	}
	raw, err := c.Marshal()
	if err != nil {
		return nil, err
	}
	again, err := carry(file, body, c.delegation != nil)
	if err != nil {
		return nil, err
	}
	if again, err := again.Marshal(); err != nil || !bytes.Equal(again, raw) {
		return nil, malformed("it says what its reader holds, or leaves out what the reader does not hold")
	}
	return file, nil
}

// Carry returns the carried form of a license file, which answers the request with that body.
// Without the delegation only a reader understands it that has met the delegation. A
// revocation list in the file is carried whole. The error says that there is no such form:
// the license is bound to no request, or to another one, or it is too long.
func Carry(file, body []byte, withDelegation bool) ([]byte, error) {
	c, err := carry(file, body, withDelegation)
	if err != nil {
		return nil, err
	}
	f, err := ParseFile(file)
	if err != nil {
		return nil, err
	}
	got, err := c.File(body, f.RawDelegation)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(got, file) {
		return nil, malformed("no short license stands for this one")
	}
	return c.Marshal()
}

// carry leaves out what a reader holds, and does not look whether it comes back.
func carry(file, body []byte, withDelegation bool) (*Carried, error) {
	f, err := ParseFile(file)
	if err != nil {
		return nil, err
	}
	claims, err := UnmarshalLicense(f.License.payload)
	if err != nil {
		return nil, err
	}
	h, err := heldOf(body, f.Delegation)
	if err != nil {
		return nil, err
	}
	b := claims.Binding
	if b == nil || b.Request != h.hash {
		return nil, malformed("the license answers another request, or none")
	}
	c := &Carried{request: [requestMark]byte(h.hash[:]), claims: *claims, signature: f.License.signature, list: f.RawList}
	c.claims.Binding = &Binding{Need: b.Need, Components: b.Components}
	same := func(a, b Component) bool { return a.Label == b.Label && bytes.Equal(a.Hash, b.Hash) }
	if slices.EqualFunc(b.Components, h.request.Readable(), same) {
		c.claims.Binding.Components = nil
	}
	for _, w := range h.words(&c.claims) {
		if *w.carried == w.held {
			*w.carried = ""
		}
	}
	if withDelegation {
		c.delegation, c.delegated = f.Delegation.payload, f.Delegation.signature
	} else {
		digest := f.Delegation.Digest()
		c.digest = [digestMark]byte(digest[:])
	}
	return c, nil
}

// held is what a reader holds.
type held struct {
	request    *Request
	hash       [32]byte // of the request's body
	delegation *DelegationClaims
}

func heldOf(body []byte, delegation Statement) (*held, error) {
	q, err := UnmarshalRequest(body)
	if err != nil {
		return nil, err
	}
	d, err := UnmarshalDelegation(delegation.payload)
	if err != nil {
		return nil, err
	}
	return &held{q, sha256.Sum256(body), d}, nil
}

// heldWord is a text of a license, and what it is where it is left out.
type heldWord struct {
	carried *string
	held    string
}

func (h *held) words(l *LicenseClaims) []heldWord {
	return []heldWord{
		{&l.Issuer, h.delegation.Issuer},
		{&l.Product, h.request.Product},
		{&l.Terms.Type, h.request.Type},
		{&l.Terms.Invoice, h.request.Invoice},
		{&l.Terms.Site, h.request.Site},
	}
}

// keyID is the kid of an Ed25519 key: the start of its thumbprint (RFC 9679).
func keyID(key []byte) [keyIDSize]byte {
	var w writer
	w.coseKey(key)
	sum := sha256.Sum256(w.b)
	return [keyIDSize]byte(sum[:])
}
