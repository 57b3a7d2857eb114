package keyfile

import (
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/offlicense/offlicense/keys"
)

const (
	// dialWait and listWait are for what an agent does without asking anybody. OpenSSH's
	// does one thing at a time, so a question that another program caused holds these up
	// too: hence not shorter.
	dialWait = 10 * time.Second
	listWait = 30 * time.Second
	// signWait is for a person who is asked to confirm and has to find the window, or the
	// token to touch. Without an end, an agent that hangs would hold up everybody who
	// waits for what the caller has locked.
	signWait = 5 * time.Minute
)

// Agent is a running ssh-agent that holds keys. It may be used from several goroutines:
// their requests are made one after the other, for OpenSSH's agent signs one at a time
// (two goroutines took 598 µs a signature so, and 585 µs with both requests sent). After a
// failure that leaves open what the agent would answer next, every call gives that same
// failure; DialAgent starts afresh.
type Agent struct {
	socket             string
	listWait, signWait time.Duration

	turn   sync.Mutex // held for one request and its answer
	wire   *wire
	client agent.Agent
	broken error // why nothing is asked any more
}

// DialAgent connects to the agent that listens at socket, the value of SSH_AUTH_SOCK. An
// error is an ErrAgentUnreachable.
func DialAgent(socket string) (*Agent, error) {
	if socket == "" {
		return nil, unreachable("SSH_AUTH_SOCK is not set", startAgent, nil)
	}
	conn, err := net.DialTimeout("unix", socket, dialWait)
	if err != nil {
		return nil, cannotDial(socket, err)
	}
	return newAgent(socket, conn), nil
}

func newAgent(socket string, conn net.Conn) *Agent {
	w := &wire{conn: conn}
	// Only the wire's Read and Write, for the library leaves the reading to a goroutine
	// of its own, without deadlines, when it finds a Close.
	return &Agent{socket: socket, listWait: listWait, signWait: signWait, wire: w, client: agent.NewClient(w)}
}

// Within has the agent answer each call within a time, for who waits where no person is asked.
func (a *Agent) Within(d time.Duration) { a.listWait, a.signWait = d, d }

// Close ends the connection. A Sign that waits for its answer in another goroutine ends
// with an ErrAgentLost, so this is also how to give up waiting.
func (a *Agent) Close() error { return a.wire.conn.Close() }

// Keys returns the Ed25519 keys that the agent holds, each one once, with their comments.
// Weak keys are left out. A comment has only characters that print; it says what whoever
// added the key, or the agent, wants it to say.
//
// An agent that does not answer within 30 seconds gives an ErrAgentLost.
func (a *Agent) Keys() ([]keys.NamedKey, error) {
	held, err := a.list()
	if err != nil {
		return nil, err
	}
	var named []keys.NamedKey
	for _, id := range held {
		if id.usable() {
			named = append(named, id.NamedKey)
		}
	}
	return named, nil
}

// list asks the agent for all that it holds.
func (a *Agent) list() ([]identity, error) {
	a.turn.Lock()
	defer a.turn.Unlock()
	if a.broken != nil {
		return nil, a.broken
	}
	a.wire.patience = a.listWait
	listed, err := a.client.List()
	switch {
	case err == nil:
		return identities(listed), nil
	case a.wire.refused:
		return nil, refusedToList()
	default:
		return nil, a.give(a.wireFailure(a.listWait, "a window may be waiting for an answer; ssh-add -l waits for it as well"))
	}
}

// give makes err what every later call returns: once an answer is missing or makes no
// sense, the next one may be the answer to something else. The caller holds turn.
func (a *Agent) give(err error) error {
	a.broken = err
	a.wire.conn.Close()
	return err
}
