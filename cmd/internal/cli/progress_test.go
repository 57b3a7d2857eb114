package cli

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// onScreen returns an Env whose standard error is a terminal, and what was drawn there.
func onScreen(columns int) (*Env, *bytes.Buffer) {
	var out bytes.Buffer
	return &Env{Stderr: &out, ErrWindow: func() (int, int, bool) { return columns, 24, true }}, &out
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env, out := onScreen(80)
		p := NewProgress(env, "importing", 200)
		for range 99 {
			time.Sleep(10 * time.Millisecond)
			p.Add(1)
		}
		if out.Len() > 0 {
			t.Errorf("drawn within the first second: %q", out)
		}
		time.Sleep(10 * time.Millisecond)
		p.Add(1)
		if want := "\rimporting [####################....................]  50% 100/200, 1s left"; out.String() != want {
			t.Errorf("got  %q\nwant %q", out, want)
		}
		for range 99 {
			time.Sleep(10 * time.Millisecond)
			p.Add(1)
		}
		if drawn := strings.Count(out.String(), "\r"); drawn > 10 {
			t.Errorf("drawn %d times in a second", drawn)
		}
		fmt.Fprintln(p, "a line")
		p.Add(1)
		p.Done()
		// As a terminal shows it: what follows a \r overwrites the line.
		lines := strings.Split(out.String(), "\n")
		if before, _, _ := strings.Cut(lines[0], "a line"); !strings.HasSuffix(before, strings.Repeat(" ", 10)+"\r") {
			t.Errorf("the bar is not wiped before a line: %q", lines[0])
		}
		if !strings.Contains(lines[1], "] 100% 200/200") || !strings.HasSuffix(lines[1], strings.Repeat(" ", 10)+"\r") {
			t.Errorf("the bar is not wiped at the end: %q", lines[1])
		}
		shown := out.Len()
		time.Sleep(time.Second)
		p.Add(1)
		if out.Len() > shown {
			t.Errorf("drawn after the end: %q", out.String()[shown:])
		}
	})
}

func TestProgressFitsTheScreen(t *testing.T) {
	for columns := 1; columns < 100; columns++ {
		for _, total := range []int{0, 3_000_000} {
			synctest.Test(t, func(t *testing.T) {
				env, out := onScreen(columns)
				p := NewProgress(env, "importing", total)
				time.Sleep(time.Second)
				p.Add(1_000_000)
				if n := len(strings.TrimPrefix(out.String(), "\r")); n >= columns {
					t.Errorf("%d columns on a screen of %d: %q", n, columns, out)
				}
			})
		}
	}
}

func TestProgressWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		for _, window := range []func() (int, int, bool){nil, func() (int, int, bool) { return 0, 0, false }} {
			p := NewProgress(&Env{Stderr: &out, ErrWindow: window}, "importing", 10)
			time.Sleep(time.Minute)
			p.Add(5)
			p.Done()
		}
		if out.Len() > 0 {
			t.Errorf("drawn without a terminal: %q", &out)
		}
	})
}

func TestProgressOfManyGoroutines(t *testing.T) {
	env, out := onScreen(80)
	p := NewProgress(env, "signing", 8000)
	p.started = time.Now().Add(-progressAfter)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				p.Add(1)
			}
		})
	}
	wg.Wait()
	p.drawn = time.Time{}
	p.Add(0)
	p.Done()
	if !strings.Contains(out.String(), "100% 8000/8000") {
		t.Errorf("some were not counted: %q", out)
	}
}
