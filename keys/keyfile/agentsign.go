package keyfile

import (
	"fmt"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// maxAgentSigned is the length in bytes of the longest message for which the request to
// sign it fits maxAgentMessage: with it come a type, the key with its type, the
// flags and three lengths. OpenSSH's agent hangs up on a longer request.
const maxAgentSigned = maxAgentMessage - (1 + 4 + (4 + 11 + 4 + keys.PublicKeySize) + 4 + 4)

// agentSigner is a key in an agent.
type agentSigner struct {
	agent *Agent
	key   keys.NamedKey
}

// Public implements keys.Signer.
func (s *agentSigner) Public() keys.PublicKey { return s.key.PublicKey }

// Sign implements keys.Signer.
func (s *agentSigner) Sign(message []byte) ([]byte, error) {
	if len(message) > maxAgentSigned {
		return nil, mistake.New(fmt.Sprintf("ssh-agent signs at most %d bytes at once, and this is %d", maxAgentSigned, len(message)),
			"sign with the key's file instead of the agent", nil)
	}
	signature, refused, err := s.agent.sign(s.key, message)
	if refused {
		return nil, s.whyRefused()
	}
	return signature, err
}

// whyRefused asks again for the list: an agent says no in one way only, whether a person
// denied it or the key has gone.
func (s *agentSigner) whyRefused() error {
	if held, err := s.agent.list(); err == nil && !holdsKey(held, s.key.PublicKey) {
		return mistake.New("ssh-agent no longer holds "+namedKey(s.key),
			addKey, ErrAgentKey)
	}
	return refusedToSign(s.key)
}

// sign returns a signature that key made of message. An agent that says no is refused,
// and may be asked again.
func (a *Agent) sign(key keys.NamedKey, message []byte) (signature []byte, refused bool, err error) {
	a.turn.Lock()
	defer a.turn.Unlock()
	if a.broken != nil {
		return nil, false, a.broken
	}
	blob := ssh.Marshal(struct {
		Type string
		Raw  []byte
	}{ssh.KeyAlgoED25519, key.Bytes()})
	a.wire.patience = a.signWait
	got, err := a.client.Sign(&agent.Key{Format: ssh.KeyAlgoED25519, Blob: blob}, message)
	switch {
	case a.wire.refused:
		return nil, true, nil
	case err != nil:
		return nil, false, a.give(a.wireFailure(a.signWait, "look for a window that asks to confirm, or a token to touch, and sign again"))
	case got.Format != ssh.KeyAlgoED25519:
		return nil, false, a.give(a.badAnswer("a signature of type %.64q, want %q", got.Format, ssh.KeyAlgoED25519))
	// Verifying is what all trust in an agent rests on: it may be another program than
	// the user believes, and a broken signature would be found only by the customer.
	case len(got.Rest) > 0 || !key.Verify(message, got.Blob):
		return nil, false, a.give(a.badAnswer("a signature that %s did not make of this message", namedKey(key)))
	}
	return got.Blob, false, nil
}
