package picture

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

// Read returns the texts of all codes on a picture that are a statement's or a part's of one. The
// error is an *[Error], that of ctx, or trouble of this machine.
func (r *Reader) Read(ctx context.Context, picture []byte) ([]string, error) {
	if r.running.Add(1) > slots {
		r.running.Add(-1)
		return nil, ErrBusy
	}
	defer r.running.Add(-1)
	said, err := r.ask(ctx, picture)
	switch {
	case err != nil:
		return nil, err
	case said.Unread != nil:
		return nil, said.Unread
	case len(said.Texts) == 0:
		return nil, errDamaged
	}
	return said.Texts, nil
}

// ask gives a picture to a child of its own.
func (r *Reader) ask(ctx context.Context, picture []byte) (*answer, error) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(r.patience, timeLimit))
	defer cancel()
	cmd := exec.CommandContext(limited, r.Command[0], append(r.Command[1:len(r.Command):len(r.Command)], strconv.Itoa(cmp.Or(r.Limits.Pixels, math.MaxInt)))...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = []string{} // nothing, and not what this process has
	cmd.Dir = directory
	cmd.SysProcAttr = attributes()
	cmd.Stdin = bytes.NewReader(picture)
	out, trouble := &capped{most: maxAnswer}, &capped{most: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, trouble
	cmd.WaitDelay = time.Second

	// A child dies with the thread that has started it, which so must not end before.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("a child that reads pictures does not start: %w", err)
	}
	err := cmd.Wait()
	said := new(answer)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, errTime
	case err == nil && out.over:
		err = errors.New("it says too much")
	case err == nil:
		err = json.Unmarshal(out.Bytes(), said)
	}
	if err != nil {
		r.tell(err, trouble.Bytes())
		return nil, errDamaged
	}
	return said, nil
}

// tell logs how a child has failed, with its first line.
func (r *Reader) tell(err error, stderr []byte) {
	if r.Log == nil {
		return
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(stderr), []byte("\n"))
	r.Log.Warn("a picture was not read: the child failed", "error", err.Error(), "said", fmt.Sprintf("%.200q", first))
}

// capped keeps the start of what is written, and lets a child write on: it has its time.
type capped struct {
	bytes.Buffer
	most int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	keep := min(len(p), c.most-c.Len())
	c.over = c.over || keep < len(p)
	c.Buffer.Write(p[:keep])
	return len(p), nil
}
