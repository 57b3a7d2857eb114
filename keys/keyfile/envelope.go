package keyfile

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// magic starts every OpenSSH private key.
const magic = "openssh-key-v1\x00"

// maxRounds bounds the work of trying a passphrase: ssh-keygen's default is 16 or 24, and
// 2048 take some seconds. The library has the same limit, and names it after the work.
const maxRounds = 2048

// envelope is the plaintext part of a key file (PROTOCOL.key in OpenSSH's sources).
type envelope struct {
	Cipher  string
	KDF     string
	Options string
	Keys    uint32
	Public  []byte
	Private []byte
	Tag     []byte `ssh:"rest"` // only ciphers that we do not read have one
}

func parseEnvelope(body []byte) (envelope, error) {
	var box envelope
	rest, found := bytes.CutPrefix(body, []byte(magic))
	if !found || ssh.Unmarshal(rest, &box) != nil {
		return envelope{}, errors.New("malformed private key: not in OpenSSH's format")
	}
	if box.Keys != 1 {
		return envelope{}, fmt.Errorf("malformed private key: got %d keys in one file, want 1", box.Keys)
	}
	return box, nil
}

// publicKey returns the key that the file says it is, which nothing has proved yet.
func (e envelope) publicKey() (keys.PublicKey, error) {
	var tagged struct {
		Type string
		Rest []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(e.Public, &tagged) != nil {
		return keys.PublicKey{}, errors.New("malformed private key: its public part does not decode")
	}
	if tagged.Type != ssh.KeyAlgoED25519 {
		return keys.PublicKey{}, mistake.New(fmt.Sprintf("this is a key of type %.64q; an Ed25519 key is wanted", tagged.Type),
			makeOne, nil)
	}
	var own struct{ Raw []byte }
	if ssh.Unmarshal(tagged.Rest, &own) != nil {
		return keys.PublicKey{}, errors.New("malformed private key: its public part does not decode")
	}
	return keys.NewPublicKey(own.Raw)
}

func (e envelope) encrypted() bool { return e.Cipher != "none" }

// readable refuses what would fail only after the passphrase was typed.
func (e envelope) readable(path string) error {
	if e.Cipher == "none" && e.KDF == "none" {
		return e.noTag(path)
	}
	if (e.Cipher != "aes256-ctr" && e.Cipher != "aes256-cbc") || e.KDF != "bcrypt" {
		return mistake.New(fmt.Sprintf("%q: encrypted with %.64q and %.64q; want %q and %q", path, e.Cipher, e.KDF, "aes256-ctr", "bcrypt"),
			"ssh-keygen -p -Z aes256-ctr -f "+shellWord(path), nil)
	}
	var options struct {
		Salt   []byte
		Rounds uint32
	}
	if ssh.Unmarshal([]byte(e.Options), &options) != nil || len(options.Salt) == 0 || options.Rounds == 0 {
		return fmt.Errorf("%q: malformed private key: the options of its encryption do not decode", path)
	}
	if options.Rounds > maxRounds {
		return mistake.New(fmt.Sprintf("%q: got %d rounds of %s, want at most %d", path, options.Rounds, e.KDF, maxRounds),
			"ssh-keygen -p -a 100 -f "+shellWord(path), nil)
	}
	return e.noTag(path)
}

func (e envelope) noTag(path string) error {
	if len(e.Tag) > 0 {
		return fmt.Errorf("%q: malformed private key: %d bytes after its end", path, len(e.Tag))
	}
	return nil
}
