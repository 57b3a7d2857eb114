package command

import (
	"bytes"
	"errors"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// isList reports whether a text is a revocation list, or a damaged one, so that what is said
// of it is said of a list.
func isList(text []byte) bool {
	kind, _, err := format.DecodeText(text)
	if err == nil {
		return kind == format.RevocationFile
	}
	start := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	return bytes.EqualFold(start[:min(len(start), 3)], []byte("OLV"))
}

// nameList tells of a revocation list that was given to verify in the place of a license
// where it belongs.
func nameList(text []byte, err error) error {
	refusal, ok := errors.AsType[*verify.Refusal](err)
	if !ok || refusal.Reason != verify.Malformed || !isList(text) {
		return err
	}
	named := *refusal
	return named.WithHint(`install the list with "offlicense install", or judge a license by it with --revocations FILE`)
}
