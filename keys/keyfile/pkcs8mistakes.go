package keyfile

import (
	"fmt"

	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// importThrough is the command that imports what a command of openssl makes readable.
func importThrough(command, path string) string {
	return command + " -in " + shellWord(path) + " | licensor key import --name NAME -"
}

// notPKCS8 names what people give where a PKCS#8 key belongs, as far as its start tells.
func notPKCS8(text []byte, path string) error {
	if len(text) == 0 {
		return mistake.New("there is no key: the input is empty",
			"before a pipe, the command there may have failed; see what it said above", nil)
	}
	// A SEQUENCE of DER whose length takes one byte, or two or three.
	if text[0] == 0x30 && len(text) > 4 && (text[1] < 0x80 && text[2] == 0x02 || text[1] == 0x81 || text[1] == 0x82) {
		return mistake.New("this is binary (DER); PEM is wanted",
			importThrough("openssl pkey -inform DER", path), nil)
	}
	switch what := mistake.Name(string(text[:min(len(text), 128)])); what {
	case "", "a private key":
		return nil
	case "a public key":
		return mistake.New("this is a public key; a private key is wanted",
			"give the file that openssl genpkey made", nil)
	case "a PuTTY private key":
		return mistake.New("this is a PuTTY key; a PKCS#8 private key is wanted", puttyHint(path), nil)
	default:
		return fmt.Errorf("this is %s, not a key", what)
	}
}

// otherThanPKCS8 says which other kind of private key a PEM block holds.
func otherThanPKCS8(label, path string) error {
	switch label {
	case pkcs8Encrypted:
		return mistake.New("this private key is encrypted; openssl can decrypt it",
			importThrough("openssl pkey", path), nil)
	case pemType:
		return mistake.New("this is an OpenSSH private key; a PKCS#8 private key is wanted",
			"an OpenSSH private key is used as it is, without an import", nil)
	}
	if err := otherType(label, makePKCS8); err != nil {
		return err
	}
	return fmt.Errorf("this is PEM of type %.64q; want %q", label, pkcs8Type)
}
