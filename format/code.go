package format

import "crypto/sha256"

// Code returns the statement's comparison code: that of the SHA-256 of its payload. It does
// not change with the signature, nor with what comes along in a file.
func (s Statement) Code() string { return ComparisonCode(sha256.Sum256(s.payload)) }

// CodeOf returns the comparison code of what DecodeText returns: the same one on every
// screen that shows the statement, for two people to read to each other. A request has one
// code with and without its signature, a license whatever delegation and list come along.
// The error is a *MalformedError.
func CodeOf(kind Kind, raw []byte) (string, error) {
	switch kind {
	case RequestBody:
		_, err := UnmarshalRequest(raw)
		return ComparisonCode(sha256.Sum256(raw)), err
	case LicenseFile:
		f, err := ParseFile(raw)
		return f.License.Code(), err
	case RevocationFile:
		l, err := ParseList(raw)
		if err != nil {
			return "", err
		}
		return l.Revocation.Code(), nil
	}
	s, err := ParseStatement(raw, kind)
	return s.Code(), err
}
