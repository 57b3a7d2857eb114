package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/fxamacker/cbor/v2"
)

// Flags of section 6.1. The two others are for later, and say nothing yet.
const (
	present  = 1 << 0
	verified = 1 << 2
	backable = 1 << 3 // it may be copied to other devices of its owner
	backedUp = 1 << 4
	attested = 1 << 6 // a new passkey is in it
	extended = 1 << 7
)

const (
	dataLen = sha256.Size + 1 + 4
	headLen = 16 + 2 // which model it is, and the length of the id
	maxID   = 1023   // bytes, section 4
	maxData = 8 << 10
)

// data is what the authenticator says, section 6.1.
type data struct {
	counter  uint32
	backable bool
	id, key  []byte // of a new passkey
}

// checkData checks what the authenticator says, whether of a new passkey or of one that is used.
// Nothing is left over.
func (s *Site) checkData(raw []byte, isNew bool) (*data, error) {
	if len(raw) < dataLen || len(raw) > maxData {
		return nil, ErrMalformed
	}
	if site := sha256.Sum256([]byte(s.ID)); !bytes.Equal(raw[:sha256.Size], site[:]) {
		return nil, ErrOrigin
	}
	flags, rest := raw[sha256.Size], raw[dataLen:]
	switch {
	case flags&present == 0 || flags&verified == 0:
		return nil, ErrUnseen
	case flags&backedUp != 0 && flags&backable == 0, (flags&attested != 0) != isNew:
		return nil, ErrMalformed
	}
	d := &data{counter: binary.BigEndian.Uint32(raw[sha256.Size+1:]), backable: flags&backable != 0}
	if isNew {
		if len(rest) < headLen {
			return nil, ErrMalformed
		}
		n := int(binary.BigEndian.Uint16(rest[headLen-2:]))
		if rest = rest[headLen:]; n == 0 || n > maxID || len(rest) < n {
			return nil, ErrMalformed
		}
		d.id, rest = rest[:n], rest[n:]
		var key cbor.RawMessage
		behind, err := decoding.UnmarshalFirst(rest, &key)
		if err != nil {
			return nil, ErrMalformed
		}
		d.key, rest = key, behind
	}
	if flags&extended == 0 {
		if len(rest) > 0 {
			return nil, ErrMalformed
		}
		return d, nil
	}
	var extensions map[string]cbor.RawMessage // none was asked for; some come unasked
	if decoding.Unmarshal(rest, &extensions) != nil || extensions == nil {
		return nil, ErrMalformed
	}
	return d, nil
}
