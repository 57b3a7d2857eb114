package book_test

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func (j *journey) moves() {
	old, q := ledgertest.Signed(j, j.Book, site(1, "MOVE")), site(2, "MOVE")
	move := func() *ledger.License {
		bridge, err := j.Move(ctx, because("new hardware"), "MOVE", old.Activation, 14*day, q, issue())
		j.must(err)
		return bridge
	}
	bridge := move()
	if got := says(j, bridge); got.Type != ledger.TypeDevelopment || !got.Expires.Equal(now.Add(14*day)) {
		j.Errorf("the bridge says %+v", got)
	}
	j.nothing("the same move again", func() {
		if move().ID != bridge.ID || ledgertest.Signed(j, j.Book, q).ID != bridge.ID {
			j.Error("another bridge")
		}
	})
	wantSeats(j, j.Book, "MOVE", 1, 2)
	_, err := j.Sign(ctx, by(), again(j, q, nil), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleMove)

	r := ledgertest.Releasing(old, ledgertest.SiteKey(1), 0)
	released, err := j.Release(ctx, by(), r, issue())
	j.must(err)
	if got := says(j, released.License); released.Successor != bridge.Activation || got.Type != ledger.TypeProduction || got.Epoch != 2 {
		j.Errorf("released: %+v", released)
	}
	j.nothing("the same release again", func() {
		same, err := j.Release(ctx, by(), r, issue())
		if err != nil || !same.Already || same.License.ID != released.License.ID {
			j.Errorf("again: %+v, %v", same, err)
		}
	})
	wantSeats(j, j.Book, "MOVE", 1, 1)
	if final := ledgertest.Signed(j, j.Book, q); final.ID != released.License.ID {
		j.Error("the new server's request does not get its final license")
	}

	// A move that comes to nothing: the new server gives its bridge back.
	bridge, err = j.Move(ctx, because("once more"), "MOVE", bridge.Activation, day, site(3, "MOVE"), issue())
	j.must(err)
	if _, err := j.Release(ctx, by(), ledgertest.Releasing(bridge, ledgertest.SiteKey(3), 0), issue()); err != nil {
		j.Error(err)
	}
	wantSeats(j, j.Book, "MOVE", 1, 1)
}

// A new server asks for its bridge, the old one is released, and its seat waits.
func (j *journey) movesByTheRequestAlone() {
	ask := func(n uint32, kind string) *verify.Request { return asks(j.T, n, "ALONE", kind) }
	_, err := j.Sign(ctx, by(), ask(2, ledger.TypeDevelopment), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleType)
	old := ledgertest.Signed(j, j.Book, site(1, "ALONE"))
	if offer, err := j.Preview(ctx, by(), ask(2, ledger.TypeDevelopment)); err != nil || offer.From == nil || offer.From.ID != old.Activation {
		j.Errorf("the offer: %+v, %v", offer, err)
	}
	bridge := ledgertest.Signed(j, j.Book, ask(2, ledger.TypeDevelopment))
	if got := says(j, bridge); got.Type != ledger.TypeDevelopment || !got.Expires.Equal(now.Add(14*day)) {
		j.Errorf("the bridge says %+v", got)
	}
	_, err = j.Sign(ctx, by(), ask(3, ledger.TypeDevelopment), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleMove, bridge.Activation)
	r := ledgertest.Releasing(old, ledgertest.SiteKey(1), 0)
	for _, already := range []bool{false, true} {
		got, err := j.Release(ctx, by(), r, issue())
		if err != nil || got.Waits == nil || got.Waits.Hash != ask(2, ledger.TypeDevelopment).Hash || got.Successor != bridge.Activation || got.License != nil || got.Already != already {
			j.Errorf("released: %+v, %v", got, err)
		}
	}
	wantSeats(j, j.Book, "ALONE", 0, 1)
	_, err = j.Sign(ctx, by(), site(3, "ALONE"), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleSeats, "1 waits")
	_, err = j.SignUnbound(ctx, by(), "ALONE", "", issue())
	ledgertest.WantRefusal(j, err, ledger.RuleBinding)
	if _, err := j.Revise(ctx, by(), "ALONE", rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = 2; return nil }), issue()); err != nil {
		j.Error(err)
	}
	ledgertest.Signed(j, j.Book, site(3, "ALONE")) // the second
	_, err = j.Revise(ctx, by(), "ALONE", rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = 1; return nil }), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleSeats, "2 seats")
	final := ledgertest.Signed(j, j.Book, ask(2, ledger.TypeProduction))
	if final.Activation != bridge.Activation || says(j, final).Type != ledger.TypeProduction {
		j.Errorf("the final license: %+v", final)
	}
	wantSeats(j, j.Book, "ALONE", 2, 2)
	if same, err := j.Release(ctx, by(), r, issue()); err != nil || same.License == nil || same.License.ID != final.ID {
		j.Errorf("the same release again: %+v, %v", same, err)
	}
}

