package verify

import (
	"cmp"
	"fmt"
)

// product refuses the license of another product or edition.
func (j *judgement) product() error {
	want := j.facts.Product
	if j.facts.AnyProduct {
		want = j.claims.Product
		if s := j.facts.Site; s != nil && s.Installed != nil {
			want = s.Installed.claims.Product
		}
	}
	if j.claims.Product != want {
		return &Refusal{
			Reason:   WrongProduct,
			Message:  fmt.Sprintf("the license is for %s, not for %s", j.claims.Product, quote(want)),
			Expected: quote(want),
			Found:    j.claims.Product,
			hint:     "name the license file of this product",
		}
	}
	if j.facts.Edition != "" && j.claims.Terms.Edition != j.facts.Edition {
		found := cmp.Or(j.claims.Terms.Edition, "no edition")
		return &Refusal{
			Reason:   WrongProduct,
			Message:  fmt.Sprintf("the license is for another edition of %s", j.claims.Product),
			Expected: "edition " + quote(j.facts.Edition),
			Found:    found,
			hint:     "ask the vendor for a license of this edition, or install the edition that was bought",
		}
	}
	return nil
}

// version refuses a program newer than the license covers.
func (j *judgement) version() error {
	bound := j.claims.Terms.MaxVersion
	if bound == "" {
		return nil
	}
	if j.facts.Version == "" {
		j.warn(Warning{Code: NoVersion, Value: bound}, "the license covers versions up to %s; the version was not given and not checked", bound)
		return nil
	}
	covered, err := covers(bound, j.facts.Version)
	if err != nil || !covered {
		found := quote(j.facts.Version)
		if err != nil {
			found = err.Error()
		}
		return &Refusal{
			Reason:   WrongVersion,
			Message:  fmt.Sprintf("the license covers versions up to %s", bound),
			Expected: "up to " + bound,
			Found:    found,
			hint:     "run a version that the license covers, or ask the vendor for an upgrade",
		}
	}
	return nil
}

// updates refuses a program that was built after the customer's updates ended.
func (j *judgement) updates() error {
	until := j.license.UpdatesUntil
	if until.IsZero() {
		return nil
	}
	if j.facts.Built.IsZero() {
		j.warn(Warning{Code: NoBuilt, Date: until}, "updates are included until %s; the build date was not given and not checked", day(until))
		return nil
	}
	if j.facts.Built.After(until) {
		return &Refusal{
			Reason:   UpdatesEnded,
			Message:  fmt.Sprintf("updates were included until %s, and this build is newer", day(until)),
			Expected: "a build of " + day(until) + " or before",
			Found:    "a build of " + day(j.facts.Built),
			hint:     "install an older build, which stays licensed, or ask the vendor to renew the updates",
		}
	}
	return nil
}
