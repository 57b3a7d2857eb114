package keyfile

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// fingerprintPrefix starts a name that is a fingerprint. Nothing that starts with it is
// looked for among the comments: a comment can be somebody else's fingerprint.
const fingerprintPrefix = "SHA256:"

// maxShown is how many keys an error lists: an agent may hold two thousand.
const maxShown = 8

// identity is one key that an agent says it holds.
type identity struct {
	keys.NamedKey        // the zero key when it is not usable; the comment is clean
	kind          string // key type
	blob          []byte // as the agent sent it
	comment       string // as the agent sent it
	err           error  // why a key of type Ed25519 is not usable
}

func (id identity) usable() bool { return !id.IsZero() }

// fingerprint names a key of any type as ssh-add -l does.
func (id identity) fingerprint() string {
	sum := sha256.Sum256(id.blob)
	return fingerprintPrefix + base64.RawStdEncoding.EncodeToString(sum[:])
}

func (id identity) isNamed(name string) bool {
	if strings.HasPrefix(name, fingerprintPrefix) {
		return id.fingerprint() == name
	}
	return name == id.comment || name == id.Comment
}

// isShortFor reports whether the comment is name@domain, as new keys of a home have it.
func (id identity) isShortFor(name string) bool {
	before, _, found := strings.Cut(id.Comment, "@")
	return found && before == name && !strings.HasPrefix(name, fingerprintPrefix)
}

// String is for errors: comments are foreign text.
func (id identity) String() string {
	if id.usable() {
		return namedKey(id.NamedKey)
	}
	return fmt.Sprintf("%.64q %.64q", id.kind, id.comment)
}

func namedKey(key keys.NamedKey) string {
	if key.Comment == "" {
		return key.Fingerprint()
	}
	return fmt.Sprintf("%s %.64q", key.Fingerprint(), key.Comment)
}

// identities reads a list, and leaves out duplicates.
func identities(listed []*agent.Key) []identity {
	var held []identity
	seen := make(map[string]bool)
	for _, key := range listed {
		if seen[string(key.Blob)] {
			continue
		}
		seen[string(key.Blob)] = true
		id := identity{kind: key.Format, blob: key.Blob, comment: key.Comment}
		if key.Format == ssh.KeyAlgoED25519 {
			id.NamedKey, id.err = usableKey(key)
		}
		held = append(held, id)
	}
	return held
}

func usableKey(listed *agent.Key) (keys.NamedKey, error) {
	var blob struct {
		Type string
		Raw  []byte
	}
	if ssh.Unmarshal(listed.Blob, &blob) != nil {
		return keys.NamedKey{}, errors.New("malformed public key: it does not decode")
	}
	key, err := keys.NewPublicKey(blob.Raw)
	if err != nil {
		return keys.NamedKey{}, err
	}
	// Its line, read again, has the comment with nothing in it but what prints.
	return keys.ParsePublicLine(key.MarshalLine(listed.Comment[:min(len(listed.Comment), maxComment)]))
}

// Signer returns the agent's Ed25519 key of that name: a fingerprint as ssh-add -l prints
// it, "SHA256:...", or the comment of the key; of a comment like anna@acme.example, anna
// will do if no other key has that before its @, or for its comment. An error that is not about the connection
// is an ErrAgentKey.
//
// Sign verifies what the agent returns. It waits up to five minutes, for the agent may ask
// a person first. Sign fails with ErrAgentRefused when the agent will not, and for a
// message of more than 256 KiB, which OpenSSH's agent does not take.
//
// A caller to whom it matters which key signs compares Public with the expected key: a comment
// is what the agent says.
func (a *Agent) Signer(name string) (keys.Signer, error) {
	held, err := a.list()
	if err != nil {
		return nil, err
	}
	key, err := choose(name, held)
	if err != nil {
		return nil, err
	}
	return &agentSigner{agent: a, key: key}, nil
}

// choose finds the one key that is meant.
func choose(name string, held []identity) (keys.NamedKey, error) {
	if name == "" {
		return keys.NamedKey{}, mistake.New("no key of ssh-agent was named",
			"name it by its fingerprint, SHA256:..., or its comment; ssh-add -l shows both", ErrAgentKey)
	}
	if len(held) == 0 {
		return keys.NamedKey{}, mistake.New("ssh-agent holds no keys", addKey, ErrAgentKey)
	}
	var fit, unusable []identity
	for _, id := range held {
		switch {
		case !id.isNamed(name):
		case id.usable():
			fit = append(fit, id)
		default:
			unusable = append(unusable, id)
		}
	}
	if len(fit)+len(unusable) == 0 {
		for _, id := range held {
			if id.usable() && id.isShortFor(name) {
				fit = append(fit, id)
			}
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0].NamedKey, nil
	case len(fit) > 1:
		return keys.NamedKey{}, ambiguous(name, fit)
	case len(unusable) > 0:
		return keys.NamedKey{}, notUsable(name, unusable[0])
	default:
		return keys.NamedKey{}, unknown(name, held)
	}
}

func ambiguous(name string, fit []identity) error {
	return mistake.New(fmt.Sprintf("ssh-agent holds %d Ed25519 keys that are called %.64q: %s", len(fit), name, list(fit)),
		"name the key by its fingerprint, such as agent:"+fit[0].Fingerprint(), ErrAgentKey)
}

// notUsable says why a key that is there will not do.
func notUsable(name string, id identity) error {
	if id.err != nil {
		return mistake.New(fmt.Sprintf("the key %.64q in ssh-agent: %v", name, id.err),
			makeOne, fmt.Errorf("%w: %w", ErrAgentKey, id.err))
	}
	return mistake.New(fmt.Sprintf("the key %.64q in ssh-agent is of type %.64q; an Ed25519 key is wanted", name, id.kind),
		makeOne, ErrAgentKey)
}

func unknown(name string, held []identity) error {
	var usable, other []identity
	for _, id := range held {
		if id.usable() {
			usable = append(usable, id)
		} else {
			other = append(other, id)
		}
	}
	text := fmt.Sprintf("ssh-agent does not hold the key %.64q", name)
	switch {
	case len(usable) == 0:
		text += "; it holds no Ed25519 key, only " + list(other)
	case len(other) == 0:
		text += "; its Ed25519 keys: " + list(usable)
	default:
		text += "; its Ed25519 keys: " + list(usable) + "; not usable: " + list(other)
	}
	return mistake.New(text, addKey, ErrAgentKey)
}

func list(held []identity) string {
	var names []string
	for _, id := range held[:min(len(held), maxShown)] {
		names = append(names, id.String())
	}
	if more := len(held) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// holdsKey reports whether key is in the list.
func holdsKey(held []identity, key keys.PublicKey) bool {
	return slices.ContainsFunc(held, func(id identity) bool { return id.PublicKey == key })
}
