package command

import (
	"bytes"
	"errors"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// refuseOther names what was given to install in the place of a license or a revocation
// list. A text that it does not know is left to the judgement.
func refuseOther(kind format.Kind) error {
	e := cli.Failf("this is a %s; install wants a license or a revocation list", kind)
	switch kind {
	case format.RequestBody, format.SignedRequest:
		return e.WithHint("send the request to the vendor, and install what comes back")
	case format.Delegation:
		return e.WithHint("name the license file, which includes its delegation")
	case format.Release:
		return e.WithHint("send the release to the vendor; name the license file that came from them")
	}
	return e.WithHint("name the license file that came from the vendor")
}

// startsAsList reports whether a text that cannot be read was a revocation list, so that
// what is said of it is said of a list.
func startsAsList(text []byte) bool {
	start := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	return bytes.EqualFold(start[:min(len(start), 3)], []byte("OLV"))
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
	return e.WithHint("keep the key private; name the license file that came from the vendor")
}

// nameList tells of a revocation list that was given to verify in the place of a license
// where it belongs.
func nameList(text []byte, err error) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != verify.Malformed {
		return err
	}
	if kind, _, e := format.DecodeText(text); kind != format.RevocationFile && (e == nil || !startsAsList(text)) {
		return err
	}
	named := *refusal
	return named.WithHint(`install the list with "offlicense install", or judge a license by it with --revocations FILE`)
}
