package keyfile

import (
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
)

// holding plays an agent that lists keys and does nothing else.
func holding(t *testing.T, held ...listed) *Agent {
	t.Helper()
	return fakeAgent(t, func(to io.Writer, _ []byte) bool {
		to.Write(listOf(held...))
		return true
	})
}

func TestChooseKey(t *testing.T) {
	t.Parallel()
	anna, berta, carla, dora := testKey(t, 1).Public(), testKey(t, 2).Public(), testKey(t, 3).Public(), testKey(t, 4).Public()
	rsa := listed{publicBlob(ssh.KeyAlgoRSA, []byte("rsa")), "me@host"}
	token := listed{publicBlob(ssh.KeyAlgoSKED25519, []byte("token")), "token"}
	weak := listed{publicBlob(ssh.KeyAlgoED25519, append([]byte{1}, make([]byte, 31)...)), "weak"}
	agent := holding(t,
		ed25519Listed(anna, "anna"),
		ed25519Listed(anna, "anna again"), // the same key
		rsa,
		ed25519Listed(berta, "me@host"),
		ed25519Listed(carla, "\x1b[2Jcarla "),
		ed25519Listed(dora, anna.Fingerprint()), // a comment to be mistaken for anna's key
		token, weak,
		listed{publicBlob(ssh.KeyAlgoED25519, []byte("short")), "short"},
		listed{append(publicBlob(ssh.KeyAlgoED25519, testKey(t, 5).Public().Bytes()), 0), "longer"},
	)
	for name, want := range map[string]keys.PublicKey{
		"anna":                 anna,
		anna.Fingerprint():     anna,
		"me@host":              berta,
		"me":                   berta, // the RSA key will not do
		"m":                    {},
		"\x1b[2Jcarla ":        carla,
		"[2Jcarla":             carla,
		carla.Fingerprint():    carla,
		dora.Fingerprint():     dora,
		" " + "anna":           {},
		"ANNA":                 {},
		"anna again":           {},
		"":                     {},
		"SHA256:":              {},
		anna.Fingerprint()[7:]: {},
		"weak":                 {},
	} {
		signer, err := agent.Signer(name)
		switch {
		case want.IsZero() && (signer != nil || !errors.Is(err, ErrAgentKey) || hintOf(err) == ""):
			t.Errorf("%q: got %v, %v, hint %q, want an ErrAgentKey", name, signer, err, hintOf(err))
		case !want.IsZero() && (err != nil || signer.Public() != want):
			t.Errorf("%q: got %v, %v, want %v", name, signer, err, want)
		}
	}

	named, err := agent.Keys()
	if err != nil {
		t.Fatal(err)
	}
	want := []keys.NamedKey{
		{PublicKey: anna, Comment: "anna"}, {PublicKey: berta, Comment: "me@host"},
		{PublicKey: carla, Comment: "[2Jcarla"}, {PublicKey: dora, Comment: anna.Fingerprint()},
	}
	if len(named) != len(want) {
		t.Fatalf("got %v, want %v", named, want)
	}
	for i := range want {
		if named[i] != want[i] {
			t.Errorf("key %d: got %v, want %v", i, named[i], want[i])
		}
	}

	_, err = agent.Signer("nobody")
	checkError(t, err, ErrAgentKey, `does not hold the key "nobody"; its Ed25519 keys: `+anna.Fingerprint()+` "anna", `+berta.Fingerprint()+` "me@host"`)
	checkError(t, err, ErrAgentKey, `; not usable: "ssh-rsa" "me@host", "sk-ssh-ed25519@openssh.com" "token", "ssh-ed25519" "weak"`)
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("the error has an escape character: %q", err)
	}
	_, err = agent.Signer("token")
	checkError(t, err, ErrAgentKey, `of type "sk-ssh-ed25519@openssh.com"; an Ed25519 key is wanted`)
	_, err = agent.Signer("weak")
	checkError(t, err, keys.ErrWeakKey, "weak public key")
	_, err = agent.Signer("short")
	checkError(t, err, ErrAgentKey, "got 5 bytes, want 32")
	_, err = agent.Signer("longer")
	checkError(t, err, ErrAgentKey, "does not decode")
	_, err = agent.Signer(identity{blob: rsa.Blob}.fingerprint())
	checkError(t, err, ErrAgentKey, `of type "ssh-rsa"`)
}

