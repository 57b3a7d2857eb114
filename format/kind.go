package format

import "strings"

// Kind is a kind of statement.
type Kind uint8

// The kinds of statement. SPEC.md, section "Kinds".
const (
	RequestBody    Kind = iota + 1 // a request's body with a checksum alone, as a QR code carries it
	SignedRequest                  // a request signed by its machine key
	LicenseFile                    // a delegation, a license signed under it, perhaps a revocation list
	License                        // the signed license in such a file; it never travels alone
	Delegation                     // a root lets a staff key sign
	Release                        // a site gives its license up
	RevocationFile                 // a revocation list, with the delegation of its signer unless that is a root
	Revocation                     // the signed list in such a file; it never travels alone
	Attestation                    // a site says where and how a license is in use
	CarriedLicense                 // what of a license file its reader does not hold, for codes and voices
)

// Most bytes of a statement, the text form taken off.
const (
	MaxRequest     = 8 << 10
	MaxLicenseFile = 64 << 10
	MaxDelegation  = 8 << 10
	MaxRelease     = 8 << 10
	MaxRevocation  = 1 << 20
	MaxAttestation = 8 << 10
	MaxCarried     = 8 << 10
)

// kindInfo is what the wire says of a kind.
type kindInfo struct {
	name     string
	prefix   string // of the text form; empty for a kind without one
	typ      string // COSE header 16; empty for a kind without its own signature
	maxBytes int
}

var kinds = [...]kindInfo{
	RequestBody:   {"request", "OLQ1", "", MaxRequest},
	SignedRequest: {"request", "OLS1", "application/vnd.offlicense.request+cbor", MaxRequest},
	LicenseFile:   {"license", "OLL1", "", MaxLicenseFile},
	License:       {"license", "", "application/vnd.offlicense.license+cwt", MaxLicenseFile},
	Delegation:    {"delegation", "OLD1", "application/vnd.offlicense.delegation+cwt", MaxDelegation},
	Release:       {"release", "OLR1", "application/vnd.offlicense.release+cwt", MaxRelease},

	RevocationFile: {"revocation list", "OLV1", "", MaxRevocation},
	Revocation:     {"revocation list", "", "application/vnd.offlicense.revocation+cwt", MaxRevocation},

	Attestation:    {"attestation", "OLA1", "application/vnd.offlicense.attestation+cwt", MaxAttestation},
	CarriedLicense: {"short license", "OLC1", "", MaxCarried},
}

// String returns the kind's name, such as "delegation".
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kinds) {
		return "unknown statement"
	}
	return kinds[k].name
}

func (k Kind) withArticle() string {
	if name := k.String(); strings.ContainsRune("aeiou", rune(name[0])) {
		return "an " + name
	} else {
		return "a " + name
	}
}

// maxBytes is the most bytes of a kind; of one that is unknown, those of its file.
func (k Kind) maxBytes() int {
	if k == 0 {
		return MaxLicenseFile
	}
	return kinds[k].maxBytes
}

// Prefixes lists the prefixes of the text forms for a message: "OLQ1:, OLS1: or OLL1:".
func Prefixes() string {
	var all []string
	for _, info := range kinds {
		if info.prefix != "" {
			all = append(all, info.prefix+":")
		}
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " or " + all[last]
}

func kindOfPrefix(prefix string) (Kind, bool) {
	for kind, info := range kinds {
		if info.prefix != "" && info.prefix == prefix {
			return Kind(kind), true
		}
	}
	return 0, false
}

func kindOfTyp(typ []byte) (Kind, bool) {
	for kind, info := range kinds {
		if info.typ != "" && info.typ == string(typ) {
			return Kind(kind), true
		}
	}
	return 0, false
}
