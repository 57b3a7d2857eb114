package format

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Claims of a CWT (RFC 8392, section 4) and their limits.
const (
	claimIssuer    = 1
	claimSubject   = 2
	claimAudience  = 3
	claimExpires   = 4
	claimNotBefore = 5
	claimIssuedAt  = 6
	claimID        = 7
	claimConfirm   = 8 // cnf (RFC 8747)

	claimTerms = -70001
	claimScope = -70002

	claimRevocation = -70004
	claimRelease    = -70005

	claimAttestation = -70006

	// maxTime is the last second of the year 9999. Times are seconds since 1970 in UTC.
	maxTime = 253402300799

	maxName = 128 // bytes of a text that is shown to people
	maxWord = 32  // bytes of a text that programs compare: product, edition, feature
	maxList = 64  // entries of a list or a map
)

// Any, alone in an allow-list, means everything. An empty list means nothing.
const Any = "*"

func (r *reader) time() int64 { return int64(r.uint(maxTime)) }

// allowed reads an allow-list of a scope. Any stands in it alone: beside names, some readers
// would take it for one of them.
func (r *reader) allowed() []string {
	words := r.words()
	if len(words) > 1 && slices.Contains(words, Any) {
		r.fail("a list of %s and more: want it alone, or the names", Any)
	}
	return words
}

// words reads a list of different texts in their order.
func (r *reader) words() []string {
	words := make([]string, r.array(1, maxList))
	for i := range words {
		words[i] = r.text(maxWord)
		for _, earlier := range words[:i] {
			if earlier == words[i] {
				r.fail("%q is a duplicate", earlier)
			}
		}
	}
	return words
}

func (w *writer) words(words []string) {
	w.array(len(words))
	for _, word := range words {
		w.text(word)
	}
}

// publicKeySize is the length of an Ed25519 public key.
const publicKeySize = 32

func (r *reader) publicKey() []byte { return r.bytes(publicKeySize, publicKeySize) }

// confirmation reads a cnf claim with an Ed25519 key, and returns the key's 32 bytes:
//
//	cnf = { 1 => { 1 => 1, -1 => 6, -2 => bstr .size 32 } }      ; RFC 8747, RFC 9053
func (r *reader) confirmation() []byte {
	outer := r.fields()
	outer.need(1, "COSE_Key")
	f := r.fields()
	f.need(1, "kty")
	r.want("kty", 1)
	f.need(-1, "crv")
	r.want("crv", 6)
	f.need(-2, "x")
	key := r.publicKey()
	f.end()
	outer.end()
	return key
}

func (w *writer) confirmation(key []byte) {
	outer := w.fields()
	outer.key(1).coseKey(key)
}

func (w *writer) coseKey(key []byte) {
	m := w.fields()
	m.key(1).int(1)
	m.key(-1).int(6)
	m.key(-2).bytes(key)
}

// validVendor accepts a domain name: what names a vendor.
func validVendor(s string) bool {
	dot := false
	for i, c := range []byte(s) {
		switch {
		case isLower(c), isDigit(c):
		case c == '-' && i > 0:
		case c == '.' && i > 0 && s[i-1] != '.':
			dot = true
		default:
			return false
		}
	}
	return dot && s[len(s)-1] != '.' && len(s) <= maxName
}

// validProduct accepts what names a product or an edition: 1 to 32 of a-z, 0-9, -, _
// and ., the first a letter or digit.
func validProduct(s string) bool {
	for i, c := range []byte(s) {
		switch {
		case isLower(c), isDigit(c):
		case (c == '-' || c == '_' || c == '.') && i > 0:
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxWord
}

func (r *reader) product(what string) string {
	s := r.text(maxWord)
	if r.err == nil && !validProduct(s) {
		r.fail("%s %q: want 1 to %d of a-z, 0-9, -, _ and .", what, s, maxWord)
	}
	return s
}

func (r *reader) vendor() string {
	s := r.text(maxName)
	if r.err == nil && !validVendor(s) {
		r.fail("vendor %q is not a domain name in lower case", s)
	}
	return s
}

// positive reads a number that is left out when it is zero.
func (r *reader) positive(most uint64) uint64 {
	n := r.uint(most)
	if r.err == nil && n == 0 {
		r.fail("leave the key out for zero")
	}
	return n
}

func (r *reader) licenseType() string {
	s := r.text(maxWord)
	if r.err == nil {
		if err := ValidType(s); err != nil {
			r.failLater("%v", err)
		}
	}
	return s
}

// ValidText returns nil for a text of 1 to most bytes that a statement may have.
func ValidText(s string, most int) error {
	if s == "" || len(s) > most {
		return badLength(s, most)
	}
	return checkText([]byte(s))
}

// badLength counts as people do, too: a letter may take four bytes.
func badLength(s string, most int) error {
	return fmt.Errorf("got %d characters in %d bytes, want 1 to %d bytes", utf8.RuneCountInString(s), len(s), most)
}
