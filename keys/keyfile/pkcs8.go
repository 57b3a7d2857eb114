package keyfile

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

const (
	pkcs8Type      = "PRIVATE KEY"
	pkcs8Encrypted = "ENCRYPTED PRIVATE KEY"
	makePKCS8      = "openssl genpkey -algorithm ed25519 makes an Ed25519 key"
)

// ReadPKCS8 returns the private key in the file at path, which is as ParsePKCS8 wants it.
// A file that others than its owner can read gives a *PermissionError (not on Windows).
func ReadPKCS8(path string) (keys.PrivateKey, error) {
	text, err := loadPrivate(path)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(text)
	key, err := parsePKCS8(text, path)
	if err != nil {
		return keys.PrivateKey{}, fmt.Errorf("%q: %w", path, err)
	}
	return key, nil
}

// ParsePKCS8 returns the Ed25519 private key in text, one PEM block with the label
// "PRIVATE KEY" and white space around it, as openssl genpkey -algorithm ed25519 writes
// it (RFC 8410, section 7). A public key beside the private one (version 2,
// RFC 5958) has to be the one that the private key makes; attributes are not looked at.
//
// The text stays as it is: the caller clears it.
func ParsePKCS8(text []byte) (keys.PrivateKey, error) { return parsePKCS8(text, "FILE") }

// parsePKCS8 is ParsePKCS8 with the path for the commands in hints.
func parsePKCS8(text []byte, path string) (keys.PrivateKey, error) {
	if len(text) > MaxFile {
		return keys.PrivateKey{}, fmt.Errorf("this is not a private key: more than %d bytes", MaxFile)
	}
	text = bytes.TrimSpace(text)
	if err := notPKCS8(text, path); err != nil {
		return keys.PrivateKey{}, err
	}
	body, err := onePEM(text, pkcs8Type, func(label string) error { return otherThanPKCS8(label, path) })
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(body)
	parts, err := parseOneAsymmetricKey(body)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	key, err := keys.FromSeed(parts.seed)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	if parts.public != nil && !bytes.Equal(parts.public, key.Public().Bytes()) {
		return keys.PrivateKey{}, errors.New("the public part does not match the private part")
	}
	return key, nil
}

// oneAsymmetricKey is what we use of a PKCS#8 key. Its slices are parts of what was
// parsed, so that there is one copy of the seed to clear.
type oneAsymmetricKey struct {
	seed   []byte
	public []byte // nil in version 1
}

var errPKCS8 = errors.New("malformed private key: the PKCS#8 in it does not decode")

// parseOneAsymmetricKey takes the encoding of RFC 5958 apart, with Ed25519 as RFC 8410
// has it; encoding/asn1, and crypto/x509 with it, pass over what follows the seed.
//
//	OneAsymmetricKey ::= SEQUENCE {
//	    version     INTEGER { v1(0), v2(1) },
//	    algorithm   SEQUENCE { OBJECT IDENTIFIER },
//	    privateKey  OCTET STRING,  -- which holds an OCTET STRING with the seed
//	    attributes  [0] IMPLICIT SET OPTIONAL,
//	    publicKey   [1] IMPLICIT BIT STRING OPTIONAL }  -- v2 only
func parseOneAsymmetricKey(body []byte) (oneAsymmetricKey, error) {
	input := cryptobyte.String(body)
	var fields, algorithm, private, seed, public cryptobyte.String
	var version int64
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&fields, der.SEQUENCE) || !input.Empty() ||
		!fields.ReadASN1Integer(&version) ||
		!fields.ReadASN1(&algorithm, der.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return oneAsymmetricKey{}, errPKCS8
	}
	if !oid.Equal(asn1.ObjectIdentifier{1, 3, 101, 112}) {
		return oneAsymmetricKey{}, mistake.New(fmt.Sprintf("this is %s; an Ed25519 key is wanted", algorithmName(oid)),
			makePKCS8, nil)
	}
	if version != 0 && version != 1 {
		return oneAsymmetricKey{}, fmt.Errorf("PKCS#8 of another version: got %d in its version field, want 0 or 1", version)
	}
	if !algorithm.Empty() ||
		!fields.ReadASN1(&private, der.OCTET_STRING) ||
		!private.ReadASN1(&seed, der.OCTET_STRING) || !private.Empty() ||
		!fields.SkipOptionalASN1(der.Tag(0).ContextSpecific().Constructed()) {
		return oneAsymmetricKey{}, errPKCS8
	}
	if version == 0 {
		if !fields.Empty() {
			return oneAsymmetricKey{}, errPKCS8
		}
		return oneAsymmetricKey{seed: seed}, nil
	}
	if fields.PeekASN1Tag(der.Tag(1).ContextSpecific().Constructed()) {
		// openssl does not read these either, so there is no command to name.
		return oneAsymmetricKey{}, errors.New("malformed private key: its public part is written as old versions of ring (Rust) wrote it")
	}
	var unusedBits uint8
	if !fields.ReadASN1(&public, der.Tag(1).ContextSpecific()) || !fields.Empty() ||
		!public.ReadUint8(&unusedBits) || unusedBits != 0 {
		return oneAsymmetricKey{}, errPKCS8
	}
	return oneAsymmetricKey{seed: seed, public: public}, nil
}

// algorithmName names the keys that openssl genpkey makes.
func algorithmName(oid asn1.ObjectIdentifier) string {
	name, found := map[string]string{
		"1.2.840.113549.1.1.1":  "an RSA key",
		"1.2.840.113549.1.1.10": "an RSA-PSS key",
		"1.2.840.10040.4.1":     "a DSA key",
		"1.2.840.113549.1.3.1":  "a Diffie-Hellman key",
		"1.2.840.10045.2.1":     "an EC key",
		"1.3.101.110":           "an X25519 key",
		"1.3.101.111":           "an X448 key",
		"1.3.101.113":           "an Ed448 key",
	}[oid.String()]
	if !found {
		return fmt.Sprintf("a key of the type with the object identifier %.64s", oid)
	}
	return name
}