func TestAmbiguousComment(t *testing.T) {
	t.Parallel()
	one, two := testKey(t, 1).Public(), testKey(t, 2).Public()
	agent := holding(t, ed25519Listed(one, "me@host"), ed25519Listed(two, "me@host"))
	_, err := agent.Signer("me@host")
	checkError(t, err, ErrAgentKey, "2 Ed25519 keys that are called \"me@host\": "+one.Fingerprint()+` "me@host", `+two.Fingerprint())
	// What the hint says mends it.
	_, name, found := strings.Cut(hintOf(err), "agent:")
	if signer, err := agent.Signer(name); !found || err != nil || signer.Public() != one {
		t.Errorf("%q: got %v, %v", name, signer, err)
	}
}

// TestShortComment: a key of a home calls itself anna@acme.example, and "anna" will do
// as long as one key alone can be meant. Whose whole comment it is comes first.
func TestShortComment(t *testing.T) {
	t.Parallel()
	one, two, three := testKey(t, 1).Public(), testKey(t, 2).Public(), testKey(t, 3).Public()
	agent := holding(t, ed25519Listed(one, "anna@acme.example"), ed25519Listed(two, "bert@acme.example"),
		ed25519Listed(three, one.Fingerprint()+"@acme.example"))
	for name, want := range map[string]keys.PublicKey{"anna": one, "bert": two, "anna@acme.example": one, one.Fingerprint(): one} {
		if signer, err := agent.Signer(name); err != nil || signer.Public() != want {
			t.Errorf("%q: got %v, %v, want %v", name, signer, err, want)
		}
	}
	for _, name := range []string{"anna@", "ann", "@acme.example", "acme.example", three.Fingerprint()[:10]} {
		if signer, err := agent.Signer(name); !errors.Is(err, ErrAgentKey) {
			t.Errorf("%q: got %v, %v", name, signer, err)
		}
	}
	agent = holding(t, ed25519Listed(one, "anna@acme.example"), ed25519Listed(two, "anna@other.example"))
	_, err := agent.Signer("anna")
	checkError(t, err, ErrAgentKey, "2 Ed25519 keys that are called \"anna\": "+one.Fingerprint())
	agent = holding(t, ed25519Listed(one, "anna@acme.example"), ed25519Listed(two, "anna"))
	if signer, err := agent.Signer("anna"); err != nil || signer.Public() != two {
		t.Errorf("a whole comment: got %v, %v", signer, err)
	}
	// A key of another type whose whole comment it is was meant, and is named.
	agent = holding(t, ed25519Listed(one, "anna@acme.example"), listed{publicBlob(ssh.KeyAlgoRSA, []byte("rsa")), "anna"})
	_, err = agent.Signer("anna")
	checkError(t, err, ErrAgentKey, `of type "ssh-rsa"`)
}

func TestNoUsableKey(t *testing.T) {
	t.Parallel()
	empty := holding(t)
	if named, err := empty.Keys(); err != nil || len(named) != 0 {
		t.Errorf("empty agent: got %v, %v", named, err)
	}
	_, err := empty.Signer("anna")
	checkError(t, err, ErrAgentKey, "ssh-agent holds no keys")

	rsa := holding(t, listed{publicBlob(ssh.KeyAlgoRSA, []byte("rsa")), "me@host"})
	_, err = rsa.Signer("anna")
	checkError(t, err, ErrAgentKey, `it holds no Ed25519 key, only "ssh-rsa" "me@host"`)
}

// TestManyKeys: an error stays one line that a person can read.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	var held []listed
	for i := range 200 {
		held = append(held, ed25519Listed(testKey(t, byte(i)).Public(), strings.Repeat("x", 2000)))
	}
	// 200 comments of 2000 bytes do not fit one answer.
	_, err := holding(t, held...).Keys()
	checkError(t, err, ErrAgentAnswer, "answer too long")

	agent := holding(t, held[:100]...)
	named, err := agent.Keys()
	if err != nil || len(named) != 100 || len(named[0].Comment) != maxComment {
		t.Errorf("got %d keys, %v, want 100", len(named), err)
	}
	_, err = agent.Signer("anna")
	checkError(t, err, ErrAgentKey, "and 92 more")
	if len(err.Error()) > 2000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}
