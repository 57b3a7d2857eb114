package service

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/keys"
)

// A key that is to be revoked goes onto a list that names each of its licenses that stays good:
// it must not have signed more than a list has room for.
const (
	warnLiving = 30_000 // from here on the service asks for a new key
	mostLiving = 50_000 // from here on it signs nothing
)

// deskKey is the key of an Activator. It is looked up anew where its delegation, or another
// file of the home, is another one: nobody restarts the service for a new key.
type deskKey struct {
	s *Service
	o *ActivatorOptions

	mu     sync.Mutex // held while the key is loaded, which may take long
	signer *Signer
	failed error  // why there is no signer of this stamp
	stamp  string // of what the signer was loaded from
	sick   bool   // it did not sign, and was not loaded again since
	tried  time.Time
	looked time.Time

	tally   sync.Mutex
	hour    hour
	living  int
	fresh   int       // signed here since the ledger was read
	seq     int64     // of the newest license that was read there
	counted time.Time // when all were read
	warned  bool

	text    sync.Mutex
	texts   *LicenseTexts
	carried int64 // the number of the newest list when they were made
}

// agentPatience is how long ssh-agent may take: no person is asked, and customers wait.
const agentPatience = 5 * time.Second

const (
	lookEvery  = time.Second      // at the home, for a newer list, and at what others sign with the key
	retryEvery = 10 * time.Second // to load a key that could not be loaded
	countEvery = 10 * time.Minute // all of the key, for licenses end
)

// hour counts the licenses of the last hour, by minutes.
type hour struct {
	minutes [60]int
	at      int64 // the minute that was counted last
}

func (h *hour) turn(now time.Time) {
	minute := now.Unix() / 60
	for m := max(h.at+1, minute-59); m <= minute; m++ {
		h.minutes[m%60] = 0
	}
	h.at = max(h.at, minute)
}

func (h *hour) add(n int, now time.Time) {
	h.turn(now)
	h.minutes[h.at%60] += n
}

func (h *hour) sum(now time.Time) (n int) {
	h.turn(now)
	for _, m := range h.minutes {
		n += m
	}
	return n
}

// ready returns what signs, and how many licenses it may sign now. Its error is a
// *rules.Waiting if there is none.
func (k *deskKey) ready(ctx context.Context, now time.Time) (*Signer, int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.look(ctx, now); err != nil {
		return nil, 0, err
	}
	if k.signer == nil {
		return nil, 0, &rules.Waiting{Word: waitsForKey, Message: "there is no key that signs: " + k.failed.Error()}
	}
	load := k.load(now)
	if load.Living >= mostLiving {
		return nil, 0, &rules.Waiting{Word: waitsForKey, Message: fmt.Sprintf("the service's key has signed %d licenses that have not ended: it needs a new key", load.Living)}
	}
	if err := checkTime(k.signer.Name, k.signer.issuer.Delegation, now); err != nil {
		return nil, 0, &rules.Waiting{Word: waitsForKey, Message: err.Error()}
	}
	return k.signer, min(k.o.MaxPerHour-load.LastHour, mostLiving-load.Living), nil
}

// look loads the key if it is another one, and counts what it has signed.
func (k *deskKey) look(ctx context.Context, now time.Time) error {
	if !k.looked.IsZero() && now.Sub(k.looked).Abs() < lookEvery {
		return nil
	}
	stamp, err := k.s.stampOf(k.o.Key)
	if err != nil {
		return err
	}
	if stamp != k.stamp || k.failed != nil && now.Sub(k.tried).Abs() > retryEvery {
		k.reload(ctx, now)
		k.stamp, k.tried = stamp, now
	}
	if k.sick {
		return k.failed
	}
	if k.signer != nil {
		if err := k.newestList(ctx); err != nil {
			return err
		}
		if err := k.count(ctx, now); err != nil {
			return err
		}
	}
	k.looked = now
	return nil
}

