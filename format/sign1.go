package format

import (
	"crypto/sha256"
	"fmt"
)

// A statement is a COSE_Sign1 (RFC 9052, section 4.2) in a strict profile:
//
//	statement = #6.18([protected, {}, payload, signature])
//	protected = bstr .cbor { 1 => -8, 4 => kid, 16 => typ }
//	kid = bstr .size 8, typ = tstr, payload = bstr, signature = bstr .size 64
const (
	signatureSize = 64
	keyIDSize     = 8

	tagSign1  = 18
	headerAlg = 1
	headerKid = 4
	headerTyp = 16 // RFC 9596
	algEdDSA  = -8
)

// maxTyp is the most bytes of a typ.
const maxTyp = 64

// Statement is a signed statement whose shape is right and whose signature nobody has
// checked yet. It shares the memory of the bytes that it was parsed from.
type Statement struct {
	kind      Kind // 0: a typ that this version does not know
	protected []byte
	keyID     [keyIDSize]byte
	payload   []byte
	signature []byte
}

// ParseStatement reads a statement of the kind that the caller wants, and of no other.
// The error is a *MalformedError or a *WrongKindError.
func ParseStatement(raw []byte, want Kind) (Statement, error) {
	if int(want) >= len(kinds) {
		return Statement{}, malformed("kind %d is unknown", want)
	}
	if most := kinds[want].maxBytes; len(raw) > most {
		return Statement{}, malformed("%d bytes, a %s has at most %d", len(raw), want, most)
	}
	r := reader{b: raw}
	s := readStatement(&r)
	r.end()
	if r.err != nil {
		return Statement{}, r.err
	}
	if s.kind != want {
		return Statement{}, wrongKind(s.kind, want)
	}
	return s, nil
}

func readStatement(r *reader) Statement {
	var s Statement
	if tag := r.head(majorTag); tag != tagSign1 {
		r.fail("got CBOR tag %d, want %d", tag, tagSign1)
	}
	r.array(4, 4)
	s.protected = r.bytes(1, 128)
	readProtected(r, &s)
	if n := r.head(majorMap); n != 0 {
		r.fail("the unprotected header is not empty")
	}
	s.payload = r.bytes(1, s.kind.maxBytes())
	s.signature = r.bytes(signatureSize, signatureSize)
	return s
}

// readProtected reads the header inside s.protected. The algorithm is compared, never chosen.
func readProtected(outer *reader, s *Statement) {
	if outer.err != nil {
		return
	}
	r := reader{b: s.protected}
	f := r.fields()
	f.need(headerAlg, "alg")
	r.want("alg", algEdDSA)
	f.need(headerKid, "kid")
	copy(s.keyID[:], r.bytes(keyIDSize, keyIDSize))
	f.need(headerTyp, "typ")
	typ := r.slice(majorText, 1, maxTyp)
	f.end()
	r.end()
	kind, known := kindOfTyp(typ)
	if r.err == nil && !known {
		if err := checkText(typ); err != nil {
			r.fail("typ: %v", err)
		}
	}
	if r.err != nil {
		outer.fail("header: %s", r.err.(*MalformedError).Reason())
		outer.err.(*MalformedError).later = r.err.(*MalformedError).later
		return
	}
	s.kind = kind
}

// Kind returns what the statement's header says that it is.
func (s Statement) Kind() Kind { return s.kind }

// KeyID returns the kid: a hint for finding the key, nothing to decide by.
func (s Statement) KeyID() [8]byte { return s.keyID }

// Signature returns the 64 bytes of the signature.
func (s Statement) Signature() []byte { return s.signature }

// SignedMessage returns the bytes that were signed (Sig_structure, RFC 9052, section 4.4).
func (s Statement) SignedMessage() []byte { return signedMessage(s.protected, s.payload) }

// UnverifiedPayload returns the content. Whoever calls it either has checked the
// signature or says to its reader that nobody has.
func (s Statement) UnverifiedPayload() []byte { return s.payload }

// Digest names the statement by its content: the first 16 bytes of the SHA-256 of its
// payload. Unlike its id, which the signer chooses, nobody can give it to another
// statement, and unlike its bytes it does not change with the signature.
func (s Statement) Digest() [nameSize]byte {
	sum := sha256.Sum256(s.payload)
	return [nameSize]byte(sum[:])
}

func signedMessage(protected, payload []byte) []byte {
	const context = "Signature1"
	w := writer{b: make([]byte, 0, len(context)+len(protected)+len(payload)+16)}
	w.array(4)
	w.text(context)
	w.bytes(protected)
	w.bytes(nil) // external_aad
	w.bytes(payload)
	return w.b
}

// Seal makes a statement of the given kind. sign returns the 64 byte Ed25519 signature
// of the message by the key whose id keyID is.
func Seal(kind Kind, keyID [8]byte, payload []byte, sign func(message []byte) ([]byte, error)) ([]byte, error) {
	if kinds[kind].typ == "" {
		return nil, fmt.Errorf("a %s is not signed by itself", kind)
	}
	protected := protectedHeader(kind, keyID)
	signature, err := sign(signedMessage(protected, payload))
	if err != nil {
		return nil, err
	}
	return joinStatement(kind, protected, payload, signature)
}

func protectedHeader(kind Kind, keyID [8]byte) []byte {
	var w writer
	m := w.fields()
	m.key(headerAlg).int(algEdDSA)
	m.key(headerKid).bytes(keyID[:])
	m.key(headerTyp).text(kinds[kind].typ)
	return w.b
}

// joinStatement puts the pieces of a statement together, whose signature nobody has checked.
func joinStatement(kind Kind, protected, payload, signature []byte) ([]byte, error) {
	var w writer
	w.head(majorTag, tagSign1)
	w.array(4)
	w.bytes(protected)
	w.head(majorMap, 0)
	w.bytes(payload)
	w.bytes(signature)
	if _, err := ParseStatement(w.b, kind); err != nil {
		return nil, err
	}
	return w.b, nil
}
