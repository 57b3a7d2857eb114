package ledger_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// What the callback refuses to sign leaves nothing behind.
func TestNothingIsRecordedWithoutALicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, path string) {
		entitle(t, l, entitlement())
		events := count(t, path, "events")
		broken := errors.New("the key is gone")
		_, err := l.Sign(context.Background(), operation(), request(t, 1, nil), each(func(ledger.Grant) (format.ID, []byte, string, error) {
			return format.ID{}, nil, "", broken
		}))
		if !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		if len(list(t, l)[0].Activations) != 0 || count(t, path, "events") != events || count(t, path, "licenses") != 0 {
			t.Error("a license that was not signed left a record")
		}
	})
}

// Every change is an event that names who made it.
func TestEvents(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		license := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 1, nil)) // again: changes nothing
		events, err := l.History(context.Background(), "INV0042-1")
		if err != nil || len(events) != 2 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for i, want := range []ledger.Action{ledger.ActionEntitle, ledger.ActionSign} {
			if e := events[i]; e.Action != want || e.Operator != "anna" || !e.Time.Equal(now) || e.Invoice != "INV0042-1" {
				t.Errorf("event %d is %+v, want %s by anna", i, e, want)
			}
		}
		if s, ok := events[1].Detail.(*ledger.Signed); !ok || s.License.ID != license.ID || events[1].Activation != license.Activation {
			t.Errorf("the signing is on record as %+v", events[1])
		}
		if of, err := l.History(context.Background(), license.Activation); err != nil || len(of) != 1 || of[0].Seq != events[1].Seq {
			t.Errorf("history of the activation: %v, %v", of, err)
		}
	})
}

func TestClockBehindTheLedger(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		for _, test := range []struct {
			behind  time.Duration
			refused bool
		}{{time.Hour, false}, {time.Hour + time.Second, true}} {
			_, err := signAt(t, l, request(t, 1, nil), now.Add(-test.behind))
			var known *ledger.Error
			// One second before the delegation begins nothing can be signed: that is its own error.
			if refused := errors.As(err, &known) && strings.Contains(known.Message, "clock"); refused != test.refused {
				t.Errorf("%s behind: got %v", test.behind, err)
			}
		}
	})
}

func TestBrokenLedgers(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
	}{
		"no ledger": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "no ledger"},
		"gone": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			l, path := newLedger(t)
			l.Close()
			test.spoil(t, path)
			_, err := ledger.Open(context.Background(), path)
			var known *ledger.Error
			if !errors.As(err, &known) || !strings.Contains(known.Message, test.want) || known.Next == "" {
				t.Errorf("got %v, want an error that says %q, with a hint", err, test.want)
			}
		})
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	_, path := newLedger(t)
	if err := ledger.Create(context.Background(), operation(), path, "evil.example"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want that it exists", err)
	}
	if vendor := openLedger(t, path).Vendor(); vendor != "acme.example" {
		t.Errorf("vendor is %q", vendor)
	}
}

// A path is a path, whatever SQLite thinks of ? and # and % in names.
func TestStrangePath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?mode=memory#%41 b")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ledger.db")
	if err := ledger.Create(context.Background(), operation(), path, "acme.example"); err != nil {
		t.Fatal(err)
	}
	entitle(t, openLedger(t, path), entitlement())
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the ledger is not where it belongs: %v", err)
	}
}
