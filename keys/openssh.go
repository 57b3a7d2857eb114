package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/offlicense/offlicense/keys/internal/mistake"
)

const sshType = "ssh-ed25519"

// MaxPublicFile is the most bytes that ParsePublicFile reads.
const MaxPublicFile = 64 << 10

// maxPublicLines keeps a file of trusted keys to a number a person can check.
const maxPublicLines = 16

// NamedKey is a public key with the comment after it on its line.
// The comment is for people; nothing is decided by it.
type NamedKey struct {
	PublicKey
	Comment string
}

// MarshalLine returns the key as OpenSSH writes public keys: "ssh-ed25519 AAAA… comment",
// and "" for the zero value. What does not print in the comment becomes a space: a line
// feed in a vendor's name would otherwise add a second trusted key to a file.
func (p PublicKey) MarshalLine(comment string) string {
	if !p.set {
		return ""
	}
	line := sshType + " " + base64.StdEncoding.EncodeToString(p.sshBlob())
	comment = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(comment, " ")))
	if comment != "" {
		line += " " + comment
	}
	return line
}

// ParsePublicLine reads one line as MarshalLine writes it. Options before the key type
// (as in authorized_keys), other key types, and characters that do not print are refused,
// so the comment is safe to show on a terminal.
//
// Its errors show nothing of the line but a key type: it may be somebody's secret.
func ParsePublicLine(line string) (NamedKey, error) {
	line = strings.TrimSpace(line)
	keyType, rest, _ := strings.Cut(line, " ")
	if keyType != sshType {
		return NamedKey{}, notPublicLine(line)
	}
	// Go's Base64 decoder passes over line breaks, so this also keeps each key to one spelling.
	if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return NamedKey{}, errors.New("malformed public key line: it has characters that do not print")
	}
	encoded, comment, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return NamedKey{}, errors.New("malformed public key line: the key is not base64")
	}
	raw, found := bytes.CutPrefix(blob, sshPrefix())
	if !found {
		return NamedKey{}, errors.New("malformed public key line: the key is not an Ed25519 key")
	}
	key, err := NewPublicKey(raw)
	if err != nil {
		return NamedKey{}, err
	}
	return NamedKey{PublicKey: key, Comment: strings.TrimSpace(comment)}, nil
}

// notPublicLine says what was found instead of a line that starts with sshType.
func notPublicLine(line string) error {
	switch what := mistake.Name(line); {
	case strings.HasPrefix(line, "---- BEGIN SSH2 PUBLIC KEY"): // RFC 4716, section 3
		return mistake.New("this is a public key as PuTTY saves it; one line is wanted", "convert it: ssh-keygen -i -f FILE", nil)
	case strings.HasPrefix(line, "-----BEGIN ") && what == "a public key":
		return mistake.New("this is a public key in PEM; one line is wanted", "give the line that starts with "+sshType+", as OpenSSH writes it", nil)
	case what == "" && isDashed(line):
		return mistake.New("a program for texts has put another dash into "+sshType, "copy the file itself, or type that dash again", nil)
	case what == "":
		return fmt.Errorf("malformed public key line: it does not start with %q", sshType)
	case what == "a public key":
		keyType, _, _ := strings.Cut(line, " ")
		return fmt.Errorf("public key of another type: got %.64q, want %q", keyType, sshType)
	case what == "a private key":
		return mistake.New("this is a private key; a public key is wanted",
			"give the file of the same name that ends in .pub", nil)
	default:
		return mistake.New(fmt.Sprintf("this is %s, not a public key", what),
			"give a file with lines that start with "+sshType, nil)
	}
}

// isDashed reports whether a line starts with sshType but for its dash, which is U+2010 to U+2015 or
// U+2212.
func isDashed(line string) bool {
	before, after, _ := strings.Cut(sshType, "-")
	rest, found := strings.CutPrefix(line, before)
	dash, size := utf8.DecodeRuneInString(rest)
	return found && (dash >= '\u2010' && dash <= '\u2015' || dash == '\u2212') && strings.HasPrefix(rest[size:], after)
}

// ParsePublicFile reads public keys, one on a line. Blank lines and lines that start
// with # are passed over; a file without a key, one with a key twice, and one larger
// than MaxPublicFile are refused.
func ParsePublicFile(text []byte) ([]NamedKey, error) {
	if len(text) > MaxPublicFile {
		return nil, fmt.Errorf("malformed public key file: more than %d bytes", MaxPublicFile)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // what some editors put before a text
	var named []NamedKey
	seen := make(map[PublicKey]bool)
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := ParsePublicLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if seen[key.PublicKey] {
			return nil, fmt.Errorf("line %d: duplicate key", i+1)
		}
		if len(named) == maxPublicLines {
			return nil, fmt.Errorf("line %d: more than %d keys", i+1, maxPublicLines)
		}
		seen[key.PublicKey] = true
		named = append(named, key)
	}
	if len(named) == 0 {
		return nil, errors.New("no public key in the file")
	}
	return named, nil
}

// sshPrefix is what comes before the 32 key bytes in an OpenSSH public key: the type
// and the key's length (RFC 8709, section 4).
func sshPrefix() []byte {
	var b []byte
	b = binary.BigEndian.AppendUint32(b, uint32(len(sshType)))
	b = append(b, sshType...)
	return binary.BigEndian.AppendUint32(b, PublicKeySize)
}

func (p PublicKey) sshBlob() []byte { return append(sshPrefix(), p.raw[:]...) }
