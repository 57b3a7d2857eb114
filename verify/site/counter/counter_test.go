package counter

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func newCounter(t testing.TB, dir string) *Counter {
	t.Helper()
	c, err := New(Options{Dir: dir, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func acquire(t testing.TB, c *Counter, most uint64, now time.Time) *Lease {
	t.Helper()
	l, err := c.Acquire(most, now)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantFull(t testing.TB, c *Counter, inUse, most uint64, now time.Time) {
	t.Helper()
	l, err := c.Acquire(most, now)
	var full *FullError
	if l != nil || !errors.As(err, &full) || full.InUse != inUse || full.Most != most || !full.Until.IsZero() {
		t.Errorf("got %v, %v; want that %d of %d are in", l, err, inUse, most)
	}
}

// TestCount in one process, and with two counters as two processes have them.
func TestCount(t *testing.T) {
	alone, err := New(Options{OneProcess: true, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, pair := range [][2]*Counter{{alone, alone}, {newCounter(t, dir), newCounter(t, dir)}} {
		a, b := pair[0], pair[1]
		first := acquire(t, a, 2, noon)
		second := acquire(t, b, 2, noon)
		wantFull(t, a, 2, 2, noon)
		wantFull(t, b, 2, 2, noon)
		third := acquire(t, a, 3, noon) // a renewed license
		wantFull(t, b, 3, 2, noon)      // a smaller one throws nobody out
		for range 2 {
			if err := third.Release(noon); err != nil { // twice is once
				t.Error(err)
			}
		}
		if n, err := a.InUse(noon); n != 2 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		if !first.Held(noon) || !second.Held(noon) || third.Held(noon) {
			t.Error(first.Held(noon), second.Held(noon), third.Held(noon))
		}
		if err := errors.Join(a.Close(noon), b.Close(noon), a.Close(noon)); err != nil {
			t.Error(err)
		}
		if n, err := b.InUse(noon); n != 0 || err != nil || first.Held(noon) {
			t.Errorf("got %d, %v", n, err)
		}
	}
}

// TestDead: who does not renew loses the places, and takes them again if there is room.
func TestDead(t *testing.T) {
	dir := t.TempDir()
	a, b := newCounter(t, dir), newCounter(t, dir)
	old, young := acquire(t, a, 3, noon), acquire(t, a, 3, noon)
	acquire(t, b, 3, noon)
	if err := a.Renew(noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	wantFull(t, b, 3, 3, noon.Add(3*time.Minute))
	acquire(t, b, 3, noon.Add(4*time.Minute))
	if old.Held(noon.Add(4 * time.Minute)) {
		t.Error("held without a renewal")
	}
	var lost *LostError
	if err := a.Renew(noon.Add(5 * time.Minute)); !errors.As(err, &lost) || lost.Leases != 1 {
		t.Errorf("got %v", err)
	}
	if !old.Held(noon.Add(5*time.Minute)) || young.Held(noon.Add(5*time.Minute)) {
		t.Error("the younger one is to be lost")
	}
	if err := b.Close(noon.Add(5 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	acquire(t, a, 3, noon.Add(time.Hour)) // nothing was renewed, and nobody else came
	if n, err := a.InUse(noon.Add(time.Hour)); n != 2 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	// The clock goes back, and nobody lives longer for it.
	acquire(t, b, 3, noon)
	wantFull(t, b, 3, 3, noon)
	acquire(t, b, 3, noon.Add(dead))
}

// TestHostileFile: whatever is in the place of the file, there are never more than the limit.
func TestHostileFile(t *testing.T) {
	for name, text := range map[string][]byte{
		"empty":     {},
		"text":      []byte("x"),
		"cut":       goodBook()[:40],
		"huge":      []byte(strings.Repeat("x", maxBook+10)),
		"long":      append(goodBook(), strings.Repeat("x", maxBook)...),
		"full":      book{holders: []holder{{noon.AddDate(900, 0, 0), maxLeases, id(7)}}}.marshal(),
		"struck":    book{}.marshal(),
		"in future": book{damaged: noon.AddDate(900, 0, 0)}.marshal(),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			a, b := newCounter(t, dir), newCounter(t, dir)
			mine := acquire(t, a, 2, noon)
			if err := os.WriteFile(filepath.Join(dir, fileName), text, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := a.Renew(noon); err != nil && name != "full" {
				t.Error(err)
			}
			late := noon.Add(dead - time.Second)
			if name == "struck" {
				acquire(t, b, 2, noon)
				wantFull(t, b, 2, 2, noon)
				return
			}
			if _, err := b.Acquire(2, late); !errors.As(err, new(*FullError)) {
				t.Errorf("got %v", err)
			}
			_ = a.Renew(noon.Add(dead))
			in := uint64(0)
			if mine.Held(noon.Add(dead)) {
				in = 1
			}
			for ; in < 2; in++ {
				acquire(t, b, 2, noon.Add(2*dead-time.Second))
			}
			wantFull(t, b, 2, 2, noon.Add(2*dead-time.Second))
		})
	}
}

// TestNotWritable: where others could not be counted nobody gets in.
func TestNotWritable(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	file := filepath.Join(t.TempDir(), "file")
	link := t.TempDir()
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.Symlink(file, filepath.Join(link, fileName))); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.Link(file, filepath.Join(other, fileName)); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, fileName), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"missing": missing, "a file": file, "a link": link, "somebody's file": other, "a folder": folder} {
		if runtime.GOOS == "windows" && (dir == link || dir == other) {
			continue
		}
		c := newCounter(t, dir)
		if l, err := c.Acquire(9, noon); l != nil || !errors.Is(err, ErrNotWritable) {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
		if _, err := c.InUse(noon); !errors.Is(err, ErrNotWritable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if b, err := os.ReadFile(file); err != nil || len(b) != 0 {
		t.Errorf("wrote %q, %v", b, err)
	}
	if _, err := newCounter(t, missing).Acquire(9, noon); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is missing: %v", err)
	}
	if c, err := New(Options{Random: rand.Reader}); err == nil {
		t.Errorf("got %v", c)
	}
}

// TestWrittenByAll: what all may write in the directory, all may write in the file.
func TestWrittenByAll(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows has no such modes")
		return
	}
	for _, mode := range []fs.FileMode{0o700, 0o770, 0o777} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		acquire(t, newCounter(t, dir), 1, noon)
		info, err := os.Stat(filepath.Join(dir, fileName))
		if err != nil || info.Mode().Perm() != mode&0o666 {
			t.Errorf("%v: got %v, %v", mode, info.Mode(), err)
		}
	}
}

// TestBusy: a lock that is held for ever hangs nobody, and throws nobody out.
func TestBusy(t *testing.T) {
	dir := t.TempDir()
	c := newCounter(t, dir)
	l := acquire(t, c, 1, noon)
	f, err := open(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := c.Renew(noon); err != ErrBusy {
		t.Errorf("got %v", err)
	}
	if !l.Held(noon) {
		t.Error("lost")
	}
}

// TestKeep renews as the time goes on, until its context ends.
func TestKeep(t *testing.T) {
	c := newCounter(t, t.TempDir())
	c.every = time.Millisecond
	l := acquire(t, c, 1, noon)
	ctx, cancel := context.WithCancel(context.Background())
	now := noon
	c.Keep(ctx, func() time.Time {
		if now = now.Add(time.Minute); now.After(noon.Add(10 * time.Minute)) {
			cancel()
		}
		return now
	}, func(err error) { t.Error(err) })
	if !l.Held(now) || l.Held(now.Add(dead)) {
		t.Error(l.Held(now), l.Held(now.Add(dead)))
	}
}
