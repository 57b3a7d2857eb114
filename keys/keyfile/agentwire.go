package keyfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// maxAgentMessage is the longest message in bytes, without its length, that OpenSSH's
// agent takes and its clients read (AGENT_MAX_LEN). The library would read 16 MiB.
const maxAgentMessage = 256 << 10

// agentFailure is SSH_AGENT_FAILURE, all that an agent answers when it will not.
const agentFailure = 5

// errTooLong says that the agent announced an answer of more than maxAgentMessage.
var errTooLong = errors.New("answer too long")

// wire stands between the library's client, which encodes and decodes, and the agent. It
// takes the request in one Write and has the whole answer before that returns, so it can
// bound size and time, and it keeps what the client's errors do not tell apart.
type wire struct {
	conn     net.Conn
	patience time.Duration // for the request and its answer together

	unread  []byte // of the answer, by the client
	refused bool   // the answer was agentFailure
	err     error  // why there was no whole answer
}

func (w *wire) Write(request []byte) (int, error) {
	w.unread, w.refused, w.err = nil, false, nil
	if w.err = w.exchange(request); w.err != nil {
		return 0, w.err
	}
	return len(request), nil
}

func (w *wire) exchange(request []byte) error {
	// One deadline for all of it: an agent could send a byte a minute.
	if err := w.conn.SetDeadline(time.Now().Add(w.patience)); err != nil {
		return err
	}
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	var length [4]byte
	if _, err := io.ReadFull(w.conn, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxAgentMessage {
		return fmt.Errorf("%w: got %d bytes, want at most %d", errTooLong, n, maxAgentMessage)
	}
	answer := make([]byte, len(length)+int(n))
	copy(answer, length[:])
	if _, err := io.ReadFull(w.conn, answer[len(length):]); err != nil {
		return err
	}
	w.unread, w.refused = answer, n > 0 && answer[len(length)] == agentFailure
	return nil
}

// Read gives the client the answer to what it wrote last, and never more than that.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.unread) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, w.unread)
	w.unread = w.unread[n:]
	return n, nil
}
