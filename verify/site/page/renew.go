package page

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

const (
	renewBefore = 30 * 24 * time.Hour // an end
	renewAfter  = 30 * 24 * time.Hour
	renewEach   = 24 * time.Hour
	renewJitter = time.Hour // so that not all sites ask at once
)

// renewal is what came of the last one, for the page.
type renewal struct{ says string }

// autoRenew is [Page.AutoRenew].
func (p *handler) autoRenew(ctx context.Context) error {
	wait := p.jitter()
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			p.renew(ctx)
			wait = renewEach + p.jitter()
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (p *handler) jitter() time.Duration {
	var b [8]byte
	if _, err := io.ReadFull(p.o.Random, b[:]); err != nil {
		return renewJitter
	}
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(renewJitter))
}

// due reports whether a time is near an end.
func due(t terms, now time.Time) bool {
	return slices.ContainsFunc([]time.Time{t.expires, t.updatesUntil}, func(end time.Time) bool {
		return !end.IsZero() && !now.Before(end.Add(-renewBefore)) && now.Before(end.Add(renewAfter))
	})
}

// renewable are the reasons against a license that a newer one may end.
var renewable = []verify.Reason{verify.Expired, verify.UpdatesEnded, verify.OverLimit, verify.Standby, verify.WrongVersion}

// renew asks once if it is time to. It reports whether it has asked.
func (p *handler) renew(ctx context.Context) bool {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return false
	}
	now, gate, installed := p.o.Now(), p.o.Gate, p.installed()
	if p.o.Service == "" || installed == nil || !due(installed.terms, now) {
		return false
	}
	if _, err := gate.State().Inspect(gate.Verifier(), p.program(), now); err != nil {
		reason, ok := errors.AsType[*verify.Refusal](err)
		if !ok || !slices.Contains(renewable, reason.Reason) {
			return false
		}
	}
	hash, bound := installed.RequestHash()
	if !bound {
		return false
	}
	code := format.ComparisonCode(hash)
	s := p.requestNamed(code)
	if s == nil {
		return false
	}
	says := put(p.t.RenewalDone, "{time}", p.t.Time(now))
	if _, failed := p.ask(ctx, code, s.text); failed != nil {
		says = put(p.t.RenewalFailed, "{time}", p.t.Time(now), "{what}", failed.What)
	}
	p.renewal.Store(&renewal{says})
	return true
}
