package fleet

import (
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// mostMachines is how many are told apart of one key: with more of them it is a clone in any case.
const mostMachines = 16

// machine is one of those on which a machine key has signed.
type machine struct {
	span
	last  *Statement
	known []format.Component // what its statements have named: the last may have read less
	files []string
}

// machines looks for keys that are on two machines, and for machine-ids that are not one
// machine's.
func (j *judgement) machines() {
	type keyOfProduct struct {
		key     keys.PublicKey
		product string
	}
	all := make(map[keyOfProduct][]*Statement)
	var order []keyOfProduct
	for _, s := range j.counted { // by time, and so are those of a key
		of := keyOfProduct{s.Key, s.Product}
		if all[of] == nil {
			order = append(order, of)
		}
		all[of] = append(all[of], s)
	}
	newest := make([]*Statement, len(order))
	for i, of := range order {
		statements := all[of]
		newest[i] = statements[len(statements)-1]
		if found := j.machinesOf(statements); len(found) > 1 {
			j.twice(found)
		}
		j.floors(statements)
	}
	j.machineIDs(newest)
}

// machinesOf tells the machines apart on which one key has signed.
func (j *judgement) machinesOf(statements []*Statement) (found []*machine) {
	for _, s := range statements {
		labels := j.identifying(s)
		at := slices.IndexFunc(found, func(m *machine) bool { return !differ(m.known, s.Components, labels) })
		if at < 0 {
			if len(found) == mostMachines {
				return found
			}
			at, found = len(found), append(found, &machine{span: span{s.time(), s.time()}})
		}
		m := found[at]
		m.span.last, m.last = s.time(), s
		m.files = append(m.files, s.File)
		m.known = append(slices.DeleteFunc(m.known, func(c format.Component) bool { return hashOf(s.Components, c.Label) != "" }), s.Components...)
	}
	return found
}

// identifying are the labels by which machines are told apart: those that no operator chose and
// no image brings. Of a license that an operator's values hold to its place it is these, and of
// one that no machine holds, all: several nodes may well share what it is bound to.
func (j *judgement) identifying(s *Statement) (labels []string) {
	l := j.byName[name{s.License, s.Digest}]
	components := s.Components
	switch l.Strength() {
	case format.StrengthMachine:
		return []string{format.LabelMachineID, format.LabelProductUUID}
	case format.StrengthOperator:
		components = l.Binding.Components
	}
	for _, c := range components {
		if c.Label != format.LabelRootFS && c.Label != format.LabelMAC {
			labels = append(labels, c.Label)
		}
	}
	return labels
}

// differ reports whether components of one product are of two machines: one of these labels is
// in both, and is not the same.
func differ(a, b []format.Component, labels []string) bool {
	for _, label := range labels {
		x, y := hashOf(a, label), hashOf(b, label)
		if x != "" && y != "" && x != y {
			return true
		}
	}
	return false
}

// hashOf returns as much of a component's hash as each has, "" for none.
func hashOf(components []format.Component, label string) string {
	for _, c := range components {
		if c.Label == label {
			return string(c.Hash[:format.MinComponentHash])
		}
	}
	return ""
}

// matching counts the components of a license that a machine offers.
func matching(licensed, offered []format.Component) (n int) {
	for _, want := range licensed {
		for _, c := range offered {
			if c.Label == want.Label && strings.HasPrefix(string(c.Hash), string(want.Hash)) {
				n++
			}
		}
	}
	return n
}

// twice tells of a key that has signed on several machines: at the same time it is a clone,
// else the machine may have changed, which a later license has taken note of.
func (j *judgement) twice(found []*machine) {
	var files []string
	spans := make([]*span, len(found))
	for i, m := range found {
		spans[i] = &span{m.first, m.span.last}
		files = append(files, m.files[0], m.files[len(m.files)-1])
	}
	first, last := found[0], found[len(found)-1]
	l := j.byName[name{last.last.License, last.last.Digest}]
	site := j.siteOf(last.last)
	switch {
	case overlapping(spans):
		j.find(site, Clone, files, "the machine key of %s has signed on %d machines at the same time, between %s and %s", of(site), len(found), text.Minute(first.first), text.Minute(latest(spans)))
	case l.ID == found[len(found)-2].last.License:
		j.find(site, MachineChanged, files, "%s was on another machine until %s, and is on this one since %s", of(site), text.Minute(found[len(found)-2].span.last), text.Minute(last.first))
	}
}

// floors looks for a site whose state is older than it was before: a backup, or a copy.
func (j *judgement) floors(statements []*Statement) {
	before := statements[0]
	for _, s := range statements[1:] {
		switch {
		case s.Floor >= before.Floor:
			before = s
		case s.Floor != 0:
			site := j.siteOf(s)
			j.find(site, StateWentBack, []string{before.File, s.File}, "%s: on %s its state was of %s, and on %s it is of %s", of(site),
				text.Minute(before.time()), text.Minute(format.Instant(before.Floor)), text.Minute(s.time()), text.Minute(format.Instant(s.Floor)))
			return
		}
	}
}

func latest(spans []*span) (t time.Time) {
	for _, s := range spans {
		if s.last.After(t) {
			t = s.last
		}
	}
	return t
}

// siteOf returns the site of a statement that counts.
func (j *judgement) siteOf(s *Statement) *Site {
	if j.bySite == nil {
		j.bySite = make(map[siteID]*Site)
		for _, site := range j.report.Sites {
			j.bySite[siteID{site.Vendor, site.Activation, site.Key}] = site
		}
	}
	return j.bySite[siteID{s.Vendor, s.Activation, s.Key.String()}]
}

type siteID struct{ vendor, activation, key string }

// machineIDs looks for sites with one machine-id and different product-uuids: they were made
// from one image.
func (j *judgement) machineIDs(newest []*Statement) {
	type shared struct{ product, id string }
	all := make(map[shared][]*Statement)
	var order []shared
	for _, s := range newest {
		of := shared{s.Product, hashOf(s.Components, format.LabelMachineID)}
		if of.id == "" || hashOf(s.Components, format.LabelProductUUID) == "" {
			continue
		}
		if all[of] == nil {
			order = append(order, of)
		}
		all[of] = append(all[of], s)
	}
	for _, of := range order {
		uuids := make(map[string]bool)
		var files []string
		for _, s := range all[of] {
			uuids[hashOf(s.Components, format.LabelProductUUID)] = true
			files = append(files, s.File)
		}
		if len(uuids) > 1 {
			for _, s := range all[of] {
				if site := j.siteOf(s); !slices.Contains(site.Findings, SameMachineID) {
					site.Findings = append(site.Findings, SameMachineID)
				}
			}
			j.find(nil, SameMachineID, files, "%d sites of %s have one machine-id, on %d machines: clones of one image", len(files), of.product, len(uuids))
		}
	}
}
