package format

// DelegationClaims say that a staff key may sign so much, from then until then.
// The fields hold what was read; only the signature of a trusted root makes it true.
type DelegationClaims struct {
	Issuer    string // the vendor's domain
	Name      string // of the staff key
	Expires   int64  // seconds since 1970; licenses issued later are not covered
	NotBefore int64
	IssuedAt  int64
	ID        ID
	Key       []byte // the staff key, 32 bytes
	Scope     Scope
}

// Scope is what a staff key may sign. The zero value allows nothing: an empty list
// names nothing, a zero number reaches nowhere. Any is spelled out.
type Scope struct {
	Products  []string
	Types     []string
	MaxTerm   int64    // longest time from issue to the hard end of a license, seconds
	MaxSeats  uint64   // most seats of an entitlement that a license may name
	Weakest   Strength // weakest binding of a license that it may sign
	Perpetual bool     // may sign licenses without an end

	// Revocations is for a key that signs revocation lists. Such a key signs no license,
	// so all other fields are zero.
	Revocations bool
}

const (
	scopeProducts = iota
	scopeTypes
	scopeMaxTerm
	scopeMaxSeats
	scopeWeakest
	scopePerpetual
	scopeRevocations
)

// Marshal returns the payload:
//
//	delegation = {
//	  1 => tstr, 2 => tstr,                        ; vendor, name of the key
//	  4 => uint, 5 => uint, 6 => uint,             ; exp, nbf, iat
//	  7 => bstr .size 16, 8 => cnf,                ; the staff key
//	  -70002 => {
//	    ? 0 => [1*64 tstr], ? 1 => [1*64 tstr],    ; products, types
//	    ? 2 => uint, ? 3 => uint,                  ; longest term in seconds, most seats
//	    ? 4 => 1..3, ? 5 => true,                  ; weakest binding, perpetual
//	    ? 6 => true,                               ; revocation lists, and nothing else
//	  }
//	}
func (d *DelegationClaims) Marshal() ([]byte, error) {
	var w writer
	m := w.fields()
	m.key(claimIssuer).text(d.Issuer)
	m.key(claimSubject).text(d.Name)
	m.key(claimExpires).int(d.Expires)
	m.key(claimNotBefore).int(d.NotBefore)
	m.key(claimIssuedAt).int(d.IssuedAt)
	m.key(claimID).bytes(d.ID[:])
	m.key(claimConfirm).confirmation(d.Key)
	m.key(claimScope)
	encodeScope(&w, d.Scope)
	if _, err := UnmarshalDelegation(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

func encodeScope(w *writer, s Scope) {
	m := w.fields()
	if len(s.Products) > 0 {
		m.key(scopeProducts).words(s.Products)
	}
	if len(s.Types) > 0 {
		m.key(scopeTypes).words(s.Types)
	}
	if s.MaxTerm != 0 {
		m.key(scopeMaxTerm).int(s.MaxTerm)
	}
	m.uint(scopeMaxSeats, s.MaxSeats)
	m.uint(scopeWeakest, uint64(s.Weakest))
	m.flag(scopePerpetual, s.Perpetual)
	m.flag(scopeRevocations, s.Revocations)
}

// UnmarshalDelegation reads the payload of a delegation. The error is a *MalformedError.
func UnmarshalDelegation(payload []byte) (*DelegationClaims, error) {
	if len(payload) > MaxDelegation {
		return nil, malformed("%d bytes, a delegation has at most %d", len(payload), MaxDelegation)
	}
	r := newReader(payload)
	var d DelegationClaims
	f := r.fields()
	f.need(claimIssuer, "iss")
	d.Issuer = r.vendor()
	f.need(claimSubject, "sub")
	d.Name = r.text(maxWord)
	f.need(claimExpires, "exp")
	d.Expires = r.time()
	f.need(claimNotBefore, "nbf")
	d.NotBefore = r.time()
	f.need(claimIssuedAt, "iat")
	d.IssuedAt = r.time()
	f.need(claimID, "cti")
	d.ID = r.id()
	f.need(claimConfirm, "cnf")
	d.Key = r.confirmation()
	f.need(claimScope, "scope")
	d.Scope = decodeScope(&r)
	f.end()
	r.end()
	if r.err == nil && d.Expires <= d.NotBefore {
		r.fail("the delegation ends before it begins")
	}
	if r.err != nil {
		return nil, r.err
	}
	return &d, nil
}

func decodeScope(r *reader) Scope {
	var s Scope
	f := r.fields()
	entries := f.left
	if f.has(scopeProducts) {
		s.Products = r.allowed()
	}
	if f.has(scopeTypes) {
		s.Types = r.allowed()
	}
	if f.has(scopeMaxTerm) {
		s.MaxTerm = int64(r.positive(maxTime))
	}
	if f.has(scopeMaxSeats) {
		s.MaxSeats = r.positive(maxUint)
	}
	if f.has(scopeWeakest) {
		s.Weakest = Strength(r.positive(uint64(StrengthAny)))
	}
	s.Perpetual = f.has(scopePerpetual) && r.flag()
	s.Revocations = f.has(scopeRevocations) && r.flag()
	f.end()
	if s.Revocations && entries > 1 {
		r.fail("a scope of revocation lists and of licenses: one key signs one of the two")
	}
	return s
}
