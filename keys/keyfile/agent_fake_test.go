package keyfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/offlicense/offlicense/keys"
)

// Message types of the agent's protocol.
const (
	listRequest   = 11
	listAnswer    = 12
	signRequest   = 13
	signAnswer    = 14
	otherSuccess  = 6
	failureAnswer = 5
)

// socketPath returns a path that is short enough for a socket, which t.TempDir's is not
// always.
func socketPath(t testing.TB) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	return filepath.Join(directory, "socket")
}

// fakeAgent listens as an agent that answers each request with what answer writes, and
// hangs up when that returns false.
func fakeAgent(t *testing.T, answer func(to io.Writer, request []byte) bool) *Agent {
	t.Helper()
	socket := socketPath(t)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					var length [4]byte
					if _, err := io.ReadFull(conn, length[:]); err != nil {
						return
					}
					request := make([]byte, binary.BigEndian.Uint32(length[:]))
					if _, err := io.ReadFull(conn, request); err != nil || !answer(conn, request) {
						return
					}
				}
			}()
		}
	}()
	return dial(t, socket)
}

func dial(t testing.TB, socket string) *Agent {
	t.Helper()
	agent, err := DialAgent(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { agent.Close() })
	return agent
}

func message(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// listed is one key in a list.
type listed struct {
	Blob    []byte
	Comment string
}

func ed25519Listed(key keys.PublicKey, comment string) listed {
	return listed{publicBlob(ssh.KeyAlgoED25519, key.Bytes()), comment}
}

func listOf(held ...listed) []byte {
	body := binary.BigEndian.AppendUint32([]byte{listAnswer}, uint32(len(held)))
	for _, key := range held {
		body = append(body, ssh.Marshal(key)...)
	}
	return message(body)
}

func signatureOf(format string, blob []byte, rest ...byte) []byte {
	inner := append(ssh.Marshal(struct {
		Format string
		Blob   []byte
	}{format, blob}), rest...)
	return message(append([]byte{signAnswer}, ssh.Marshal(struct{ Blob []byte }{inner})...))
}

// checkError asserts which error it is, with its text, and that it says what to do.
func checkError(t *testing.T, err, want error, text string) {
	t.Helper()
	if !errors.Is(err, want) || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error that is %q with %q", err, want, text)
	}
	if hintOf(err) == "" {
		t.Errorf("%v: no hint", err)
	}
}

func TestSocketWithoutAgent(t *testing.T) {
	directory := filepath.Dir(socketPath(t))
	file := filepath.Join(directory, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	deserted := filepath.Join(directory, "deserted")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: deserted})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	for _, c := range []struct{ socket, want string }{
		{"", "SSH_AUTH_SOCK is not set"},
		{filepath.Join(directory, "none"), "does not exist"},
		{file, "is not a socket"},
		{directory, "is not a socket"},
		{deserted, "no agent answers"},
		{filepath.Join(directory, strings.Repeat("x", 200)), "no ssh-agent"},
		{`\\.\pipe\openssh-ssh-agent`, "a named pipe"},
	} {
		agent, err := DialAgent(c.socket)
		if agent != nil {
			t.Errorf("%q: got an agent", c.socket)
		}
		checkError(t, err, ErrAgentUnreachable, c.want)
	}
}

// TestBadLists: what an agent says when asked for its keys is hostile input.
func TestBadLists(t *testing.T) {
	t.Parallel()
	good := listOf(ed25519Listed(testKey(t, 1).Public(), "anna"))
	long := make([]byte, 4+maxAgentMessage+1)
	binary.BigEndian.PutUint32(long, uint32(len(long)-4))
	for name, c := range map[string]struct {
		answer []byte
		stay   bool // and do not hang up
		kind   error
		want   string
	}{
		"nothing":             {nil, false, ErrAgentLost, "hung up"},
		"part of a length":    {good[:3], false, ErrAgentLost, "hung up"},
		"part of an answer":   {good[:len(good)-1], false, ErrAgentLost, "hung up"},
		"a web page":          {[]byte("HTTP/1.1 400 Bad Request\r\n"), true, ErrAgentAnswer, "answer too long"},
		"the longest":         {[]byte{0xff, 0xff, 0xff, 0xff}, true, ErrAgentAnswer, "got 4294967295 bytes, want at most 262144"},
		"one byte too long":   {long, true, ErrAgentAnswer, "got 262145 bytes"},
		"an empty answer":     {message(nil), true, ErrAgentAnswer, "does not decode"},
		"an unknown type":     {message([]byte{99}), true, ErrAgentAnswer, "does not decode"},
		"a success":           {message([]byte{otherSuccess}), true, ErrAgentAnswer, "does not decode"},
		"a signature":         {signatureOf(ssh.KeyAlgoED25519, make([]byte, 64)), true, ErrAgentAnswer, "does not decode"},
		"too many keys":       {message([]byte{listAnswer, 0xff, 0xff, 0xff, 0xff}), true, ErrAgentAnswer, "does not decode"},
		"fewer than it says":  {message([]byte{listAnswer, 0, 0, 0, 2}), true, ErrAgentAnswer, "does not decode"},
		"a key that is none":  {listOf(listed{nil, "x"}), true, ErrAgentAnswer, "does not decode"},
		"a refusal":           {message([]byte{failureAnswer}), true, ErrAgentRefused, "refused to list"},
		"silence":             {nil, true, ErrAgentLost, "did not answer within 200ms"},
		"silence in mid-word": {good[:len(good)-1], true, ErrAgentLost, "did not answer within 200ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := fakeAgent(t, func(to io.Writer, _ []byte) bool {
				to.Write(c.answer)
				return c.stay
			})
			if strings.HasPrefix(name, "silence") {
				agent.listWait = 200 * time.Millisecond
			}
			held, err := agent.Keys()
			if held != nil {
				t.Errorf("got keys %v", held)
			}
			checkError(t, err, c.kind, c.want)
			// Nothing is believed any more.
			signer, err := agent.Signer("anna")
			if signer != nil {
				t.Errorf("got a signer")
			}
			checkError(t, err, c.kind, c.want)
		})
	}
}

