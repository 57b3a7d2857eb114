package site

import (
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// The day from which emergency days count is a term of the license that package format does
// not have yet: these two are the place where it comes in.

func activationOf(l *format.LicenseClaims) activation {
	return activation{vendor: l.Issuer, id: l.Activation, granted: l.Terms.EmergencyDays}
}

func activationOfLicense(l *verify.License) activation {
	return activation{vendor: l.Vendor, id: l.Activation, granted: l.EmergencyDays}
}
