package service

import (
	"crypto/ed25519"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// hangingAgent has a key, and does not answer while hang is locked.
type hangingAgent struct {
	agent.Agent
	hang sync.RWMutex
}

func (a *hangingAgent) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	a.hang.RLock()
	defer a.hang.RUnlock()
	return a.Agent.Sign(key, data)
}

func (a *hangingAgent) List() ([]*agent.Key, error) {
	a.hang.RLock()
	defer a.hang.RUnlock()
	return a.Agent.List()
}

// TestAgentThatHangs: where ssh-agent does not answer, what is on record is given again, others
// learn that the service is in trouble, and it goes on by itself.
func TestAgentThatHangs(t *testing.T) {
	v := newVendor(t, "")
	pass := v.aClock()
	v.sell(func(e *ledger.Entitlement) { e.Seats = 50 })
	dir, err := os.MkdirTemp("", "agent") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	key, err := keyfile.Read(v.at.KeyFile("desk"), nil)
	if err != nil {
		t.Fatal(err)
	}
	held := &hangingAgent{Agent: agent.NewKeyring()}
	private := ed25519.NewKeyFromSeed(key.Seed())
	if err := held.Add(agent.AddedKey{PrivateKey: &private, Comment: "desk"}); err != nil {
		t.Fatal(err)
	}
	v.AgentSocket = filepath.Join(dir, "socket")
	l, err := net.Listen("unix", v.AgentSocket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(held, conn)
		}
	}()
	a, queue := v.activator(func(o *ActivatorOptions) {
		o.Key = Key{Name: AgentPrefix + "desk", Patience: 2 * time.Second}
	})
	recorded, text := requestText(t, 1, nil), requestText(t, 2, nil)
	v.wantLicense(a, recorded)

	held.hang.Lock()
	for range 2 { // while it is to sign, and to say what it holds
		failed := make(chan error)
		go func() {
			_, err := a.Activate(ctx, text)
			failed <- err
		}()
		for range 3 {
			v.wantLicense(a, recorded)
			a.Stats()
		}
		if err := <-failed; err == nil || len(queue.all) != 0 {
			t.Errorf("got %v, and %d wait", err, len(queue.all))
		}
	}
	held.hang.Unlock()
	pass(2 * retryEvery)
	v.wantLicense(a, text)
	v.wantClean()
}
