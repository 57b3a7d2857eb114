package ledger_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// on says which components a request's machine has: "m1 u1 r1" is a machine-id, a
// product-uuid and a root file system.
func on(components string) func(*format.Request) {
	return func(q *format.Request) {
		q.Components = nil
		for name := range strings.FieldsSeq(components) {
			label := map[byte]string{'m': format.LabelMachineID, 'u': format.LabelProductUUID, 'r': format.LabelRootFS, 'x': format.LabelMAC, 'c': "cluster"}[name[0]]
			q.Components = append(q.Components, format.Component{Label: label, Hash: []byte((name + "-------")[:8])})
		}
	}
}

func onMachine(t testing.TB, seed byte, components string) *verify.Request {
	t.Helper()
	return request(t, seed, on(components))
}

func TestCountBySite(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.BySite, 2 })
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		_, err := sign(t, l, onMachine(t, 3, "m1 u1 r1"))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}

func TestCountByMachine(t *testing.T) {
	for _, test := range []struct {
		first, second string
		shared        bool
	}{
		{"m1 u1 r1", "m1 u1 r1", true},
		{"m1 u1 r1", "m1 u1 r2", true},  // a new disk
		{"m1 u1 r1", "m1 u2 r1", true},  // two of three
		{"m1 u1 r1", "m2 u1 r2", false}, // one of three
		{"m1 u1 r1", "m1", false},       // one of three is known to agree
		{"m1", "m1 u1 r1", false},       // and the other way round
		{"m1 u1", "m1 u1 r1", true},
		{"m1", "m1", true},
		{"c1", "c1", true},        // what the operator says counts
		{"r1", "r1", false},       // one image, many machines
		{"r1 x1", "r1 x1", false}, // and a card that moves
		{"m1 r1", "m2 r1", false},
		{"", "", false}, // nothing identifies either
	} {
		t.Run(fmt.Sprintf("%s and %s", test.first, test.second), func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
				first := signed(t, l, onMachine(t, 1, test.first))
				second, err := sign(t, l, onMachine(t, 2, test.second))
				if !test.shared {
					wantRefusal(t, err, ledger.RuleSeats)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				h := holding(t, l, "INV0042-1")
				if first.Activation == second.Activation || len(h.Activations) != 2 || h.Usage.Seats != 1 {
					t.Errorf("%d activations use %d seats, want 2 that share 1", len(h.Activations), h.Usage.Seats)
				}
			})
		})
	}
}

// A seat is free when the last site of its machine has gone, whichever came first.
func TestCountByMachineFreesTheSeatWithTheLastSite(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
		first := signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		second := signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		release(t, l, first, 1)
		_, err := sign(t, l, onMachine(t, 9, "m9 u9 r9"))
		wantRefusal(t, err, ledger.RuleSeats)
		third := signed(t, l, onMachine(t, 3, "m1 u1 r1")) // joins the second
		release(t, l, second, 2)
		_, err = sign(t, l, onMachine(t, 9, "m9 u9 r9"))
		wantRefusal(t, err, ledger.RuleSeats)
		release(t, l, third, 3)
		signed(t, l, onMachine(t, 9, "m9 u9 r9"))
		if h := holding(t, l, "INV0042-1"); h.Usage.Seats != 1 {
			t.Errorf("%d seats are used, want 1", h.Usage.Seats)
		}
	})
}

// A machine that changes step by step stays the machine of its site: a site that
// comes later is compared with what the machine was when last heard of.
func TestCountByMachineFollowsTheMachine(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 1, "m1 u1 r2"))
		signed(t, l, onMachine(t, 1, "m2 u1 r2"))
		signed(t, l, onMachine(t, 2, "m2 u1 r2"))
		_, err := sign(t, l, onMachine(t, 3, "m1 u9 r1"))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}

