package book_test

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

func (j *journey) failsOver() {
	q := asks(j, 1, "FAIL", ledger.TypeFailover)
	license := ledgertest.Signed(j, j.Book, q)
	if days := says(j, license).EmergencyDays; days != 10 {
		j.Errorf("%d emergency days, want 10", days)
	}
	release := ledgertest.Releasing(license, ledgertest.SiteKey(1), 7)
	if _, err := j.Release(ctx, by(), release, issue()); err != nil {
		j.Fatal(err)
	}
	events, err := j.History(ctx, license.Activation)
	j.must(err)
	if closed := events[len(events)-1].Detail.(ledger.Closed); closed.EmergencyDays != 7 || string(closed.Release) != string(release.Raw) {
		j.Errorf("on record of the release: %+v", closed)
	}
	if days := says(j, ledgertest.Signed(j, j.Book, asks(j, 2, "FAIL", ledger.TypeFailover))).EmergencyDays; days != 10 {
		j.Errorf("the next server has %d emergency days, want 10", days)
	}
}

func (j *journey) signsUnbound() {
	_, err := j.SignUnbound(ctx, by(), invoice, "", issue())
	ledgertest.WantRefusal(j, err, ledger.RuleBinding)
	berlin, err := j.SignUnbound(ctx, by(), "ANY", " Berlin ", issue())
	j.must(err)
	if says(j, berlin).Binding != "any" {
		j.Error("the license for any machine is bound")
	}
	j.nothing("the same name again", func() {
		if same, err := j.SignUnbound(ctx, by(), "ANY", "Berlin", issue()); err != nil || same.ID != berlin.ID {
			j.Errorf("again: %+v, %v", same, err)
		}
	})
	ledgertest.Signed(j, j.Book, site(1, "ANY"))
	_, err = j.SignUnbound(ctx, by(), "ANY", "Bonn", issue())
	ledgertest.WantRefusal(j, err, ledger.RuleSeats, "Berlin")
	renewed, err := j.Revise(ctx, by(), "ANY", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ledgertest.Entitlement().Expires.Add(day))}), issue())
	if err != nil || len(renewed.Licenses) != 2 {
		j.Errorf("renewed: %+v, %v", renewed, err)
	}
}

func (j *journey) revokes() {
	var all []*ledger.License
	for _, q := range ledgertest.Sites(1, 3, "REVOKE") {
		all = append(all, ledgertest.Signed(j, j.Book, q))
	}
	revoked, err := j.RevokeLicense(ctx, because("leaked"), all[0].ID)
	if err != nil || len(revoked) != 1 || revoked[0].License != all[0].ID || revoked[0].Why != "leaked" {
		j.Errorf("revoked: %+v, %v", revoked, err)
	}
	_, err = j.Sign(ctx, by(), site(1, "REVOKE"), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleRevoked, all[0].ID.String())
	second := ledgertest.Signed(j, j.Book, again(j, site(2, "REVOKE"), nil))
	revoked, err = j.RevokeActivation(ctx, because("never paid"), second.Activation)
	if err != nil || len(revoked) != 2 {
		j.Errorf("revoked: %+v, %v, want both licenses", revoked, err)
	}
	wantSeats(j, j.Book, "REVOKE", 3, 3) // a server that no list has reached still runs
	renewed, err := j.Revise(ctx, by(), "REVOKE", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ledgertest.Entitlement().Expires.Add(day))}), issue())
	if err != nil || len(renewed.Licenses) != 1 || renewed.Licenses[0].Activation != all[2].Activation {
		j.Errorf("renewed: %+v, %v, want the one that was not revoked", renewed, err)
	}

	bert := ledgertest.Issuer(ledgertest.Root, 103)
	_, err = j.Sign(ctx, by(), site(4, "REVOKE"), bert.At(now))
	j.must(err)
	signers, err := j.Signers(ctx)
	if err != nil || len(signers) != 2 || !slices.ContainsFunc(signers, func(s ledger.Signer) bool {
		return string(s.Key) == string(bert.Key.Public().Bytes()) && s.Licenses == 1
	}) {
		j.Errorf("signers: %+v, %v", signers, err)
	}
	kept, _, err := j.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: bert.Key.Public().Bytes()}, nil)
	if err != nil || kept != 1 {
		j.Errorf("%d licenses are kept, %v, want 1", kept, err)
	}
	_, err = j.Sign(ctx, by(), site(5, "REVOKE"), bert.At(now))
	ledgertest.WantRefusal(j, err, ledger.RuleRevoked, "anna")
	ledgertest.WantRefusal(j, j.CheckSigner(ctx, bert.Key.Public(), bert.RawDelegation), ledger.RuleRevoked)
	j.must(j.CheckSigner(ctx, ledgertest.Public(ledgertest.Staff), nil))
	ledgertest.Signed(j, j.Book, site(5, "REVOKE")) // by anna's other key
	if keys, err := j.RevokedKeys(ctx); err != nil || len(keys) != 1 || keys[0].Kept != 1 || keys[0].Why != "stolen" || keys[0].List != 0 || keys[0].Keep != nil {
		j.Errorf("revoked keys: %+v, %v", keys, err)
	}
}