// TestSlowAgent: the deadline is for the whole answer, however it comes.
func TestSlowAgent(t *testing.T) {
	t.Parallel()
	agent := fakeAgent(t, func(to io.Writer, _ []byte) bool {
		for _, b := range listOf(ed25519Listed(testKey(t, 1).Public(), "anna")) {
			if _, err := to.Write([]byte{b}); err != nil {
				return false
			}
			time.Sleep(20 * time.Millisecond)
		}
		return true
	})
	agent.listWait = 200 * time.Millisecond
	_, err := agent.Keys()
	checkError(t, err, ErrAgentLost, "did not answer within 200ms")
}

// TestBadSignatures: whatever the agent returns, what Sign returns verifies.
func TestBadSignatures(t *testing.T) {
	t.Parallel()
	mine, other := testKey(t, 1), testKey(t, 2)
	text := []byte("a license")
	sign := func(key keys.PrivateKey, message string) []byte {
		signature, err := key.Sign([]byte(message))
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	good := sign(mine, "a license")
	const kind = ssh.KeyAlgoED25519
	for name, c := range map[string]struct {
		answer []byte
		stay   bool
		kind   error
		want   string
	}{
		"good":                    {signatureOf(kind, good), true, nil, ""},
		"another key's":           {signatureOf(kind, sign(other, "a license")), true, ErrAgentAnswer, "did not make of this message"},
		"another message's":       {signatureOf(kind, sign(mine, "a licence")), true, ErrAgentAnswer, "did not make of this message"},
		"zeros":                   {signatureOf(kind, make([]byte, 64)), true, ErrAgentAnswer, "did not make of this message"},
		"short":                   {signatureOf(kind, good[:63]), true, ErrAgentAnswer, "did not make of this message"},
		"long":                    {signatureOf(kind, append(bytes.Clone(good), 0)), true, ErrAgentAnswer, "did not make of this message"},
		"with more behind it":     {signatureOf(kind, good, 0), true, ErrAgentAnswer, "did not make of this message"},
		"none":                    {signatureOf(kind, nil), true, ErrAgentAnswer, "did not make of this message"},
		"RSA":                     {signatureOf("rsa-sha2-256", make([]byte, 256)), true, ErrAgentAnswer, `type "rsa-sha2-256", want "ssh-ed25519"`},
		"good with a wrong label": {signatureOf("ssh-ed448", good), true, ErrAgentAnswer, `type "ssh-ed448"`},
		"hostile label":           {signatureOf("\x1b[2J", good), true, ErrAgentAnswer, `"\x1b[2J"`},
		"malformed":               {message([]byte{signAnswer, 0, 0, 0, 3, 1, 2, 3}), true, ErrAgentAnswer, "does not decode"},
		"a list":                  {listOf(), true, ErrAgentAnswer, "does not decode"},
		"a success":               {message([]byte{otherSuccess}), true, ErrAgentAnswer, "does not decode"},
		"too long":                {[]byte{0, 4, 0, 1}, true, ErrAgentAnswer, "got 262145 bytes"},
		"nothing":                 {nil, false, ErrAgentLost, "hung up"},
		"half":                    {signatureOf(kind, good)[:40], false, ErrAgentLost, "hung up"},
		"silence":                 {nil, true, ErrAgentLost, "did not answer within 200ms"},
		"a refusal":               {message([]byte{failureAnswer}), true, ErrAgentRefused, "refused to sign with " + mine.Public().Fingerprint() + ` "anna"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := fakeAgent(t, func(to io.Writer, request []byte) bool {
				if request[0] == listRequest {
					to.Write(listOf(ed25519Listed(mine.Public(), "anna")))
					return true
				}
				to.Write(c.answer)
				return c.stay
			})
			if name == "silence" {
				agent.signWait = 200 * time.Millisecond
			}
			signer, err := agent.Signer("anna")
			if err != nil {
				t.Fatal(err)
			}
			signature, err := signer.Sign(text)
			if c.kind == nil {
				if err != nil || !bytes.Equal(signature, good) {
					t.Errorf("got %x, %v", signature, err)
				}
				return
			}
			if signature != nil {
				t.Errorf("got a signature %x", signature)
			}
			checkError(t, err, c.kind, c.want)
			_, err = signer.Sign(text)
			checkError(t, err, c.kind, c.want)
		})
	}
}

// TestAnswerTooMany: an agent that answers a request before it is made answers the wrong
// one from then on.
func TestAnswerTooMany(t *testing.T) {
	t.Parallel()
	mine := testKey(t, 1)
	agent := fakeAgent(t, func(to io.Writer, request []byte) bool {
		if request[0] == listRequest {
			to.Write(listOf(ed25519Listed(mine.Public(), "anna")))
			return true
		}
		signature, _ := mine.Sign([]byte("first"))
		to.Write(signatureOf(ssh.KeyAlgoED25519, signature))
		to.Write(signatureOf(ssh.KeyAlgoED25519, signature))
		return true
	})
	signer, err := agent.Signer("anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign([]byte("first")); err != nil {
		t.Fatal(err)
	}
	_, err = signer.Sign([]byte("second"))
	checkError(t, err, ErrAgentAnswer, "did not make of this message")
}

// TestKeyGone: the agent says no in one way only; the list tells why.
func TestKeyGone(t *testing.T) {
	t.Parallel()
	asked := 0
	agent := fakeAgent(t, func(to io.Writer, request []byte) bool {
		switch {
		case request[0] == signRequest:
			to.Write(message([]byte{failureAnswer}))
		case asked == 0:
			asked++
			to.Write(listOf(ed25519Listed(testKey(t, 1).Public(), "anna")))
		default:
			to.Write(listOf(ed25519Listed(testKey(t, 2).Public(), "anna")))
		}
		return true
	})
	signer, err := agent.Signer("anna")
	if err != nil {
		t.Fatal(err)
	}
	_, err = signer.Sign(nil)
	checkError(t, err, ErrAgentKey, "no longer holds "+testKey(t, 1).Public().Fingerprint())
}

func TestCloseEndsWaiting(t *testing.T) {
	t.Parallel()
	reached := make(chan bool)
	agent := fakeAgent(t, func(to io.Writer, request []byte) bool {
		if request[0] == listRequest {
			to.Write(listOf(ed25519Listed(testKey(t, 1).Public(), "anna")))
		} else {
			reached <- true
		}
		return true
	})
	signer, err := agent.Signer("anna")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := signer.Sign(nil)
		done <- err
	}()
	<-reached
	agent.Close()
	checkError(t, <-done, ErrAgentLost, "closed")
	_, err = signer.Sign(nil)
	checkError(t, err, ErrAgentLost, "closed")
	_, err = agent.Keys()
	checkError(t, err, ErrAgentLost, "closed")
}

// memory is a connection to an agent that has said all that it will say.
type memory struct {
	net.Conn
	said *bytes.Reader
}

func (m memory) Read(p []byte) (int, error)  { return m.said.Read(p) }
func (m memory) Write(p []byte) (int, error) { return len(p), nil }
func (m memory) SetDeadline(time.Time) error { return nil }
func (m memory) Close() error                { return nil }

// FuzzAgent gives the client whatever an agent may say, first when asked for its keys and
// then when asked to sign.
func FuzzAgent(f *testing.F) {
	mine := testKey(f, 1)
	signature, err := mine.Sign([]byte("m"))
	if err != nil {
		f.Fatal(err)
	}
	list := listOf(ed25519Listed(mine.Public(), "anna"), listed{publicBlob("ssh-rsa", []byte{1}), "rsa"})
	f.Add(append(bytes.Clone(list), signatureOf(ssh.KeyAlgoED25519, signature)...))
	f.Add(append(bytes.Clone(list), message([]byte{failureAnswer})...))
	f.Add(append(bytes.Clone(list), signatureOf("rsa-sha2-256", signature)...))
	f.Add(message([]byte{failureAnswer}))
	f.Fuzz(func(t *testing.T, said []byte) {
		ours := func(err error) {
			for _, known := range []error{ErrAgentKey, ErrAgentRefused, ErrAgentLost, ErrAgentAnswer} {
				if errors.Is(err, known) && hintOf(err) != "" {
					return
				}
			}
			t.Errorf("not an error of ours, or without a hint: %v", err)
		}
		agent := newAgent("/socket", memory{said: bytes.NewReader(said)})
		held, err := agent.Keys()
		if err != nil {
			ours(err)
			return
		}
		for _, key := range held {
			if again, err := keys.ParsePublicLine(key.MarshalLine(key.Comment)); err != nil || again != key {
				t.Errorf("key %v: read again: %v, %v", key, again, err)
			}
		}
		signer := &agentSigner{agent: agent, key: keys.NamedKey{PublicKey: mine.Public()}}
		got, err := signer.Sign([]byte("m"))
		if err != nil {
			ours(err)
		} else if !mine.Public().Verify([]byte("m"), got) {
			t.Errorf("a signature that does not verify: %x", got)
		}
	})
}
