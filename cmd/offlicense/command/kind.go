package command

import (
	"errors"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
)

// refuseOther names what was given in the place of a license file. A text that it does
// not know is left to the judgement.
func refuseOther(text []byte, command string) error {
	kind, _, err := format.DecodeText(text)
	if err != nil {
		return refuseKey(err, command+" wants a license")
	}
	if kind == format.LicenseFile {
		return nil
	}
	e := cli.Failf("this is a %s; %s wants a license", kind, command)
	switch kind {
	case format.RequestBody, format.SignedRequest:
		return e.WithHint("send the request to the vendor, and %s what comes back", command)
	case format.Delegation:
		return e.WithHint("name the license file; it brings its own delegation along")
	case format.Release:
		return e.WithHint("send the release to the vendor; name the license file that came from them")
	}
	return e.WithHint("name the license file that came from the vendor")
}

// refuseKey names a key that was given instead of a statement; nil for other errors.
func refuseKey(err error, want string) error {
	var malformed *format.MalformedError
	if !errors.As(err, &malformed) || malformed.Foreign() == "" || malformed.Foreign() == format.OtherText {
		return nil
	}
	e := cli.Failf("this is %s; %s", malformed.Foreign(), want)
	if malformed.Foreign() == format.PublicKey {
		return e.WithHint("the vendor's public keys belong to --roots; name the license file that came from the vendor")
	}
	return e.WithHint("leave the key where it is and send it to nobody; name the license file that came from the vendor")
}
