package service

import "github.com/offlicense/offlicense/cmd/internal/text"

// Tally counts what would become of the lines of a run of renewals.
type Tally struct{ Changed, Same, Repeated, Passed, Refused, Licenses, Behind, Held int }

// TallyOf counts them.
func TallyOf(previews []Renewed) (n Tally) {
	for i := range previews {
		r := &previews[i]
		if r.Err == nil && r.Repeated { // of one end at least
			n.Held++
		}
		switch {
		case r.Err != nil:
			n.Refused++
		case r.Passed != "":
			n.Passed++
		case r.Repeated && !r.Changed:
			n.Repeated++
		case !r.Changed:
			n.Same++
		default:
			n.Changed++
			n.Licenses += r.Licenses()
			if r.Revised.After.UpdatesEndFirst() && !r.Revised.Before.UpdatesEndFirst() {
				n.Behind++
			}
		}
	}
	return n
}

// Warnings say why a run does less than somebody may think.
func (n Tally) Warnings() (all []string) {
	if n.Behind > 0 {
		all = append(all, "the updates of "+text.Plural(n.Behind, "entitlement", "entitlements")+" end before the license will: they have an end of their own, --updates-until")
	}
	switch {
	case n.Held > 0:
		all = append(all, text.Plural(n.Held, "entitlement was", "entitlements were")+" renewed by the same time within the last day, and not once more; to add to that, give the new end as a day")
	case n.Changed+n.Refused == 0:
		all = append(all, "nothing is different from what is on record; the newest licenses of what is so already are written again")
	}
	return all
}