// reload loads the key. Where it cannot, the one before goes on as long as it may.
func (k *deskKey) reload(ctx context.Context, now time.Time) {
	key := k.o.Key
	var held keys.Signer
	if k.signer != nil {
		held = k.signer.issuer.Key
	}
	key.Patience = cmp.Or(key.Patience, agentPatience)
	if k.o.Asks && !k.tried.IsZero() {
		key.Passphrase = func(what string, _ int) ([]byte, error) {
			return nil, hint.Errorf("nobody is asked for the passphrase of %s while customers wait", what).
				WithHint("restart the service, or give it the key by agent:NAME or --passphrase-file")
		}
	}
	signer, err := k.s.signerHeld(ctx, key, now, held)
	if k.failed = err; err != nil {
		if !k.tried.IsZero() { // the first time, Load returns it
			k.o.Log.Error("key", "error", err.Error())
		}
		return
	}
	k.signer, k.sick = signer, false
	k.tally.Lock()
	k.counted = time.Time{}
	k.tally.Unlock()
	k.o.Log.Info("key", "name", signer.Name, "fingerprint", signer.issuer.Key.Public().Fingerprint())
}

// newestList has licenses ask for the newest list. The signer may be at work: it is another
// one then.
func (k *deskKey) newestList(ctx context.Context) error {
	list, err := k.s.openList(ctx, k.signer.issuer.Verifier, MaxAttachedList)
	if err != nil || list == nil || k.signer.issuer.List != nil && bytes.Equal(list.Raw, k.signer.issuer.List.Raw) {
		return err
	}
	other := *k.signer.issuer
	other.List = list
	k.signer = &Signer{k.signer.Name, &other}
	return nil
}

// broken has the key loaded again before anything else is signed: it did not sign.
func (k *deskKey) broken() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stamp, k.sick, k.looked = "", true, time.Time{}
}

// count reads from the ledger what the key has signed: in another process, too. All of it is
// counted now and then, and what is new each time.
func (k *deskKey) count(ctx context.Context, now time.Time) error {
	k.tally.Lock()
	all, since, fresh := k.counted.IsZero() || now.Sub(k.counted).Abs() >= countEvery, k.seq, k.fresh
	k.tally.Unlock()
	if all {
		since = 0
	}
	load, err := k.s.Load(ctx, k.signer.issuer.Delegation.Name, k.signer.issuer.Delegation.Key, since, now)
	if err != nil {
		return err
	}
	k.tally.Lock()
	defer k.tally.Unlock()
	others := load.LastHour - fresh
	if all {
		others = load.LastHour - k.hour.sum(now) // or before the start
		k.counted, k.living = now, k.fresh
	}
	k.hour.add(max(others, 0), now)
	k.living += load.Living - fresh
	k.fresh, k.seq = k.fresh-fresh, max(since, load.Seq)
	k.warn()
	return nil
}

func (k *deskKey) warn() {
	if k.living < warnLiving {
		k.warned = false
	} else if !k.warned {
		k.warned = true
		k.o.Log.Warn("key", "living", k.living, "most", mostLiving, "error", "the service needs a new key: licensor key new")
	}
}

// signed notes how many licenses were signed.
func (k *deskKey) signed(n int, now time.Time) {
	k.tally.Lock()
	defer k.tally.Unlock()
	k.hour.add(n, now)
	k.living += n
	k.fresh += n
	k.warn()
}

func (k *deskKey) load(now time.Time) book.Load {
	k.tally.Lock()
	defer k.tally.Unlock()
	return book.Load{Living: k.living, LastHour: k.hour.sum(now)}
}

// licenseTexts returns what makes the texts of license files. There is one once anything was
// asked of the ledger.
func (k *deskKey) licenseTexts() *LicenseTexts {
	k.text.Lock()
	defer k.text.Unlock()
	return k.texts
}

// carry has license files carry the newest revocation list, by its number.
func (k *deskKey) carry(ctx context.Context, newest int64) (err error) {
	k.text.Lock()
	defer k.text.Unlock()
	if k.texts == nil || k.carried != newest {
		k.texts, err = k.s.LicenseTexts(ctx)
		k.carried = newest
	}
	return err
}

// stampOf returns what changes where another key, or another delegation, is to be used. Of an
// agent nobody asks what it holds: it may hang, and says when it is to sign what it has not.
func (s *Service) stampOf(key Key) (string, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return "", err
	}
	all, err := s.home.StaffKeys(v)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, k := range all {
		fmt.Fprintln(h, k.Name, k.Private, k.Public, len(k.RawDelegation))
		h.Write(k.RawDelegation)
	}
	if IsPath(key.Name) && !key.InAgent() {
		info, err := os.Stat(key.Name)
		if err == nil {
			fmt.Fprintln(h, info.ModTime(), info.Size())
		}
	}
	return string(h.Sum(nil)), nil
}
