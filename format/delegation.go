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
func (d *DelegationClaims) Marshal() ([]byte, error) { return marshal(d, UnmarshalDelegation) }

// UnmarshalDelegation reads the payload of a delegation. The error is a *MalformedError.
func UnmarshalDelegation(payload []byte) (*DelegationClaims, error) {
	return unmarshal(new(DelegationClaims), payload, "a delegation", MaxDelegation)
}

func (d *DelegationClaims) wire(x *codec) {
	m := x.entries()
	m.need(claimIssuer, "iss").vendor(&d.Issuer)
	m.need(claimSubject, "sub").text(&d.Name, maxWord)
	m.need(claimExpires, "exp").time(&d.Expires)
	m.need(claimNotBefore, "nbf").time(&d.NotBefore)
	m.need(claimIssuedAt, "iat").time(&d.IssuedAt)
	m.need(claimID, "cti").fixed(d.ID[:])
	m.need(claimConfirm, "cnf").confirmation(&d.Key)
	d.Scope.wire(m.need(claimScope, "scope"))
	m.end()
	if d.Expires <= d.NotBefore {
		x.refuse("the delegation ends before it begins")
	}
}

func (s *Scope) wire(x *codec) {
	m := x.entries()
	several := m.f.left > 1
	m.may(scopeProducts, len(s.Products) > 0).allowed(&s.Products)
	m.may(scopeTypes, len(s.Types) > 0).allowed(&s.Types)
	m.may(scopeMaxTerm, s.MaxTerm != 0).after(&s.MaxTerm)
	m.may(scopeMaxSeats, s.MaxSeats != 0).positive(&s.MaxSeats, maxUint)
	value(m.may(scopeWeakest, s.Weakest != 0), &s.Weakest, (*reader).strength, (*writer).strength)
	m.may(scopePerpetual, s.Perpetual).flag(&s.Perpetual)
	m.may(scopeRevocations, s.Revocations).flag(&s.Revocations)
	m.end()
	if s.Revocations && several {
		x.refuse("a scope of revocation lists and of licenses: one key signs one of the two")
	}
}