func (j *journey) lists() {
	v := ledgertest.Verifier(ledgertest.Root, ledgertest.Root-1)
	if file, err := j.NewestList(ctx, format.MaxRevocation); err != nil || file != nil {
		j.Fatalf("there is a list already: %x, %v", file, err)
	}
	first := ledgertest.List(j, j.Book, ledgertest.Root, nil)
	// Meanwhile one more is revoked: it waits for the list after that.
	late, err := j.RevokeActivation(ctx, because("late"), holding(j, j.Book, "FAIL").Activations[0].ID)
	j.must(err)
	list, err := j.RecordList(ctx, by(), v, first)
	j.must(err)
	j.nothing("the same list again", func() {
		if same, err := j.RecordList(ctx, by(), v, first); err != nil || same.Number != 1 {
			j.Errorf("again: %+v, %v", same, err)
		}
	})
	r, err := j.Revocations(ctx)
	j.must(err)
	if r.Next != 2 || string(r.Newest) != string(list.Raw) || len(r.Keys) != 1 || r.Keys[0].List != 1 {
		j.Errorf("after the first list: %+v", r)
	}
	for _, l := range r.Licenses {
		if want := !slices.ContainsFunc(late, func(late ledger.Revocation) bool { return late.License == l.License }); (l.List == 1) != want || list.Licenses.Has(l.License) != want {
			j.Errorf("license %s is on list %d", l.License, l.List)
		}
	}

	lists := ledgertest.IssuerWith(ledgertest.Root, 104, format.Scope{Revocations: true})
	second, err := j.RecordList(ctx, by(), v, ledgertest.List(j, j.Book, ledgertest.Root, lists))
	j.must(err)
	if signers, err := j.ListSigners(ctx); err != nil || len(signers) != 1 || string(signers[0].Key) != string(lists.Key.Public().Bytes()) {
		j.Errorf("delegated keys that have signed lists: %+v, %v", signers, err)
	}
	j.must(j.CheckListSigner(ctx))
	for most, want := range map[int][]byte{len(list.Raw) - 1: nil, len(second.Raw) - 1: list.Raw, len(second.Raw): second.Raw} {
		if got, err := j.NewestList(ctx, most); err != nil || string(got) != string(want) {
			j.Errorf("the newest list of at most %d bytes: %x, %v", most, got, err)
		}
	}
	_, _, err = j.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: lists.Key.Public().Bytes(), Lists: true}, nil)
	j.must(err)
	ledgertest.WantRefusal(j, j.CheckListSigner(ctx), ledger.RuleRevoked)
	_, err = j.RecordList(ctx, by(), v, ledgertest.List(j, j.Book, ledgertest.Root, lists))
	ledgertest.WantRefusal(j, err, ledger.RuleRevoked)
	_, err = j.RecordList(ctx, by(), v, ledgertest.List(j, j.Book, ledgertest.Root, nil))
	j.must(err)
}
