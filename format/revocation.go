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
func (c *RevocationClaims) Marshal() ([]byte, error) { return marshal(c, UnmarshalRevocation) }

// UnmarshalRevocation reads the payload of a revocation list. The result shares its
// memory. The error is a *MalformedError.
func UnmarshalRevocation(payload []byte) (*RevocationClaims, error) {
	return unmarshal(new(RevocationClaims), payload, "a revocation list", MaxRevocation)
}

func (c *RevocationClaims) wire(x *codec) {
	m := x.entries()
	m.need(claimIssuer, "iss").vendor(&c.Issuer)
	m.need(claimIssuedAt, "iat").time(&c.IssuedAt)
	m.need(claimID, "cti").fixed(c.ID[:])
	what := m.need(claimRevocation, "revocation").entries()
	what.need(revocationNumber, "number").positive(&c.Number, maxUint)
	what.may(revocationLicenses, c.Licenses.Len() > 0).set(&c.Licenses)
	value(what.may(revocationKeys, len(c.Keys) > 0), &c.Keys, decodeRevokedKeys, encodeRevokedKeys)
	what.end()
	m.end()
}

func (k *RevokedKey) wire(x *codec) {
	m := x.entries()
	m.need(revokedThumbprint, "thumbprint").fixed(k.Thumbprint[:])
	m.may(revokedKeep, k.Keep.Len() > 0).set(&k.Keep)
	m.end()
}

func encodeRevokedKeys(w *writer, all []RevokedKey) {
	w.array(len(all))
	for _, key := range all {
		key.wire(&codec{w: w})
	}
}

func decodeRevokedKeys(r *reader) []RevokedKey {
	n := r.array(1, maxRevokedKeys)
	var all []RevokedKey // grows with the bytes that are there
	for range n {
		var key RevokedKey
		key.wire(&codec{r: r})
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
