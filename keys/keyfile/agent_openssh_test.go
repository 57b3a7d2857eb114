package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/offlicense/offlicense/keys"
)

// realAgent is a running ssh-agent of OpenSSH.
type realAgent struct {
	t       *testing.T
	socket  string
	process *os.Process
	ended   chan struct{}
	admin   agent.ExtendedAgent
}

// startRealAgent starts an ssh-agent. When it has to ask whether a key may be used, it runs
// the shell script; exit status 0 means yes.
func startRealAgent(t *testing.T, confirm string) *realAgent {
	t.Helper()
	program, err := exec.LookPath("ssh-agent")
	if err != nil {
		t.Skip("SKIPPED: no ssh-agent on the path, so nothing was signed by a real one: install the package openssh-client")
	}
	socket := socketPath(t)
	askpass := filepath.Join(filepath.Dir(socket), "askpass")
	if err := os.WriteFile(askpass, []byte("#!/bin/sh\n"+confirm+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "-D", "-a", socket)
	command.Env = append(os.Environ(), "SSH_ASKPASS="+askpass, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	a := &realAgent{t: t, socket: socket, process: command.Process, ended: make(chan struct{})}
	go func() {
		command.Wait()
		close(a.ended)
	}()
	t.Cleanup(a.kill)
	for range 1000 {
		if conn, err := net.Dial("unix", socket); err == nil {
			t.Cleanup(func() { conn.Close() })
			a.admin = agent.NewClient(conn)
			return a
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("ssh-agent does not listen")
	return nil
}

// kill returns when the agent has ended.
func (a *realAgent) kill() {
	a.process.Kill()
	<-a.ended
}

func (a *realAgent) add(key any, comment string, confirm bool) {
	a.t.Helper()
	if private, ok := key.(keys.PrivateKey); ok {
		key = ed25519.NewKeyFromSeed(private.Seed())
	}
	if err := a.admin.Add(agent.AddedKey{PrivateKey: key, Comment: comment, ConfirmBeforeUse: confirm}); err != nil {
		a.t.Fatal(err)
	}
}

// signer returns the agent's key of that name, over a connection of its own.
func (a *realAgent) signer(name string) keys.Signer {
	a.t.Helper()
	signer, err := dial(a.t, a.socket).Signer(name)
	if err != nil {
		a.t.Fatal(err)
	}
	return signer
}

func mustSign(t *testing.T, signer keys.Signer, message []byte) {
	t.Helper()
	signature, err := signer.Sign(message)
	if err != nil || !signer.Public().Verify(message, signature) {
		t.Errorf("a message of %d bytes: got %x, %v", len(message), signature, err)
	}
}

// TestAgentSigns with a key that this package wrote and ssh-add handed over.
func TestAgentSigns(t *testing.T) {
	t.Parallel()
	a := startRealAgent(t, "exit 1")
	program, err := exec.LookPath("ssh-add")
	if err != nil {
		t.Skip("SKIPPED: no ssh-add on the path: install the package openssh-client")
	}
	key := testKey(t, 1)
	path := filepath.Join(t.TempDir(), "key")
	mustWrite(t, path, key, nil)
	command := exec.Command(program, "-q", path)
	command.Env = append(os.Environ(), "SSH_AUTH_SOCK="+a.socket)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a.add(other, "an RSA key", false)

	ours := dial(t, a.socket)
	named, err := ours.Keys()
	want := keys.NamedKey{PublicKey: key.Public(), Comment: "a comment"}
	if err != nil || len(named) != 1 || named[0] != want {
		t.Fatalf("got %v, %v, want %v alone", named, err, want)
	}
	for _, name := range []string{"a comment", key.Public().Fingerprint()} {
		signer, err := ours.Signer(name)
		if err != nil || signer.Public() != key.Public() {
			t.Fatalf("%q: got %v, %v", name, signer, err)
		}
		// Ed25519 signatures are deterministic: the same as from the file.
		got, err := signer.Sign([]byte("m"))
		if direct, _ := key.Sign([]byte("m")); err != nil || !bytes.Equal(got, direct) {
			t.Errorf("%q: got %x, %v, want %x", name, got, err, direct)
		}
	}
	_, err = ours.Signer("an RSA key")
	checkError(t, err, ErrAgentKey, `is of type "ssh-rsa"`)
}

func TestAgentInParallel(t *testing.T) {
	t.Parallel()
	a := startRealAgent(t, "exit 1")
	a.add(testKey(t, 1), "anna", false)
	ours := dial(t, a.socket)
	signer, err := ours.Signer("anna")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			for i := range 20 {
				mustSign(t, signer, fmt.Appendf(nil, "license %d of worker %d", i, worker))
			}
			if held, err := ours.Keys(); err != nil || len(held) != 1 {
				t.Errorf("got %v, %v", held, err)
			}
		})
	}
	group.Wait()
}

func TestAgentConfirmation(t *testing.T) {
	t.Parallel()
	answer := filepath.Join(t.TempDir(), "answer")
	say := func(status string) {
		t.Helper()
		if err := os.WriteFile(answer, []byte("exit "+status), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := startRealAgent(t, ". '"+answer+"'")
	a.add(testKey(t, 1), "anna", true)
	signer := a.signer("anna")
	say("0")
	mustSign(t, signer, []byte("allowed"))
	say("1")
	signature, err := signer.Sign([]byte("denied"))
	if signature != nil {
		t.Errorf("got %x", signature)
	}
	checkError(t, err, ErrAgentRefused, "refused to sign with "+testKey(t, 1).Public().Fingerprint()+` "anna"`)
	say("0") // a person may change their mind
	mustSign(t, signer, []byte("allowed"))
}

func TestAgentHoldsAnotherKey(t *testing.T) {
	t.Parallel()
	a := startRealAgent(t, "exit 1")
	_, err := dial(t, a.socket).Signer("anna")
	checkError(t, err, ErrAgentKey, "holds no keys")
	mine, other := testKey(t, 1), testKey(t, 2)
	a.add(other, "berta", false)
	_, err = dial(t, a.socket).Signer(mine.Public().Fingerprint())
	checkError(t, err, ErrAgentKey, other.Public().Fingerprint()+` "berta"`)
	a.add(mine, "berta", false)
	_, err = dial(t, a.socket).Signer("berta")
	checkError(t, err, ErrAgentKey, "2 Ed25519 keys")
	mustSign(t, a.signer(mine.Public().Fingerprint()), []byte("m"))
}

// TestAgentKeyGoes away between the choice and the signature, and comes back.
func TestAgentKeyGoes(t *testing.T) {
	t.Parallel()
	a := startRealAgent(t, "exit 1")
	a.add(testKey(t, 1), "anna", false)
	signer := a.signer("anna")
	if err := a.admin.Lock([]byte("tulip")); err != nil {
		t.Fatal(err)
	}
	_, err := signer.Sign([]byte("m"))
	checkError(t, err, ErrAgentKey, "no longer holds")
	if err := a.admin.Unlock([]byte("tulip")); err != nil {
		t.Fatal(err)
	}
	mustSign(t, signer, []byte("m"))
	if err := a.admin.RemoveAll(); err != nil {
		t.Fatal(err)
	}
	_, err = signer.Sign([]byte("m"))
	checkError(t, err, ErrAgentKey, "no longer holds")
}

func TestAgentDies(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		a := startRealAgent(t, "exit 1")
		a.add(testKey(t, 1), "anna", false)
		signer := a.signer("anna")
		a.kill()
		signature, err := signer.Sign([]byte("m"))
		if signature != nil {
			t.Errorf("got %x", signature)
		}
		checkError(t, err, ErrAgentLost, "hung up")
		_, err = DialAgent(a.socket)
		checkError(t, err, ErrAgentUnreachable, "no agent answers")
	})
	t.Run("in mid-sign", func(t *testing.T) {
		t.Parallel()
		// The agent waits for the script, so it is the one that the script kills.
		a := startRealAgent(t, "kill -9 $PPID; exit 0")
		a.add(testKey(t, 1), "anna", true)
		signer := a.signer("anna")
		signature, err := signer.Sign([]byte("m"))
		if signature != nil {
			t.Errorf("got %x", signature)
		}
		checkError(t, err, ErrAgentLost, "hung up")
		<-a.ended
	})
}

// TestAgentHangs while nobody answers its question.
func TestAgentHangs(t *testing.T) {
	t.Parallel()
	a := startRealAgent(t, "exec sleep 20")
	a.add(testKey(t, 1), "anna", true)
	ours := dial(t, a.socket)
	ours.signWait = 200 * time.Millisecond
	signer, err := ours.Signer("anna")
	if err != nil {
		t.Fatal(err)
	}
	_, err = signer.Sign([]byte("m"))
	checkError(t, err, ErrAgentLost, "did not answer within 200ms")
	// Nor does it answer others meanwhile.
	second := dial(t, a.socket)
	second.listWait = 200 * time.Millisecond
	_, err = second.Keys()
	checkError(t, err, ErrAgentLost, "did not answer within 200ms")
}

// TestAgentLongMessage: the longest that it signs, and what it does with a longer one.
func TestAgentLongMessage(t *testing.T) {
	t.Parallel()
	a := startRealAgent(t, "exit 1")
	a.add(testKey(t, 1), "anna", false)
	ours := dial(t, a.socket)
	signer, err := ours.Signer("anna")
	if err != nil {
		t.Fatal(err)
	}
	mustSign(t, signer, nil)
	mustSign(t, signer, make([]byte, maxAgentSigned))
	_, err = signer.Sign(make([]byte, maxAgentSigned+1))
	if err == nil || hintOf(err) == "" {
		t.Errorf("got %v, hint %q", err, hintOf(err))
	}
	mustSign(t, signer, []byte("m"))
	if _, _, err := ours.sign(keys.NamedKey{PublicKey: signer.Public()}, make([]byte, maxAgentSigned+1)); err == nil {
		t.Error("ssh-agent signs more than maxAgentSigned")
	} else {
		checkError(t, err, ErrAgentLost, "hung up")
	}
}
