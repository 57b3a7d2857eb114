package passkey

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"time"
	"unicode/utf8"
)

const (
	nonceLen      = 16
	challengeLen  = nonceLen + 8 + sha256.Size
	ChallengeTime = 5 * time.Minute // a challenge is good for
)

// Challenge makes what an authenticator signs, for a purpose: one is of no use for another.
func (s *Site) Challenge(purpose string, now time.Time, random io.Reader) ([]byte, error) {
	c := make([]byte, nonceLen, challengeLen)
	if _, err := io.ReadFull(random, c); err != nil {
		return nil, err
	}
	c = binary.BigEndian.AppendUint64(c, uint64(now.Unix()))
	return append(c, s.sum(c, purpose)...), nil
}

func (s *Site) sum(made []byte, purpose string) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write(made)
	io.WriteString(h, purpose)
	return h.Sum(nil)
}

// checkChallenge checks that this site has made a challenge for a purpose, a while ago at most.
func (s *Site) checkChallenge(challenge, purpose string, now time.Time) error {
	text, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(text) != challengeLen || len(challenge) != base64.RawURLEncoding.EncodedLen(challengeLen) {
		return ErrChallenge
	}
	made, sum := text[:nonceLen+8], text[nonceLen+8:]
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(made[nonceLen:])), 0))
	if !hmac.Equal(sum, s.sum(made, purpose)) || age > ChallengeTime || age < -time.Second {
		return ErrChallenge
	}
	return nil
}

// checkClient checks what the browser has signed along, section 5.8.1, and returns its challenge,
// which is unchecked yet. topOrigin is there in a frame of another site alone.
func (s *Site) checkClient(raw []byte, kind string) (challenge string, err error) {
	said, ok := members(raw)
	if !ok {
		return "", ErrMalformed
	}
	if said["type"] != kind {
		return "", ErrKind
	}
	framed, given := said["crossOrigin"]
	_, under := said["topOrigin"]
	if said["origin"] != s.Origin || given && framed != false || under {
		return "", ErrOrigin
	}
	challenge, _ = said["challenge"].(string)
	return challenge, nil
}

// members returns those of a JSON object. No name is there twice, and none is another one in other
// letters, as encoding/json takes it for a struct.
func members(raw []byte) (all map[string]any, ok bool) {
	if len(raw) > maxData || !utf8.Valid(raw) || !json.Valid(raw) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, _ := d.Token(); t != json.Delim('{') {
		return nil, false
	}
	all = make(map[string]any)
	for d.More() {
		t, _ := d.Token()
		name, _ := t.(string)
		_, twice := all[name]
		var value any
		if err := d.Decode(&value); err != nil || twice {
			return nil, false
		}
		all[name] = value
	}
	return all, true
}
