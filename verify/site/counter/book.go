package counter

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// book is the content of the file: who holds how many leases.
type book struct {
	damaged time.Time // when the file was found damaged, while that matters; zero: it was not
	holders []holder
}

// holder is a process.
type holder struct {
	renewed time.Time // whole seconds
	leases  uint64    // 1 to maxLeases
	id      string    // 32 hexadecimal digits
}

const (
	header    = "offlicense users 1\n"
	idLength  = 32
	maxLeases = 1_000_000_000
	maxBook   = 64 << 10 // bytes, which are about 900 processes
)

// marshal returns the content:
//
//	offlicense users 1
//	2026-11-28T12:00:00Z 3 0f1e2d3c4b5a69788796a5b4c3d2e1f0
//	end 3f2a9c01
//
// with a line for each process: when it has last renewed, how many leases it holds, its name. After damage
// there is a line "damaged 2026-11-28T12:00:00Z" before them. The end has the beginning of the SHA-256
// of all before it; what comes after it counts for nothing.
func (b book) marshal() []byte {
	text := []byte(header)
	if !b.damaged.IsZero() {
		text = fmt.Appendf(text, "damaged %s\n", b.damaged.UTC().Format(time.RFC3339))
	}
	for _, h := range b.holders {
		text = fmt.Appendf(text, "%s %d %s\n", h.renewed.UTC().Format(time.RFC3339), h.leases, h.id)
	}
	return fmt.Appendf(text, "end %x\n", sum(text))
}

func sum(text []byte) []byte {
	sum := sha256.Sum256(text)
	return sum[:4]
}

var errMalformed = errors.New("malformed record of concurrent users")

// parseBook reads exactly what marshal wrote, and passes over what comes after it.
func parseBook(text []byte) (b book, err error) {
	end := bytes.Index(text, []byte("\nend ")) + 1
	if end == 0 || !bytes.HasPrefix(text, []byte(header)) {
		return book{}, errMalformed
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text[len(header):max(end, len(header))])) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(f) == 2 && f[0] == "damaged" && len(b.holders) == 0 {
			b.damaged, err = time.Parse(time.RFC3339, f[1])
		} else if len(f) == 3 && len(f[2]) == idLength && !seen[f[2]] {
			h := holder{id: f[2]}
			seen[h.id] = true
			var failed error
			h.renewed, err = time.Parse(time.RFC3339, f[0])
			h.leases, failed = strconv.ParseUint(f[1], 10, 64)
			if failed != nil || h.leases == 0 || h.leases > maxLeases {
				return book{}, errMalformed
			}
			b.holders = append(b.holders, h)
		} else {
			return book{}, errMalformed
		}
		if err != nil {
			return book{}, errMalformed
		}
	}
	if !bytes.HasPrefix(text, b.marshal()) {
		return book{}, errMalformed
	}
	return b, nil
}

// readBook reads the file. One that is damaged is a book that is empty but for that.
func readBook(f *os.File, now time.Time) (book, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, maxBook+1))
	if err != nil {
		return book{}, err
	}
	b, err := parseBook(text)
	if err != nil || len(text) > maxBook {
		return book{damaged: now}, nil
	}
	return b, nil
}

// write replaces the content, in place, for the lock is on the file. Of one that is killed
// in between the old content stays behind the end of the new one.
func (b book) write(f *os.File) error {
	text := b.marshal()
	if len(text) > maxBook {
		return errors.New("too many processes count concurrent users in one directory")
	}
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// at returns the book without those that are dead at a time, but for one process, which asks
// and so lives. What is from the future is from now.
func (b book) at(now time.Time, asks string) book {
	var living []holder
	for _, h := range b.holders {
		if h.renewed.After(now) {
			h.renewed = now
		}
		if now.Sub(h.renewed) < dead || h.id == asks {
			living = append(living, h)
		}
	}
	b.holders = living
	if b.damaged.After(now) {
		b.damaged = now
	}
	if now.Sub(b.damaged) >= dead {
		b.damaged = time.Time{}
	}
	return b
}

// with returns the book once a process that has had so many leases wants so many, under the limit
// most, and how many it gets: what it has in the book in any case, and more where there is room. In
// a book that was damaged a lease that is new gets none.
func (b book) with(id string, had, want, most uint64, now time.Time) (book, uint64) {
	b = b.at(now, id)
	var others []holder
	var own, theirs uint64
	for _, h := range b.holders {
		if h.id == id {
			own = h.leases
			continue
		}
		theirs += h.leases
		others = append(others, h)
	}
	if !b.damaged.IsZero() {
		want = min(want, had)
	}
	room := most - min(theirs, most)
	got := min(want, max(own, room), maxLeases)
	if b.holders = others; got > 0 {
		b.holders = append(b.holders, holder{now, got, id})
	}
	return b, got
}

func (b book) inUse() (n uint64) {
	for _, h := range b.holders {
		n += h.leases
	}
	return n
}

// unknownUntil returns until when a damaged book says too little; zero: it is good.
func (b book) unknownUntil(now time.Time) time.Time {
	if b = b.at(now, ""); b.damaged.IsZero() {
		return time.Time{}
	}
	return b.damaged.Add(dead)
}
