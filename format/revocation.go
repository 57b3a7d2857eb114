package format

import "bytes"

// RevocationClaims are the content of a revocation list: which licenses and keys are no
// longer good. A list is complete; of two the one with the higher number counts. The
// fields hold what was read; only the signature of a trusted root, or of a key delegated
// for revocation lists alone, makes it true.
type RevocationClaims struct {
	Issuer   string // the vendor's domain
	IssuedAt int64  // seconds since 1970
	ID       ID
	Number   uint64       // at least 1
	Licenses Set          // IDs of licenses
	Keys     []RevokedKey // in ascending order of their thumbprints
}

// RevokedKey is a key whose signatures no longer count, but for those that the vendor
// has on record. It lets a thief of the key sign nothing, under whatever date, while
// no customer needs a new license.
type RevokedKey struct {
	Thumbprint [32]byte // RFC 9679
	Keep       Set      // by Statement.Digest: what the key has signed that stays good
}

// maxRevokedKeys is the most keys that a list revokes: some each year, forever.
const maxRevokedKeys = 1024

const (
	revocationNumber = iota
	revocationLicenses
	revocationKeys
)

const (
	revokedThumbprint = iota
	revokedKeep
)

// Marshal returns the payload:
//
//	revocation = {
//	  1 => tstr, 6 => uint, 7 => bstr .size 16,  ; vendor, iat, cti
//	  -70004 => {
//	    0 => uint,                               ; number
//	    ? 1 => names,                            ; licenses
//	    ? 2 => [1*1024 {
//	      0 => bstr .size 32,                    ; thumbprint
//	      ? 1 => names,                          ; digests of what stays good
//	    }],
//	  }
//	}
func (c *RevocationClaims) Marshal() ([]byte, error) {
	var w writer
	m := w.fields()
	m.key(claimIssuer).text(c.Issuer)
	m.key(claimIssuedAt).int(c.IssuedAt)
	m.key(claimID).bytes(c.ID[:])
	m.key(claimRevocation)
	what := w.fields()
	what.key(revocationNumber).uint(c.Number)
	what.set(revocationLicenses, c.Licenses)
	if len(c.Keys) > 0 {
		what.key(revocationKeys).array(len(c.Keys))
		for _, key := range c.Keys {
			k := w.fields()
			k.key(revokedThumbprint).bytes(key.Thumbprint[:])
			k.set(revokedKeep, key.Keep)
		}
	}
	if _, err := UnmarshalRevocation(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// UnmarshalRevocation reads the payload of a revocation list. The result shares its
// memory. The error is a *MalformedError.
func UnmarshalRevocation(payload []byte) (*RevocationClaims, error) {
	if len(payload) > MaxRevocation {
		return nil, malformed("%d bytes, a revocation list has at most %d", len(payload), MaxRevocation)
	}
	r := reader{b: payload} // without a copy: nearly all of a list are names that are no text
	var c RevocationClaims
	f := r.fields()
	f.need(claimIssuer, "iss")
	c.Issuer = r.vendor()
	f.need(claimIssuedAt, "iat")
	c.IssuedAt = r.time()
	f.need(claimID, "cti")
	c.ID = r.id()
	f.need(claimRevocation, "revocation")
	what := r.fields()
	what.need(revocationNumber, "number")
	c.Number = r.positive(maxUint)
	if what.has(revocationLicenses) {
		c.Licenses = r.set()
	}
	if what.has(revocationKeys) {
		c.Keys = decodeRevokedKeys(&r)
	}
	what.end()
	f.end()
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return &c, nil
}

func decodeRevokedKeys(r *reader) []RevokedKey {
	n := r.array(1, maxRevokedKeys)
	var all []RevokedKey // grows with the bytes that are there
	for range n {
		var key RevokedKey
		f := r.fields()
		f.need(revokedThumbprint, "thumbprint")
		copy(key.Thumbprint[:], r.bytes(hashSize, hashSize))
		if f.has(revokedKeep) {
			key.Keep = r.set()
		}
		f.end()
		if len(all) > 0 && bytes.Compare(all[len(all)-1].Thumbprint[:], key.Thumbprint[:]) >= 0 {
			r.fail("revoked keys that are not in ascending order")
		}
		if r.err != nil {
			return nil
		}
		all = append(all, key)
	}
	return all
}
