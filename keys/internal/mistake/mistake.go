// Package mistake names what people give by mistake where a key belongs, with the next
// step as a hint. Nothing is trusted for what Name says of it: a name leads to an error and
// never away from one.
package mistake

import "strings"

// Error is a mistake for which the next step is known. The command line prints Hint below
// it.
type Error struct {
	text, hint string
	wrapped    error // its text is not printed
}

// New returns an error with what is wrong and the next step, that wraps another one unless
// it is nil.
func New(text, hint string, wrapped error) *Error { return &Error{text, hint, wrapped} }

func (e *Error) Error() string { return e.text }
func (e *Error) Hint() string  { return e.hint }
func (e *Error) Unwrap() error { return e.wrapped }

// statements are the text prefixes of format/SPEC.md, written here again because keys
// and format are leaves: neither imports the other.
var statements = map[string]string{
	"OLQ": "a request",
	"OLS": "a request",
	"OLL": "a license",
	"OLC": "a short license",
	"OLR": "a release",
	"OLD": "a delegation",
	"OLV": "a revocation list",
	"OLA": "an attestation",
}

// Name says what text is, such as "a license" or "a private key", as far as its first
// characters tell; "" when they do not.
func Name(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 4 && '0' <= text[3] && text[3] <= '9' && (text[4] == ':' || text[4] == '/') {
		if name, ok := statements[strings.ToUpper(text[:3])]; ok {
			return name
		}
	}
	if strings.HasPrefix(text, "PuTTY-User-Key-File-") {
		return "a PuTTY private key"
	}
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if strings.HasPrefix(text, prefix) {
			return "a public key"
		}
	}
	if !strings.HasPrefix(text, "-----BEGIN ") && !strings.HasPrefix(text, "---- BEGIN ") {
		return ""
	}
	label, _, _ := strings.Cut(text, "\n")
	for _, known := range []struct{ word, name string }{
		{"PRIVATE KEY", "a private key"},
		{"PUBLIC KEY", "a public key"},
		{"CERTIFICATE", "a certificate"},
		{"SIGNATURE", "a signature"},
	} {
		if strings.Contains(label, known.word) {
			return known.name
		}
	}
	return ""
}