// A site that shared a machine's seat and wanders to other hardware, step by step, needs
// a seat of its own in the end, whether it came first or second.
func TestSharedSeatIsLeftWithTheMachine(t *testing.T) {
	for name, wanderer := range map[string]byte{"the first site": 1, "the second site": 2} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
				sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
				signed(t, l, onMachine(t, 1, "m1 u1 r1"))
				signed(t, l, onMachine(t, 2, "m1 u1 r1"))
				signed(t, l, onMachine(t, wanderer, "m1 u1 r2")) // still more than half of the other one's
				events := count(t, where, "events")
				away := onMachine(t, wanderer, "m2 u1 r2")
				_, err := sign(t, l, away)
				wantRefusal(t, err, ledger.RuleSeats, "seat of its own", "1 of 1")
				_, err = l.Preview(ctx, away, now)
				wantRefusal(t, err, ledger.RuleSeats)
				if n := count(t, where, "events"); n != events {
					t.Errorf("%d events were recorded", n-events)
				}
				wantSeats(t, l, 2, 1)
				if _, err := l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Seats = 2; return nil }, issue(t, now)); err != nil {
					t.Fatal(err)
				}
				license := signed(t, l, away)
				wantSeats(t, l, 2, 2)
				_, err = sign(t, l, onMachine(t, 9, "m9 u9 r9"))
				wantRefusal(t, err, ledger.RuleSeats)

				// Each seat is that of its machine now, and is free when that has gone.
				stayed, other := holding(t, l, "INV0042-1").Activations[0], byte(3-wanderer)
				if stayed.ID == license.Activation {
					stayed = holding(t, l, "INV0042-1").Activations[1]
				}
				third, fourth := signed(t, l, onMachine(t, 3, "m1 u1 r1")), signed(t, l, onMachine(t, 4, "m2 u1 r2"))
				wantSeats(t, l, 4, 2)
				release(t, l, stayed.License, other)
				wantSeats(t, l, 3, 2)
				release(t, l, third, 3)
				wantSeats(t, l, 2, 1)
				release(t, l, license, wanderer)
				wantSeats(t, l, 1, 1)
				release(t, l, fourth, 4)
				wantSeats(t, l, 0, 0)
			})
		})
	}
}

// A site that wanders to a machine which has a seat shares that one.
func TestSharedSeatIsLeftForAnotherShared(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		signed(t, l, onMachine(t, 3, "m2 u2 r2"))
		signed(t, l, onMachine(t, 1, "m1 u1 r2"))
		q := onMachine(t, 1, "m1 u2 r2")
		offer, err := l.Preview(ctx, q, now)
		if err != nil || offer.Leaves == "" || offer.Seat == "" || offer.Seat == offer.Leaves {
			t.Errorf("the offer is %+v, %v", offer, err)
		}
		license := signed(t, l, q)
		wantSeats(t, l, 3, 2)
		signed(t, l, onMachine(t, 1, "m2 u2 r2"))
		release(t, l, license, 1)
		wantSeats(t, l, 2, 2)
	})
}

// Staff may say that it is one machine all the same, of which one site was heard.
func TestSharedSeatIsKeptWithAReason(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		for _, seed := range []byte{1, 2} {
			if _, err := l.Sign(ctx, override("the mainboard was replaced"), onMachine(t, seed, "m2 u2 r1"), issue(t, now)); err != nil {
				t.Fatal(err)
			}
		}
		wantSeats(t, l, 2, 1)
	})
}

