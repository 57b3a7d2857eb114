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
func (c *AttestationClaims) Marshal() ([]byte, error) {
	var w writer
	m := w.fields()
	m.key(claimSubject).text(c.Activation)
	m.key(claimAudience).text(c.Vendor)
	m.key(claimIssuedAt).int(c.IssuedAt)
	m.key(claimConfirm).confirmation(c.Key)
	m.key(claimAttestation)
	what := w.fields()
	what.key(attestedLicense).bytes(c.License[:])
	what.key(attestedDigest).bytes(c.Digest[:])
	what.key(attestedProduct).text(c.Product)
	if len(c.Components) > 0 {
		encodeComponents(what.key(attestedComponents), c.Components)
	}
	what.uint(attestedFloor, uint64(c.Floor)) // a time before 1970 is above the most
	what.text(attestedVersion, c.Version)
	what.uint(attestedBuilt, uint64(c.Built))
	if len(c.Use) > 0 {
		what.key(attestedUse).limits(c.Use)
	}
	if _, err := UnmarshalAttestation(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// UnmarshalAttestation reads the payload of an attestation. The error is a *MalformedError.
func UnmarshalAttestation(payload []byte) (*AttestationClaims, error) {
	if len(payload) > MaxAttestation {
		return nil, malformed("%d bytes, an attestation has at most %d", len(payload), MaxAttestation)
	}
	r := newReader(payload)
	var c AttestationClaims
	f := r.fields()
	f.need(claimSubject, "sub")
	c.Activation = r.text(maxWord)
	f.need(claimAudience, "aud")
	c.Vendor = r.vendor()
	f.need(claimIssuedAt, "iat")
	c.IssuedAt = r.time()
	f.need(claimConfirm, "cnf")
	c.Key = r.confirmation()
	f.need(claimAttestation, "attestation")
	what := r.fields()
	what.need(attestedLicense, "license")
	c.License = r.id()
	what.need(attestedDigest, "digest")
	copy(c.Digest[:], r.bytes(nameSize, nameSize))
	what.need(attestedProduct, "product")
	c.Product = r.product("product")
	if what.has(attestedComponents) {
		c.Components = decodeComponents(&r)
	}
	if what.has(attestedFloor) {
		c.Floor = int64(r.positive(maxTime))
	}
	if what.has(attestedVersion) {
		c.Version = r.text(maxWord)
	}
	if what.has(attestedBuilt) {
		c.Built = int64(r.positive(maxTime))
	}
	if what.has(attestedUse) {
		c.Use = r.limits()
	}
	what.end()
	f.end()
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return &c, nil
}
