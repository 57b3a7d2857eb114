package book_test

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func (w *world) publishes() {
	next, err := w.NextList(ctx, w.now)
	if err != nil {
		w.Fatal(err)
	}
	list, err := w.RecordList(ctx, w.by(""), w.verifier, ledgertest.SignList(w.T, next, ledgertest.Root, nil))
	if err != nil {
		w.Fatal(err)
	}
	if w.list, err = w.verifier.OpenRawRevocationList(list.Raw); err != nil {
		w.Fatal(err)
	}
	if w.issuer.List, err = w.issuer.Verifier.OpenRawRevocationList(list.Raw); err != nil {
		w.Fatal(err)
	}
	for _, m := range w.sales {
		for _, s := range m.sites {
			for _, l := range s.licenses {
				if l.revoked && l.list == 0 {
					l.list = list.Number
				}
			}
		}
	}
	w.seen["lists"]++
}

// counts asks an unmodified verifier on every machine that ever asked.
func (w *world) counts(n int) {
	m := w.sales[n]
	m.most = max(m.most, m.active())
	most, canceled := m.seats, m.standing == ledger.StandingCanceled
	if canceled {
		most = 0
	}
	for _, s := range m.sites {
		if s.bridging(w.now) && !canceled {
			most++
		}
		for _, l := range s.licenses {
			if l.revoked && l.list == 0 && l.end.After(w.now) {
				most++
			}
		}
	}
	var lists []*verify.RevocationList
	if w.list != nil {
		lists = append(lists, w.list)
	}
	run := uint64(0)
	for _, c := range w.machines[n] {
		if c.key == 0 {
			continue
		}
		facts := verify.Facts{Now: w.now, Product: m.product, Revocations: lists,
			Site: &verify.Site{Key: ledgertest.SiteKey(c.key).Public(), Requests: c.requests, Components: c.has, Released: c.released}}
		runs := false
		for _, h := range c.holds {
			if runs || h.given {
				continue
			}
			_, err := h.opened.Check(facts)
			runs = err == nil
		}
		if runs {
			run++
		}
		c.holds = slices.DeleteFunc(c.holds, func(h *held) bool { return !h.end.After(w.now) || len(c.holds) > 12 && h.list > 0 })
	}
	if run > most {
		w.Fatalf("step %d: %d machines run under %s, at most %d may", w.step, run, m.invoice, most)
	}
	w.seen["ran"] += int(run)
}

// compare holds the ledger against the model: seats in use, and what was revoked.
func (w *world) compare() {
	w.Helper()
	want := make(map[format.ID]bool)
	for _, m := range w.sales {
		h := holding(w, w.Book, m.invoice)
		if h.Standing != m.standing || h.Customer != m.customer || h.Email != m.email || h.Product != m.product {
			w.Fatalf("step %d: %s is %+v, and the model says %+v", w.step, m.invoice, h.Entitlement, *m)
		}
		if h.SeatsUsed != m.active() || h.Seats != m.seats || m.taken(w.now) > m.seats {
			w.Fatalf("step %d: %s: %d of %d seats, and the model says %d of %d", w.step, m.invoice, h.SeatsUsed, h.Seats, m.active(), m.seats)
		}
		for _, s := range m.sites {
			for _, l := range s.licenses {
				if l.revoked {
					want[l.id] = true
				}
			}
		}
	}
	r, err := w.Revocations(ctx)
	if err != nil {
		w.Fatal(err)
	}
	for _, l := range r.Licenses {
		if !want[l.License] {
			w.Fatalf("step %d: the license %s is revoked, and the model does not say so", w.step, l.License)
		}
	}
	if len(r.Licenses) != len(want) {
		w.Fatalf("step %d: %d licenses are revoked, and the model says %d", w.step, len(r.Licenses), len(want))
	}
}
