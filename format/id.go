package format

import (
	"fmt"
	"io"
	"strings"
)

// IDSize is the length of an ID in bytes.
const IDSize = 16

// ID names one statement forever: its cti claim (RFC 8392, section 3.1.7). A license
// is known by its ID, never by a hash of its bytes.
type ID [IDSize]byte

// NewID returns 16 bytes of random.
func NewID(random io.Reader) (ID, error) {
	var id ID
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return ID{}, fmt.Errorf("making an id: %w", err)
	}
	return id, nil
}

// String returns the ID as all tools print it: 26 characters of Base32.
func (id ID) String() string { return base32Encoding.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, by ParseID.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads what String printed, forgiving what DecodeText forgives.
func ParseID(s string) (ID, error) {
	raw, err := decodeBase32([]byte(s))
	if err != nil || len(raw) != IDSize {
		return ID{}, malformed("%.64q is not an id: want 26 characters of Base32", s)
	}
	return ID(raw), nil
}

// ComparisonCode returns the first 10 bytes of a hash in groups of four characters,
// short enough for two people on the phone and long enough (80 bits) that nobody finds
// a second statement with the same one: "K7QX-2MPA-…". [CodeOf] has that of a statement;
// that of a public key is of its thumbprint (RFC 9679).
func ComparisonCode(hash [32]byte) string {
	s := base32Encoding.EncodeToString(hash[:10])
	return strings.Join([]string{s[:4], s[4:8], s[8:12], s[12:]}, "-")
}
