package verify

import (
	"errors"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// source says where a statement of one kind comes from, to help with another text, or a part
// of one.
type source struct{ name, again, update string }

var (
	licenseSource = source{
		"name the license file that came from the vendor",
		"copy the license file again: all of it, from OLL1: or OLC1: to the last character",
		updateProduct,
	}
	listSource = source{
		"name the revocation list that came from the vendor",
		"copy the revocation list again: all of it, from OLV1: to the last character",
		updateProduct,
	}
	delegationSource = source{
		"name the delegation that the holder of the root key made",
		"copy the delegation again: all of it, from OLD1: to the last character",
		updateProgram,
	}
	requestSource = source{
		`name the request file that the customer sent, made by "offlicense request"`,
		"ask the customer to send the request again: all of it, from its prefix to the last character",
		updateProgram,
	}
	attestationSource = source{
		`name the attestation that the site made with "offlicense attest"`,
		"copy the attestation again: all of it, from OLA1: to the last character",
		updateProgram,
	}
	releaseSource = source{
		`name the release that the customer sent, made by "offlicense release"`,
		"ask the customer to send the release again: all of it, from OLR1: to the last character",
		updateProgram,
	}
)

// What to do about a statement of a later version, whose text is whole.
const (
	updateProduct = "update the product: the vendor's tools are newer, and it does not know all that they say"
	updateProgram = "update this program: it does not know all that a later version says"
)

// refuse turns an error of package format into a refusal.
func (s source) refuse(err error) *Refusal {
	r := &Refusal{Reason: Malformed, Message: strings.TrimPrefix(err.Error(), "malformed: "), hint: s.again}
	wrong, isWrong := errors.AsType[*format.WrongKindError](err)
	malformed, isMalformed := errors.AsType[*format.MalformedError](err)
	switch {
	case isWrong && s == licenseSource && (wrong.Got == format.SignedRequest || wrong.Got == format.RequestBody):
		r.hint = "send the request to the vendor; the license is what comes back"
	case isWrong && s == licenseSource && wrong.Got == format.CarriedLicense:
		r.hint = `give it to "offlicense install" on the server that asked, or ask the vendor for the license file`
	case isWrong:
		r.hint = s.name
	case isMalformed && (malformed.Foreign() == format.PrivateKey || malformed.Foreign() == format.MachineKey):
		r.hint = "keep the key private; " + s.name
	case isMalformed && malformed.Later():
		r.hint = s.update
	case isMalformed && malformed.Missing() != nil:
		r.hint = "give all parts, one after the other in one file or on standard input; their order does not matter"
	case isMalformed && malformed.Foreign() != "":
		r.hint = s.name
	}
	return r
}
