package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// HashesOf returns the first and the last hash that a request may have whose comparison code
// people read so.
func HashesOf(code string) (first, last []byte, ok bool) {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code))
	hash, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(code)
	if err != nil || len(hash) == 0 || len(hash) > sha256.Size {
		return nil, nil, false
	}
	var whole [sha256.Size]byte
	copy(whole[:], hash)
	last = append(bytes.Clone(hash), bytes.Repeat([]byte{0xff}, sha256.Size-len(hash))...)
	return hash, last, strings.ReplaceAll(format.ComparisonCode(whole), "-", "") == code
}
