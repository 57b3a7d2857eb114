package format

// ReleaseClaims say that a site gave a license up. The fields hold what was read; only
// the signature of the machine key that the license names makes it true.
type ReleaseClaims struct {
	Activation    string // the license's
	Vendor        string // the domain of the vendor to whom the seat goes back
	IssuedAt      int64  // when the site gave the license up, by its clock; seconds since 1970
	ID            ID     // of the release
	License       ID     // of the license that was given up
	EmergencyDays uint64 // emergency days that the activation has used; 0: none
}

const (
	releaseLicense = iota
	releaseEmergencyDays
)

// Marshal returns the payload:
//
//	release = {
//	  2 => tstr, 3 => tstr,          ; activation, vendor
//	  6 => uint, 7 => bstr .size 16, ; iat, cti
//	  -70005 => {
//	    0 => bstr .size 16,          ; the license's cti
//	    ? 1 => uint,                 ; emergency days used
//	  }
//	}
func (c *ReleaseClaims) Marshal() ([]byte, error) {
	var w writer
	m := w.fields()
	m.key(claimSubject).text(c.Activation)
	m.key(claimAudience).text(c.Vendor)
	m.key(claimIssuedAt).int(c.IssuedAt)
	m.key(claimID).bytes(c.ID[:])
	m.key(claimRelease)
	what := w.fields()
	what.key(releaseLicense).bytes(c.License[:])
	what.uint(releaseEmergencyDays, c.EmergencyDays)
	if _, err := UnmarshalRelease(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// UnmarshalRelease reads the payload of a release. The error is a *MalformedError.
func UnmarshalRelease(payload []byte) (*ReleaseClaims, error) {
	if len(payload) > MaxRelease {
		return nil, malformed("%d bytes, a release has at most %d", len(payload), MaxRelease)
	}
	r := newReader(payload)
	var c ReleaseClaims
	f := r.fields()
	f.need(claimSubject, "sub")
	c.Activation = r.text(maxWord)
	f.need(claimAudience, "aud")
	c.Vendor = r.vendor()
	f.need(claimIssuedAt, "iat")
	c.IssuedAt = r.time()
	f.need(claimID, "cti")
	c.ID = r.id()
	f.need(claimRelease, "release")
	what := r.fields()
	what.need(releaseLicense, "license")
	c.License = r.id()
	if what.has(releaseEmergencyDays) {
		c.EmergencyDays = r.positive(maxUint)
	}
	what.end()
	f.end()
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return &c, nil
}
