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
func (c *ReleaseClaims) Marshal() ([]byte, error) { return marshal(c, UnmarshalRelease) }

// UnmarshalRelease reads the payload of a release. The error is a *MalformedError.
func UnmarshalRelease(payload []byte) (*ReleaseClaims, error) {
	return unmarshal(new(ReleaseClaims), payload, "a release", MaxRelease)
}

func (c *ReleaseClaims) wire(x *codec) {
	m := x.entries()
	m.need(claimSubject, "sub").text(&c.Activation, maxWord)
	m.need(claimAudience, "aud").vendor(&c.Vendor)
	m.need(claimIssuedAt, "iat").time(&c.IssuedAt)
	m.need(claimID, "cti").fixed(c.ID[:])
	what := m.need(claimRelease, "release").entries()
	what.need(releaseLicense, "license").fixed(c.License[:])
	what.may(releaseEmergencyDays, c.EmergencyDays != 0).positive(&c.EmergencyDays, maxUint)
	what.end()
	m.end()
}