// In one batch as one by one: what a site has become is what the next one is compared
// with, and a copy of a state folder gets nothing.
func TestBatchFollowsTheMachine(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		q := []*verify.Request{
			onMachine(t, 1, "m1 u1 r2"), onMachine(t, 2, "m1 u1 r2"), // the disk, on both
			onMachine(t, 1, "m2 u1 r2"), onMachine(t, 2, "m2 u1 r2"), // then the system
			onMachine(t, 2, "m2 u2 r2"), onMachine(t, 2, "m2 u2 r3"), // the second one wanders on
			onMachine(t, 3, "m2 u1 r2"), onMachine(t, 4, "m2 u2 r3"), // each machine has its seat
			onMachine(t, 1, "m2 u1 r6"), onMachine(t, 3, "m2 u1 r6"), onMachine(t, 1, "m6 u1 r6"), onMachine(t, 3, "m6 u1 r6"),
			onMachine(t, 5, "m5 u5 r5"), onMachine(t, 5, "m1 u5 r1"), // the latter is what 1 and 2 were before
			onMachine(t, 4, "m6 u6 r6"), // a copy of the fourth's folder
		}
		outcomes, err := l.SignBatch(ctx, operation(), q, issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range outcomes[:12] {
			if o.Err != nil {
				t.Errorf("request %d: %v", i, o.Err)
			}
		}
		wantRefusal(t, outcomes[12].Err, ledger.RuleSeats)
		wantRefusal(t, outcomes[13].Err, ledger.RuleSeats)
		wantRefusal(t, outcomes[14].Err, ledger.RuleSeats, "another machine")
		wantSeats(t, l, 4, 2)
	})
}

// Who is left on a seat alone takes it along.
func TestBatchLeavesASeatToTheOther(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		outcomes, err := l.SignBatch(ctx, operation(), []*verify.Request{
			onMachine(t, 2, "m1 u1 r2"), onMachine(t, 2, "m2 u1 r2"), // leaves
			onMachine(t, 1, "m3 u1 r1"), onMachine(t, 1, "m3 u3 r1"), onMachine(t, 1, "m3 u3 r3"),
		}, issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range outcomes {
			if o.Err != nil {
				t.Errorf("request %d: %v", i, o.Err)
			}
		}
		wantSeats(t, l, 2, 2)
	})
}

// Any number of machines is not one machine, though each is like the one before: a seat
// is shared by who is on the machine of all that have it.
func TestSeatIsNotSharedByAChainOfMachines(t *testing.T) {
	chain := []string{"m1 u1 r1", "m1 u1 r2", "m1 u2 r2", "m2 u2 r2", "m2 u3 r2"}
	wantChain := func(t *testing.T, l *ledger.Ledger, errs []error) {
		t.Helper()
		if errs[0] != nil || errs[1] != nil {
			t.Errorf("got %v", errs)
		}
		wantRefusal(t, errs[2], ledger.RuleSeats, "does not name enough")
		wantRefusal(t, errs[3], ledger.RuleSeats)
		wantRefusal(t, errs[4], ledger.RuleSeats)
		wantSeats(t, l, 2, 1)
	}
	t.Run("one by one", func(t *testing.T) {
		everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
			sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
			var errs []error
			for i, components := range chain {
				_, err := sign(t, l, onMachine(t, byte(i+1), components))
				errs = append(errs, err)
			}
			wantChain(t, l, errs)
			// The site that knows less of the machine asks again, and the other may come.
			signed(t, l, onMachine(t, 1, "m1 u1 r2"))
			signed(t, l, onMachine(t, 3, "m1 u2 r2"))
			wantSeats(t, l, 3, 1)
		})
	})
	t.Run("in one batch", func(t *testing.T) {
		everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
			sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
			var q []*verify.Request
			for i, components := range chain {
				q = append(q, onMachine(t, byte(i+1), components))
			}
			outcomes, err := l.SignBatch(ctx, operation(), q, issue(t, now))
			if err != nil {
				t.Fatal(err)
			}
			var errs []error
			for _, o := range outcomes {
				errs = append(errs, o.Err)
			}
			wantChain(t, l, errs)
		})
	})
}

