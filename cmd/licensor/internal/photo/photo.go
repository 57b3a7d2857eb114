// Package photo reads the codes on a picture: a photo of a screen or of a page, a
// screenshot, a picture that a tool drew.
//
// The sender of a picture is not trusted. It is judged by its header before it is decoded,
// and whatever a decoder does with it is an error at worst. What is returned is text that
// looks like a statement or a part of one; its reader judges it as any other text.
package photo

import (
	"context"
	"errors"
	"math"
	"time"
)

const timeLimit = 10 * time.Second // of one picture

// Words are those for why nothing was read. They are stable: programs and translations go by them.
var Words = []string{"form", "damaged", "too-large", "too-small", "time", "no-code", "other-code", "cut-off", "reflection", "blurred", "hidden"}

// Unread says why no text was read off a picture.
type Unread struct {
	Word string // the same in one word, of [Words]
	Seen string // what was seen, or is wrong with the picture: one line, without a full stop
	Do   string // what to do about it: one sentence of at most 100 characters
}

func (e *Unread) Error() string { return e.Seen }

// Hint returns what to do about it.
func (e *Unread) Hint() string { return e.Do }

// Read returns the texts of all codes on a picture that are a statement's or a part's of
// one, each once. It takes at most 256 MB, and 10 seconds if ctx has no other deadline. The
// error is an *Unread, or that of ctx if it was canceled.
func Read(ctx context.Context, picture []byte) (texts []string, err error) {
	return ReadWithin(ctx, picture, math.MaxInt)
}

// ReadWithin is Read for a picture of at most so many pixels.
func ReadWithin(ctx context.Context, picture []byte, pixels int) (texts []string, err error) {
	limited := ctx
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, timeLimit)
		defer cancel()
	}
	defer func() {
		if r := recover(); r != nil {
			texts, err = nil, &Unread{"damaged", "the picture is damaged: reading it failed", takeAgain}
		}
	}()
	img, done, err := decode(limited, picture, pixels)
	if err == nil {
		defer done()
		texts, err = read(limited, img)
	}
	if canceled := ctx.Err(); errors.Is(canceled, context.Canceled) {
		return nil, canceled
	}
	return texts, err
}

func overtime() *Unread {
	return &Unread{"time", "the picture was not read in time", "send a smaller picture, of the code alone"}
}
