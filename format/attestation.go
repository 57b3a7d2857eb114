package format

// AttestationClaims say where and how a license is in use. The fields hold what was read; the
// signature shows that the holder of the machine key has said so, and nothing makes it true.
type AttestationClaims struct {
	Activation string            // the license's
	Vendor     string            // the license's
	IssuedAt   int64             // the site's clock, seconds since 1970
	Key        []byte            // the machine's Ed25519 public key, 32 bytes
	License    ID                // of the license in use
	Digest     [nameSize]byte    // of its statement, as [Statement.Digest] returns it
	Product    string            // the license's
	Components []Component       // all that the machine offers; empty where nothing identifies it
	Floor      int64             // latest time that the site has recorded; 0: none
	Version    string            // of the program; empty: not told
	Built      int64             // when the program was built; 0: not told
	Use        map[string]uint64 // of the license's limits; empty: not told
}

const (
	attestedLicense = iota
	attestedDigest
	attestedProduct
	attestedComponents
	attestedFloor
	attestedVersion
	attestedBuilt
	attestedUse
)

// Marshal returns the payload:
//
//	attestation = {
//	  2 => tstr, 3 => tstr,          ; activation, vendor
//	  6 => uint,                     ; iat
//	  8 => cnf,                      ; the machine's key
//	  -70006 => {
//	    0 => bstr .size 16,          ; the license's cti
//	    1 => bstr .size 16,          ; its digest
//	    2 => tstr,                   ; product
//	    ? 3 => components,
//	    ? 4 => uint,                 ; floor
//	    ? 5 => tstr,                 ; version
//	    ? 6 => uint,                 ; built
//	    ? 7 => { 1*64 tstr => uint } ; use
//	  }
//	}
func (c *AttestationClaims) Marshal() ([]byte, error) { return marshal(c, UnmarshalAttestation) }

// UnmarshalAttestation reads the payload of an attestation. The error is a *MalformedError.
func UnmarshalAttestation(payload []byte) (*AttestationClaims, error) {
	return unmarshal(new(AttestationClaims), payload, "an attestation", MaxAttestation)
}

func (c *AttestationClaims) wire(x *codec) {
	m := x.entries()
	m.need(claimSubject, "sub").text(&c.Activation, maxWord)
	m.need(claimAudience, "aud").vendor(&c.Vendor)
	m.need(claimIssuedAt, "iat").time(&c.IssuedAt)
	m.need(claimConfirm, "cnf").confirmation(&c.Key)
	what := m.need(claimAttestation, "attestation").entries()
	what.need(attestedLicense, "license").fixed(c.License[:])
	what.need(attestedDigest, "digest").fixed(c.Digest[:])
	what.need(attestedProduct, "product").product(&c.Product, "product")
	what.may(attestedComponents, len(c.Components) > 0).components(&c.Components)
	what.may(attestedFloor, c.Floor != 0).after(&c.Floor)
	what.may(attestedVersion, c.Version != "").text(&c.Version, maxWord)
	what.may(attestedBuilt, c.Built != 0).after(&c.Built)
	what.may(attestedUse, len(c.Use) > 0).limits(&c.Use)
	what.end()
	m.end()
}