// Nor by two sites that go on together, one after the other, while a third one stays.
func TestSeatIsNotSharedByLeapfrog(t *testing.T) {
	steps := []struct {
		site       byte
		components string
		refused    bool
	}{
		{1, "m1 u1 r1", false}, {2, "m1 u1 r1", false}, {3, "m1 u1 r1", false},
		{1, "m1 u1 r2", false}, {2, "m1 u1 r2", false},
		{1, "m1 u2 r2", true}, {2, "m1 u2 r2", true},
		{3, "m1 u1 r2", false}, {1, "m1 u2 r2", false}, // the third comes after
	}
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		for _, batch := range []bool{false, true} {
			invoice := map[bool]string{false: "INV0042-1", true: "INV0042-2"}[batch]
			sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.CountBy = invoice, ledger.ByMachine })
			var q []*verify.Request
			for _, s := range steps {
				q = append(q, request(t, s.site, func(r *format.Request) { asks(invoice, "production")(r); on(s.components)(r) }))
			}
			errs := make([]error, len(q))
			if batch {
				outcomes, err := l.SignBatch(ctx, operation(), q, issue(t, now))
				if err != nil {
					t.Fatal(err)
				}
				for i, o := range outcomes {
					errs[i] = o.Err
				}
			} else {
				for i := range q {
					_, errs[i] = sign(t, l, q[i])
				}
			}
			for i, s := range steps {
				if s.refused {
					wantRefusal(t, errs[i], ledger.RuleSeats, "does not name enough", "seat of its own")
				} else if errs[i] != nil {
					t.Errorf("step %d: %v", i, errs[i])
				}
			}
			if h := holding(t, l, invoice); h.Usage.Seats != 1 || len(h.Activations) != 3 {
				t.Errorf("%d activations use %d seats", len(h.Activations), h.Usage.Seats)
			}
		}
		wantClean(t, l, nil)
	})
}

// Sites that tell more of their machine than before are where they were, unless what
// they tell is not the same.
func TestSharedSeatIsKeptByWhoTellsMore(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprintf("in a batch: %v", batch), func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
				q := []*verify.Request{
					onMachine(t, 1, "m1"), onMachine(t, 2, "m1"), onMachine(t, 3, "m1"),
					onMachine(t, 1, "m1 u1 r1"), onMachine(t, 2, "m1 u1 r1"),
					onMachine(t, 3, "m1 u3 r3"), // a clone
					onMachine(t, 3, "m3 c3"),    // another machine
					onMachine(t, 3, "m1 u1 r1"), // it is there after all
					onMachine(t, 4, "m1 u1 r1"), // and one more
				}
				var errs []error
				if batch {
					outcomes, err := l.SignBatch(ctx, operation(), q, issue(t, now))
					if err != nil {
						t.Fatal(err)
					}
					for _, o := range outcomes {
						errs = append(errs, o.Err)
					}
				} else {
					for i := range q {
						_, err := sign(t, l, q[i])
						errs = append(errs, err)
					}
				}
				for i, err := range errs {
					if i == 5 {
						wantRefusal(t, err, ledger.RuleSeats, "does not name enough", "seat of its own")
					} else if i == 6 {
						wantRefusal(t, err, ledger.RuleSeats, "another machine")
					} else if err != nil {
						t.Errorf("request %d: %v", i, err)
					}
				}
				wantSeats(t, l, 4, 1)
			})
		})
	}
}

// Two seats of what turns out to be one machine become one, and the other one is free.
func TestSeatIsGivenBackByWhoFindsItsMachine(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprintf("in a batch: %v", batch), func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
				sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
				signed(t, l, onMachine(t, 1, "m1 u1 r1"))
				one := signed(t, l, onMachine(t, 2, "m1"))
				wantSeats(t, l, 2, 2)
				again, other := onMachine(t, 2, "m1 u1 r1"), onMachine(t, 3, "m3 u3 r3")
				offer, err := l.Preview(ctx, again, now)
				if err != nil || offer.Leaves != one.Activation || offer.Seat == "" {
					t.Fatalf("the offer is %+v, %v", offer, err)
				}
				if batch {
					outcomes, err := l.SignBatch(ctx, operation(), []*verify.Request{again, other}, issue(t, now))
					if err != nil {
						t.Fatal(err)
					}
					if outcomes[0].Leaves != one.Activation || outcomes[1].Leaves != "" || outcomes[1].Err != nil {
						t.Errorf("outcomes: %+v", outcomes)
					}
				} else {
					signed(t, l, again)
					wantSeats(t, l, 2, 1)
					signed(t, l, other)
				}
				wantSeats(t, l, 3, 2)
				_, err = sign(t, l, onMachine(t, 4, "m4 u4 r4"))
				wantRefusal(t, err, ledger.RuleSeats)
				events := count(t, where, "events")
				if signed(t, l, onMachine(t, 2, "m1 u1 r1 c1")); count(t, where, "events") != events+1 {
					t.Error("the seat was changed once more")
				}
			})
		})
	}
}

