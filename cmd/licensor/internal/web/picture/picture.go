// Package picture reads what people upload: a text, or a picture of a code.
//
// Who uploads is not trusted, and a picture of a few kilobytes may want a gigabyte and a
// minute. So no picture is decoded in the process that can sign. A child process of the same
// program does it, with limits of memory and time, nothing in its environment and no file but
// its pipes; two run at once, and what comes beyond is told to come again. What a child says is
// not trusted either: it is text, which its reader judges as any other.
//
// On Linux the child limits its memory, its processor's time and its files, and dies with its
// parent. On other systems Go's own limit of memory holds, which a decoder can pass for a
// moment, and the parent ends the child when its time is up.
package picture

import (
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Limits are those of one upload.
type Limits struct {
	Pixels int // of a picture; 0: what the memory of a child holds
	Bytes  int // of a form with all that is uploaded
	Text   int // bytes of what is no picture, which is read in this process
}

var (
	// ForCustomers are the limits for whoever comes. A phone calls 4096 by 3072 pixels 12
	// megapixels, and no such photo has more.
	ForCustomers = Limits{Pixels: 12 << 20, Bytes: 16 << 20, Text: 256 << 10}
	// ForStaff are the limits for who has signed in, and may send a mail with photos attached.
	ForStaff = Limits{Bytes: 32 << 20, Text: 32 << 20}
)

const (
	slots     = 2 // children at once
	timeLimit = 12 * time.Second
	maxAnswer = 256 << 10 // bytes that a child may say
)

// Reader reads what is uploaded to a site. Each site has its own, so that customers do not keep
// the staff waiting.
type Reader struct {
	Command []string // the child: a path and its arguments, as [Self] returns them
	Limits  Limits
	Log     *slog.Logger // of children that failed; nil: none

	patience time.Duration // with a child; 0 is timeLimit
	running  atomic.Int32
	held     atomic.Int64 // bytes of uploads that are in memory
}

// Words are those for why nothing was read, beside those of a child. They are stable: programs and
// translations go by them.
var Words = []string{"busy", "empty", "too-large", "cut", "time", "damaged", "several", "parts", "nothing", "private"}

// Error says why nothing was read of an upload.
type Error struct {
	Word string `json:"word"` // the same in one word: of [Words], or one that the child said
	Seen string `json:"seen"` // what was seen, or is wrong: one line, without a full stop
	Do   string `json:"do"`   // what to do about it: one sentence of at most 100 characters
}

func (e *Error) Error() string { return e.Seen }

// Hint returns what to do about it.
func (e *Error) Hint() string { return e.Do }

// ErrBusy says that as much is read as may be at once.
var ErrBusy = &Error{"busy", "other pictures are being read", "send the same again in a few seconds, or paste the text instead"}

var (
	errEmpty   = &Error{"empty", "nothing was given", "paste the text, or choose its file or a photo of its code"}
	errLarge   = &Error{"too-large", "this is too large", "send the file alone, or a photo of at most 12 megapixels, or paste the text"}
	errCut     = &Error{"cut", "what was sent did not arrive whole", "send the same again"}
	errTime    = &Error{"time", "the picture was not read in time", "send a smaller picture, of the code alone"}
	errPrivate = &Error{"private", "this is a private key", "keep it where it is, and send the file that \"offlicense request\" has written"}
	errDamaged = &Error{"damaged", "the picture is damaged: reading it failed", "send the picture again as PNG, JPEG or WebP, or the text instead"}
)

// Status returns the HTTP status of an error of this package, and sets what belongs to it. It is
// 0 for another error.
func Status(h http.Header, err error) int {
	e, ours := errors.AsType[*Error](err)
	switch {
	case !ours:
		return 0
	case e == ErrBusy:
		h.Set("Retry-After", "5")
		return http.StatusServiceUnavailable
	case e == errLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusUnprocessableEntity
}
