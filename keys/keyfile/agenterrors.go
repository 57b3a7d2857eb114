package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/internal/mistake"
)

// What can go wrong with an agent. The errors that wrap these say what it was, and have
// a method Hint() string that says what to do.
var (
	// ErrAgentUnreachable says that there is no agent to talk to.
	ErrAgentUnreachable = errors.New("no ssh-agent")
	// ErrAgentKey says that the agent does not hold the one Ed25519 key that is meant.
	ErrAgentKey = errors.New("no such key in ssh-agent")
	// ErrAgentRefused says that the agent will not, as when a person denied it.
	ErrAgentRefused = errors.New("ssh-agent refused")
	// ErrAgentLost says that the agent ended, hung up, or did not answer in time, or that
	// the connection was closed by Close.
	ErrAgentLost = errors.New("ssh-agent lost")
	// ErrAgentAnswer says that what the agent answered is malformed, or that it is not the
	// signature that was asked for.
	ErrAgentAnswer = errors.New("wrong answer from ssh-agent")
)

const (
	startAgent = `eval "$(ssh-agent)" starts one, and ssh-add KEYFILE hands it a key`
	addKey     = "ssh-add KEYFILE hands it a key, ssh-add -X unlocks it, and ssh-add -l shows what it holds"
)

func unreachable(what, hint string, cause error) error {
	err := ErrAgentUnreachable
	if cause != nil {
		err = fmt.Errorf("%w: %w", ErrAgentUnreachable, cause)
	}
	return mistake.New("no ssh-agent: "+what, hint, err)
}

// cannotDial looks for the reason after the fact, for systems refuse a file, a directory
// and a socket that nobody listens at with the same error.
func cannotDial(socket string, cause error) error {
	if strings.HasPrefix(socket, `\\.\pipe\`) {
		return unreachable(fmt.Sprintf("%.128q is a named pipe, which is not supported", socket), "sign with the key's file instead of the agent", cause)
	}
	info, err := os.Stat(socket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return unreachable(fmt.Sprintf("%.128q, which SSH_AUTH_SOCK names, does not exist", socket), startAgent, cause)
	case err == nil && info.Mode().Type()&fs.ModeSocket == 0:
		return unreachable(fmt.Sprintf("%.128q, which SSH_AUTH_SOCK names, is not a socket", socket), startAgent, cause)
	case errors.Is(cause, fs.ErrPermission):
		return unreachable(fmt.Sprintf("%.128q, which SSH_AUTH_SOCK names, belongs to another user", socket), "run this as the user who started it; "+startAgent, cause)
	case err == nil:
		return unreachable(fmt.Sprintf("no agent answers at %.128q, which SSH_AUTH_SOCK names", socket), startAgent, cause)
	default:
		return unreachable(fmt.Sprintf("%.128q, which SSH_AUTH_SOCK names: %v", socket, err), startAgent, cause)
	}
}

func refusedToList() error {
	return mistake.New("ssh-agent refused to list its keys",
		"ssh-add -X unlocks it, and ssh-add -l shows what it holds", ErrAgentRefused)
}

// refusedToSign: that the agent could not ask is more frequent than that somebody denied,
// and its user sees no difference.
func refusedToSign(key keys.NamedKey) error {
	return mistake.New("ssh-agent refused to sign with "+namedKey(key),
		"confirm when it asks; if no question came, the agent was started without SSH_ASKPASS or a display, which ssh-add -c needs", ErrAgentRefused)
}

// wireFailure says why an exchange came to nothing. onHang is the hint when the agent did
// not answer in time.
func (a *Agent) wireFailure(patience time.Duration, onHang string) error {
	err := a.wire.err
	switch {
	case err == nil:
		return a.badAnswer("an answer that does not decode")
	case errors.Is(err, errTooLong):
		return a.badAnswer("an %v", err)
	case errors.Is(err, net.ErrClosed):
		return mistake.New("the connection to ssh-agent was closed", "run the command again", ErrAgentLost)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return mistake.New(fmt.Sprintf("ssh-agent did not answer within %v", patience),
			onHang, fmt.Errorf("%w: %w", ErrAgentLost, err))
	default:
		return mistake.New("ssh-agent hung up before it had answered: it may have ended",
			"ssh-add -l shows whether it still runs; "+startAgent, fmt.Errorf("%w: %w", ErrAgentLost, err))
	}
}

func (a *Agent) badAnswer(format string, args ...any) error {
	return mistake.New("ssh-agent gave "+fmt.Sprintf(format, args...),
		fmt.Sprintf("find out which program listens at %s before a key is trusted to it", shellWord(a.socket)), ErrAgentAnswer)
}