// A site changes its machine, more often than was sold.
func (j *journey) movesTooOften() {
	on := func(components string, prior *ledger.License) *verify.Request {
		q, err := ledgertest.Request(machineKey(1), func(q *format.Request) {
			q.Invoice, q.Components = "OFTEN", []format.Component{{Label: format.LabelMachineID, Hash: []byte(components)}}
			if prior != nil {
				q.Prior = &prior.ID
			}
		})
		j.must(err)
		raw, err := format.Seal(format.SignedRequest, q.Key.ID(), q.Body, ledgertest.SiteKey(1).Sign)
		j.must(err)
		q, err = verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, raw)))
		j.must(err)
		return q
	}
	first := ledgertest.Signed(j, j.Book, on("machine1", nil))
	j.nothing("another machine", func() {
		_, err := j.Sign(ctx, by(), on("machine2", nil), issue())
		ledgertest.WantRefusal(j, err, ledger.RuleMachine)
		_, err = j.Sign(ctx, by(), on("machine2", first), issue())
		ledgertest.WantRefusal(j, err, ledger.RuleMoves)
	})
	fire := because("a fire")
	fire.Override = true
	second, err := j.Sign(ctx, fire, on("machine2", first), issue())
	j.must(err)
	if second.Activation != first.Activation || second.Epoch != 2 {
		j.Errorf("on another machine: %+v", second)
	}
	kept, request, err := j.Issued(ctx, second.ID)
	if err != nil || !request.Signed || string(kept.Request) != string(request.Raw) || len(kept.Request) <= len(request.Body) {
		j.Errorf("the request is not on record as it came: %+v, %v", request, err)
	}
	events, err := j.History(ctx, "OFTEN")
	j.must(err)
	for _, e := range events[2:] {
		if !slices.Equal(e.Lifted, []ledger.Rule{ledger.RuleMoves}) || e.Why != "a fire" || e.Rules != ledger.RulesVersion {
			j.Errorf("on record: %+v", e)
		}
	}
	r, err := j.Revocations(ctx)
	if err != nil || len(events) != 4 || !slices.ContainsFunc(r.Licenses, func(l rules.RevokedLicense) bool { return l.License == first.ID }) {
		j.Errorf("%d events; revoked: %+v, %v", len(events), r.Licenses, err)
	}
}

func (j *journey) frees() {
	one, two := ledgertest.Signed(j, j.Book, site(1, "GONE")), ledgertest.Signed(j, j.Book, site(2, "GONE"))
	revoked, err := j.Deactivate(ctx, because("disk gone"), "GONE", one.Activation)
	if err != nil || len(revoked) != 1 || revoked[0] != one.ID {
		j.Errorf("to be revoked: %v, %v", revoked, err)
	}
	_, err = j.Sign(ctx, by(), site(1, "GONE"), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleRequest)
	wantSeats(j, j.Book, "GONE", 1, 1)
	ledgertest.Signed(j, j.Book, site(3, "GONE")) // the seat is free

	// Both in one: the server that takes over has it or nothing has happened.
	j.nothing("a request that is refused", func() {
		_, err := j.Reactivate(ctx, because("burnt"), two.Activation, asks(j, 4, "GONE", "test"), issue())
		ledgertest.WantRefusal(j, err, ledger.RuleType)
	})
	q := site(4, "GONE")
	got, err := j.Reactivate(ctx, because("burnt"), two.Activation, q, issue())
	j.must(err)
	if len(got.Revoked) != 1 || got.Revoked[0] != two.ID || says(j, got.License).Invoice != "GONE" {
		j.Errorf("reactivated: %+v", got)
	}
	wantSeats(j, j.Book, "GONE", 2, 2)
	j.nothing("the same again", func() {
		same, err := j.Reactivate(ctx, because("burnt"), two.Activation, q, issue())
		if err != nil || same.License.ID != got.License.ID {
			j.Errorf("again: %+v, %v", same, err)
		}
	})

	// The old server of a move is gone: its successor takes the seat at once.
	bridge, err := j.Move(ctx, because("new hardware"), "GONE", got.License.Activation, day, site(5, "GONE"), issue())
	j.must(err)
	if _, err := j.Deactivate(ctx, because("it died"), "GONE", got.License.Activation); err != nil {
		j.Error(err)
	}
	final := ledgertest.Signed(j, j.Book, site(5, "GONE"))
	if final.Activation == bridge.Activation || says(j, final).Type != ledger.TypeProduction {
		j.Errorf("the new server got %+v", final)
	}
	wantSeats(j, j.Book, "GONE", 2, 2)
}
