package audit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/keys"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint returns the signed head of the log in the form of C2SP tlog-checkpoint: a
// note with the origin, the number of events and the root hash,
//
//	acme.example/licensor-ledger
//	1234
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— acme.example/licensor-ledger Az3grl...
//
// signed with Ed25519 under the origin as the key's name (C2SP signed-note). Kept where
// those who write the ledger cannot write, it shows later that nothing before it was
// changed or dropped. It contains no customer's data.
func Checkpoint(ctx context.Context, s *store.Store, key keys.Signer) ([]byte, error) {
	var name, text string
	err := s.Read(ctx, func(t *store.Tx) error {
		vendor, err := t.Vendor()
		if err != nil {
			return err
		}
		size, _, err := t.Size()
		if err != nil {
			return err
		}
		head, err := t.Head(size)
		if err != nil {
			return err
		}
		name = origin(vendor)
		text = fmt.Sprintf("%s\n%d\n%s\n", name, size, base64.StdEncoding.EncodeToString(head[:]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, noteSigner{name, key})
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint: %w", err)
	}
	if _, err := openCheckpoint(signed, name, []keys.PublicKey{key.Public()}); err != nil {
		return nil, fmt.Errorf("the checkpoint that was just signed does not verify: %w", err)
	}
	return signed, nil
}

// origin names a vendor's log among all logs.
func origin(vendor string) string { return vendor + "/licensor-ledger" }

// maxCheckpoint is the most bytes of a checkpoint; the notes that Checkpoint writes
// have about 250.
const maxCheckpoint = 16 << 10

// openCheckpoint returns the head that one of the keys has signed.
func openCheckpoint(signed []byte, origin string, trusted []keys.PublicKey) (tlog.Tree, error) {
	if len(signed) > maxCheckpoint {
		return tlog.Tree{}, fmt.Errorf("malformed checkpoint: %d bytes, at most %d are allowed", len(signed), maxCheckpoint)
	}
	var verifiers []note.Verifier
	for i, key := range trusted {
		if !slices.Contains(trusted[:i], key) { // twice is ambiguous to package note
			verifiers = append(verifiers, noteVerifier{origin, key})
		}
	}
	n, err := note.Open(signed, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unverified):
		return tlog.Tree{}, errors.New("no key that is known has signed the checkpoint")
	case err != nil:
		return tlog.Tree{}, fmt.Errorf("the checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, fmt.Errorf("malformed checkpoint: %d lines, want origin, size and hash", len(lines)-1)
	}
	if lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is of %.64q, want %q", lines[0], origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("malformed checkpoint: size %.64q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("malformed checkpoint: hash %.64q", lines[2])
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}

// noteSigner and noteVerifier sign and verify notes with our keys.
type noteSigner struct {
	name string
	key  keys.Signer
}

func (s noteSigner) Name() string                    { return s.name }
func (s noteSigner) KeyHash() uint32                 { return keyHash(s.name, s.key.Public()) }
func (s noteSigner) Sign(msg []byte) ([]byte, error) { return s.key.Sign(msg) }

type noteVerifier struct {
	name string
	key  keys.PublicKey
}

func (v noteVerifier) Name() string                { return v.name }
func (v noteVerifier) KeyHash() uint32             { return keyHash(v.name, v.key) }
func (v noteVerifier) Verify(msg, sig []byte) bool { return v.key.Verify(msg, sig) }

// keyHash is the key id of an Ed25519 key: SHA-256(name 0x0a 0x01 key)[:4].
func keyHash(name string, key keys.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n\x01"), key.Bytes()...))
	return binary.BigEndian.Uint32(sum[:])
}