// In one batch as one by one: the sites of one machine share a seat, a request given
// twice gets one license, and only as many sites are signed as there are seats.
func TestBatchCountsAsOneByOne(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
		q := []*verify.Request{
			onMachine(t, 1, "m1 u1 r1"), onMachine(t, 2, "m1 u1 r1"), onMachine(t, 1, "m1 u1 r1"),
			onMachine(t, 3, "m2 u2 r2"), onMachine(t, 4, "m3 u3 r3"), onMachine(t, 5, "m2 u2 r2"),
			request(t, 6, asks("NONE", "production")),
		}
		outcomes, err := l.SignBatch(ctx, operation(), q, issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, outcomes[4].Err, ledger.RuleSeats)
		wantRefusal(t, outcomes[6].Err, ledger.RuleClaim)
		for _, i := range []int{0, 1, 2, 3, 5} {
			if outcomes[i].Err != nil || outcomes[i].License == nil || outcomes[i].Again != (i == 2) {
				t.Errorf("request %d: %+v", i, outcomes[i])
			}
		}
		if outcomes[2].License.ID != outcomes[0].License.ID {
			t.Error("a request that stands in the batch twice got two licenses")
		}
		if h := holding(t, l, "INV0042-1"); h.Usage.Seats != 2 || len(h.Activations) != 4 {
			t.Errorf("%d activations use %d seats, want 4 and 2", len(h.Activations), h.Usage.Seats)
		}
		again, err := l.SignBatch(ctx, operation(), q, issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 1, 2, 3, 5} {
			if !again[i].Again || again[i].License.ID != outcomes[i].License.ID {
				t.Errorf("request %d got another license the second time", i)
			}
		}
	})
}

// One license that cannot be signed frees the seat for the next in the batch.
func TestBatchGoesOnAfterAFailure(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		fail, sign := request(t, 1, nil), issue(t, now)
		broken := fmt.Errorf("the agent is gone")
		outcomes, err := l.SignBatch(ctx, operation(), []*verify.Request{fail, request(t, 2, nil), request(t, 3, nil)},
			each(func(g ledger.Grant) (format.ID, []byte, string, error) {
				if g.Request.Hash == fail.Hash {
					return format.ID{}, nil, "", broken
				}
				return one(sign, g)
			}))
		if err != nil {
			t.Fatal(err)
		}
		if outcomes[0].Err != broken || outcomes[0].License != nil {
			t.Errorf("the one that failed: %+v", outcomes[0])
		}
		if outcomes[1].Err != nil || outcomes[1].License == nil {
			t.Errorf("the next one: %+v", outcomes[1])
		}
		wantRefusal(t, outcomes[2].Err, ledger.RuleSeats)
		if n := count(t, where, "licenses"); n != 1 {
			t.Errorf("%d licenses are on record, want 1", n)
		}
	})
}

func TestSeveralServersOnOneLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		seen := map[string]bool{}
		for seed := byte(1); seed <= 3; seed++ {
			q := request(t, seed, nil)
			license := signed(t, l, q)
			if seen[license.Activation] || !bytes.Equal(license.Request, q.Body) {
				t.Errorf("server %d has no license of its own", seed)
			}
			seen[license.Activation] = true
		}
		_, err := sign(t, l, request(t, 4, nil))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}

func TestBuildServersCountLikeAnyOther(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		signed(t, l, request(t, 1, func(q *format.Request) { q.Host = "build-1" }))
		_, err := sign(t, l, request(t, 2, func(q *format.Request) { q.Host = "build-2" }))
		wantRefusal(t, err, ledger.RuleSeats, "build-1")
	})
}
