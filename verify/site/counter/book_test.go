package counter

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func id(n int) string { return fmt.Sprintf("%032x", n) }

// TestWith is the rule of the count.
func TestWith(t *testing.T) {
	const limit = 5
	type c struct {
		what      string
		own       uint64 // in the book
		others    uint64
		age       time.Duration // of the others
		damaged   time.Duration // so long ago; 0: never
		had, want uint64
		got       uint64
		theirs    uint64 // that stay
	}
	for _, c := range [...]c{
		{"the first", 0, 0, 0, 0, 0, 1, 1, 0},
		{"the last place", 1, 3, 0, 0, 1, 2, 2, 3},
		{"full", 2, 3, 0, 0, 2, 3, 2, 3},
		{"full of others", 0, 5, 0, 0, 0, 1, 0, 5},
		{"a renewal where it is full", 2, 3, 0, 0, 2, 2, 2, 3},
		{"given back", 2, 3, 0, 0, 2, 1, 1, 3},
		{"the limit has fallen below", 4, 4, 0, 0, 4, 4, 4, 4},
		{"and nobody gets in", 4, 4, 0, 0, 4, 5, 4, 4},
		{"others are nearly dead", 0, 5, dead - time.Second, 0, 0, 1, 0, 5},
		{"others are dead", 0, 5, dead, 0, 0, 1, 1, 0},
		{"others are from the future", 0, 5, -time.Hour, 0, 0, 1, 0, 5},
		{"struck out, with room", 0, 2, 0, 0, 3, 3, 3, 2},
		{"struck out, with less room", 0, 4, 0, 0, 3, 3, 1, 4},
		{"struck out, and no room", 0, 5, 0, 0, 3, 3, 0, 5},
		{"more than there are", 0, 99, 0, 0, 1, 1, 0, 99},
		{"forged up", 5, 0, 0, 0, 1, 1, 1, 0},
		{"damaged: nobody is new", 0, 0, 0, time.Second, 0, 1, 0, 0},
		{"damaged: who had is in again", 0, 0, 0, time.Second, 2, 3, 2, 0},
		{"damaged in the future", 0, 0, 0, -time.Hour, 0, 1, 0, 0},
		{"damaged long ago", 0, 0, 0, dead, 0, 1, 1, 0},
	} {
		var b book
		if c.own > 0 {
			b.holders = append(b.holders, holder{noon.Add(-10 * dead), c.own, id(1)})
		}
		if c.others > 0 {
			b.holders = append(b.holders, holder{noon.Add(-c.age), c.others, id(2)})
		}
		if c.damaged != 0 {
			b.damaged = noon.Add(-c.damaged)
		}
		after, got := b.with(id(1), c.had, c.want, limit, noon)
		if got != c.got || after.inUse() != c.got+c.theirs {
			t.Errorf("%s: got %d of %d, want %d and %d", c.what, got, after.inUse(), c.got, c.theirs)
		}
		for _, h := range after.holders {
			if h.renewed.After(noon) {
				t.Errorf("%s: renewed at %v", c.what, h.renewed)
			}
		}
	}
	if b, got := (book{}).with(id(1), 0, 1, 0, noon); got != 0 || len(b.holders) != 0 {
		t.Errorf("a limit of none: got %d", got)
	}
}

func goodBook() []byte {
	return book{damaged: noon, holders: []holder{{noon, 3, id(1)}, {noon, 1, id(2)}}}.marshal()
}

// TestParseBook: exactly what was written is read, with anything behind it, and nothing else.
func TestParseBook(t *testing.T) {
	good := goodBook()
	for _, text := range [][]byte{good, append(bytes.Clone(good), good...), book{}.marshal()} {
		b, err := parseBook(text)
		if err != nil || !bytes.HasPrefix(text, b.marshal()) {
			t.Errorf("got %+v, %v", b, err)
		}
	}
	for i := range good {
		if _, err := parseBook(good[:i]); err == nil {
			t.Fatalf("the first %d bytes are read", i)
		}
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if _, err := parseBook(bad); err == nil {
			t.Fatalf("byte %d changed, and it is read", i)
		}
	}
	signed := func(lines string) []byte {
		return fmt.Appendf([]byte(header+lines), "end %x\n", sum([]byte(header+lines)))
	}
	at := noon.Format(time.RFC3339)
	for name, lines := range map[string]string{
		"no leases":    at + " 0 " + id(1) + "\n",
		"too many":     at + " 99999999999 " + id(1) + "\n",
		"below zero":   at + " -1 " + id(1) + "\n",
		"a plus":       at + " +1 " + id(1) + "\n",
		"twice":        strings.Repeat(at+" 1 "+id(1)+"\n", 2),
		"a short name": at + " 1 abc\n",
		"no time":      "x 1 " + id(1) + "\n",
		"another zone": "2026-11-28T12:00:00+01:00 1 " + id(1) + "\n",
		"damage last":  at + " 1 " + id(1) + "\ndamaged " + at + "\n",
	} {
		if b, err := parseBook(signed(lines)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: got %+v, %v", name, b, err)
		}
	}
}

func FuzzBook(f *testing.F) {
	f.Add(goodBook())
	f.Add(book{}.marshal())
	f.Add([]byte(header + "end "))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := parseBook(text)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(text, b.marshal()) {
			t.Errorf("%q is read as %+v", text, b)
		}
		if after, got := b.with(id(1), 2, 3, 5, noon); got > 3 || after.inUse() > b.inUse()+3 {
			t.Errorf("got %d of %d", got, after.inUse())
		}
	})
}
