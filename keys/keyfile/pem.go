package keyfile

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/keys/internal/mistake"
)

const makeOne = "ssh-keygen -t ed25519 makes an Ed25519 key"

// onePEM returns what is in the PEM block that text consists of. It has to have the
// label; other says what stands there when it has another one.
func onePEM(text []byte, label string, other func(label string) error) (body []byte, err error) {
	if !bytes.HasPrefix(text, []byte("-----BEGIN ")) {
		return nil, fmt.Errorf("malformed private key: it does not start with %q", "-----BEGIN "+label+"-----")
	}
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, errors.New("malformed private key: a line is damaged or missing")
	}
	if block.Type != label {
		clear(block.Bytes)
		return nil, other(block.Type)
	}
	switch {
	case len(block.Headers) > 0:
		err = errors.New("malformed private key: it has PEM headers")
	// The decoder passes over a damaged block to the next one: hence the count.
	case len(bytes.TrimSpace(rest)) > 0, bytes.Count(text, []byte("-----BEGIN ")) != 1:
		err = errors.New("malformed private key: more than one key stands in the file")
	default:
		return block.Bytes, nil
	}
	clear(block.Bytes)
	return nil, err
}

// otherPEM says which other kind of private key than OpenSSH's a PEM block in path holds.
func otherPEM(path, label string) error {
	switch label {
	case pkcs8Type:
		return mistake.New("this is a PKCS#8 key, as openssl writes it; an OpenSSH private key is wanted",
			"licensor key import --name NAME "+shellWord(path), nil)
	case pkcs8Encrypted:
		return mistake.New("this is an encrypted PKCS#8 key, as openssl writes it; an OpenSSH private key is wanted",
			importThrough(path), nil)
	}
	if err := otherType(label); err != nil {
		return err
	}
	return fmt.Errorf("this is PEM of type %.64q; want %q", label, pemType)
}

// otherType names the key types that openssl once gave labels of their own, nil for what
// is none of them.
func otherType(label string) error {
	kind, found := map[string]string{
		"RSA PRIVATE KEY": "an RSA",
		"EC PRIVATE KEY":  "an ECDSA",
		"DSA PRIVATE KEY": "a DSA",
	}[label]
	if !found {
		return nil
	}
	return mistake.New("this is "+kind+" key; an Ed25519 key is wanted",
		makeOne, nil)
}
