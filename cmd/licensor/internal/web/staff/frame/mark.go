package frame

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// SignedOut is the word for what is true of everybody who reads it.
const SignedOut = "signed-out"

const markOf = "&mark=" // ends an address

// notice is what has just been done, for whoever has done it.
func (v *Visit) notice() string {
	word := v.R.URL.Query().Get("done")
	if v.Marked() || v.Who == nil && word == SignedOut {
		return v.frame.Done[word]
	}
	return ""
}

// Mark marks an address, which has a query, as one to which this session was sent.
func (v *Visit) Mark(to string) string {
	of := hmac.New(sha256.New, []byte(v.frame.Session(v.R)))
	of.Write([]byte(to))
	return to + markOf + base64.RawURLEncoding.EncodeToString(of.Sum(nil)[:16])
}

// Marked reports whether this session was sent to the address that is asked for.
func (v *Visit) Marked() bool {
	at := v.R.URL.RequestURI()
	end := strings.LastIndex(at, markOf)
	return end > 0 && hmac.Equal([]byte(at), []byte(v.Mark(at[:end])))
}
