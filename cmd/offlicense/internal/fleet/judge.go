package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// tolerance is by how much two clocks may differ, as in the judgement of a license.
const tolerance = time.Hour

// mostFiles is how many files a finding names.
const mostFiles = 8

// Judge says what follows from the facts.
func Judge(f Facts) *Report {
	j := &judgement{Facts: f, byName: make(map[name]*License), seats: make(map[invoice]*Seats)}
	j.report = Report{Version: 1, Time: f.Now.UTC(), Sites: []*Site{}, Seats: []*Seats{}, Findings: []*Finding{}}
	j.collect()
	for _, a := range j.activations {
		j.activation(a)
	}
	j.machines()
	j.count()
	for _, r := range f.Refused {
		j.find(nil, NotReadable, []string{r.File}, "%s", r.Text)
	}
	slices.SortFunc(j.report.Findings, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(wordOf(a.Word), wordOf(b.Word)), cmp.Compare(a.Text, b.Text))
	})
	slices.SortFunc(j.report.Sites, func(a, b *Site) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Invoice, b.Invoice), cmp.Compare(a.Activation, b.Activation), cmp.Compare(b.Epoch, a.Epoch), cmp.Compare(a.Key, b.Key))
	})
	return &j.report
}

type judgement struct {
	Facts
	byName      map[name]*License
	activations []*activation
	counted     []*Statement
	seats       map[invoice]*Seats
	report      Report
	bySite      map[siteID]*Site
}

// name names a license so that nobody can make another of that name.
type name struct {
	id     format.ID
	digest [16]byte
}

type invoice struct{ vendor, number string }

// activation is what is known of the use of one seat.
type activation struct {
	licenses []*License // the highest epoch first
	released *Release   // the newest
	keys     []*series  // of its sites
	byKey    map[keys.PublicKey]*series
}

// series are the statements of one machine key, the earliest first.
type series struct {
	key        keys.PublicKey
	statements []*Statement
}

func (s *series) newest() *Statement { return s.statements[len(s.statements)-1] }
func (s *Statement) time() time.Time { return format.Instant(s.IssuedAt) }
func (l *License) issued() time.Time { return format.Instant(l.IssuedAt) }

// find notes a finding, of a site if one is given.
func (j *judgement) find(s *Site, word string, files []string, format string, args ...any) {
	w := Words[wordOf(word)]
	if s != nil && !slices.Contains(s.Findings, word) {
		s.Findings = append(s.Findings, word)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	j.report.Findings = append(j.report.Findings, &Finding{word, w.Severity, fmt.Sprintf(format, args...), w.Hint, files[:min(len(files), mostFiles)]})
}

// collect puts together what is about one activation.
func (j *judgement) collect() {
	type activationID struct{ vendor, id string }
	known := make(map[activationID]*activation)
	of := func(vendor, id string) *activation {
		a := known[activationID{vendor, id}]
		if a == nil {
			a = &activation{byKey: make(map[keys.PublicKey]*series)}
			known[activationID{vendor, id}] = a
			j.activations = append(j.activations, a)
		}
		return a
	}
	licenses := make([]*License, len(j.Licenses))
	for i := range j.Licenses {
		licenses[i] = &j.Licenses[i]
	}
	slices.SortFunc(licenses, func(a, b *License) int { return cmp.Compare(a.File, b.File) })
	for _, l := range licenses {
		if n := (name{l.ID, l.Digest}); j.byName[n] == nil { // else a copy
			j.byName[n] = l
			a := of(l.Issuer, l.Activation)
			a.licenses = append(a.licenses, l)
		}
	}
	for i := range j.Releases {
		r := &j.Releases[i]
		if a := known[activationID{r.Vendor, r.Activation}]; a != nil && (a.released == nil || a.released.IssuedAt < r.IssuedAt) {
			a.released = r
		}
	}
	statements := make([]*Statement, len(j.Statements))
	for i := range j.Statements {
		statements[i] = &j.Statements[i]
	}
	slices.SortFunc(statements, func(a, b *Statement) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.File, b.File))
	})
	for _, s := range statements {
		l := j.byName[name{s.License, s.Digest}]
		switch {
		case l == nil:
			j.find(nil, UnknownLicense, []string{s.File}, "the license %s of %s is not among the files", s.License, s.Vendor)
			continue
		case s.Activation != l.Activation || s.Vendor != l.Issuer || s.Product != l.Product:
			j.find(nil, NotReadable, []string{s.File}, "%q: an attestation that contradicts the license that it names, %s", s.File, l.ID)
			continue
		case l.Binding != nil && string(l.Binding.Key) != string(s.Key.Bytes()):
			j.find(nil, WrongKey, []string{s.File}, "an attestation of license %s, for %s, is signed by another machine key than the license's", l.ID, l.Terms.Customer)
			continue
		}
		a := known[activationID{l.Issuer, l.Activation}]
		k := a.byKey[s.Key]
		if k == nil {
			k = &series{key: s.Key}
			a.keys, a.byKey[s.Key] = append(a.keys, k), k
		}
		if len(k.statements) > 0 && s.same(k.newest()) {
			continue // a copy
		}
		k.statements = append(k.statements, s)
		j.counted = append(j.counted, s)
	}
	for _, a := range j.activations {
		slices.SortFunc(a.licenses, func(a, b *License) int {
			return cmp.Or(cmp.Compare(b.Terms.Epoch, a.Terms.Epoch), cmp.Compare(b.IssuedAt, a.IssuedAt))
		})
	}
}

// same reports whether two statements say the same, as the copies of one do.
func (s *Statement) same(o *Statement) bool {
	return s.IssuedAt == o.IssuedAt && s.License == o.License && s.Digest == o.Digest && s.Version == o.Version && maps.Equal(s.Use, o.Use) &&
		slices.EqualFunc(s.Components, o.Components, func(a, b format.Component) bool { return a.Label == b.Label && string(a.Hash) == string(b.Hash) })
}

// activation judges the sites of one activation.
func (j *judgement) activation(a *activation) {
	if len(a.keys) == 0 {
		j.site(a, a.licenses[0], nil)
		return
	}
	var files []string
	for _, k := range a.keys {
		s := k.newest()
		j.site(a, j.byName[name{s.License, s.Digest}], k)
		files = append(files, s.File)
	}
	if current := a.licenses[0]; len(a.keys) > 1 && (current.Binding == nil || overlap(a.keys)) {
		sites := j.report.Sites[len(j.report.Sites)-len(a.keys):]
		for i := range sites {
			sites[i].Findings = append(sites[i].Findings, TwoMachines)
		}
		j.find(nil, TwoMachines, files, "%s: one license on %d machines", of(sites[0]), len(sites))
	}
}

// overlap reports whether two of the machine keys were in use at the same time.
func overlap(all []*series) bool {
	spans := make([]*span, len(all))
	for i, k := range all {
		spans[i] = &span{k.statements[0].time(), k.newest().time()}
	}
	return overlapping(spans)
}

// span is from the first to the last that was heard of something.
type span struct{ first, last time.Time }

// overlapping reports whether two spans are of the same time, by clocks that may differ.
func overlapping(spans []*span) bool {
	slices.SortFunc(spans, func(a, b *span) int { return a.first.Compare(b.first) })
	for i := 1; i < len(spans); i++ {
		if !spans[i].first.After(spans[i-1].last.Add(tolerance)) {
			return true
		}
		if spans[i].last.Before(spans[i-1].last) {
			spans[i].last = spans[i-1].last
		}
	}
	return false
}

// site judges a site by its newest attestation; k is nil where there is none.
func (j *judgement) site(a *activation, l *License, k *series) {
	s := &Site{
		State: string(l.Reason), Vendor: l.Issuer, Product: l.Product, Edition: l.Terms.Edition, Type: l.Terms.Type,
		Customer: l.Terms.Customer, Invoice: l.Terms.Invoice, Site: l.Terms.Site, Activation: l.Activation,
		License: l.ID, Epoch: l.Terms.Epoch, File: l.File,
	}
	j.report.Sites = append(j.report.Sites, s)
	s.Expires, s.HardEnd = l.Ends()
	if l.Binding != nil {
		if key, err := keys.NewPublicKey(l.Binding.Key); err == nil {
			s.Key = key.String()
		}
	}
	if k != nil {
		n := k.newest()
		s.Key, s.Attested, s.Statements, s.Program, s.Use, s.File = k.key.String(), n.time(), len(k.statements), n.Version, n.Use, n.File
		j.attested(s, l, n)
	}
	j.state(s, a, l)
}

// attested judges what the newest attestation of a site says of it.
func (j *judgement) attested(s *Site, l *License, n *Statement) {
	if n.time().After(j.Now.Add(tolerance)) {
		j.find(s, ClockAhead, []string{n.File}, "%s says that it is %s", of(s), n.time().Format(time.RFC3339))
	}
	if b := l.Binding; b != nil && uint64(matching(b.Components, n.Components)) < b.Need {
		j.find(s, WrongMachine, []string{n.File}, "%s: %d of %d components match, %d are needed", of(s), matching(b.Components, n.Components), len(b.Components), b.Need)
	}
	for _, limit := range slices.Sorted(maps.Keys(n.Use)) {
		if most, limited := l.Terms.Limits[limit]; limited && n.Use[limit] > most {
			j.find(s, OverLimit, []string{n.File}, "%s: %d %s in use, and the license allows %d", of(s), n.Use[limit], limit, most)
		}
	}
}

// state says what has become of a license, and what there is to do.
func (j *judgement) state(s *Site, a *activation, l *License) {
	files := []string{s.File}
	used := s.Statements > 0
	next := a.licenses[0]
	switch r := a.released; {
	case r != nil && (r.License == l.ID || r.IssuedAt >= l.IssuedAt):
		if s.State = string(verify.Released); used && s.Attested.After(format.Instant(r.IssuedAt)) {
			j.find(s, ReleasedInUse, append(files, r.File), "%s was released on %s, and was in use on %s", of(s), text.Minute(format.Instant(r.IssuedAt)), text.Minute(s.Attested))
		}
	case l.Reason == verify.Revoked && l.Unknown:
		j.find(s, NeedsList, files, "%s needs a revocation list to be judged, and none of the files is late enough", of(s))
	case l.Reason == verify.Revoked && used && s.Attested.After(l.Revoked):
		j.find(s, RevokedInUse, files, "%s was revoked on %s, and was in use on %s", of(s), text.Minute(l.Revoked), text.Minute(s.Attested))
	case next != l && used && next.Binding != nil && l.Binding != nil && string(next.Binding.Key) != string(l.Binding.Key):
		if s.State = string(verify.Superseded); s.Attested.After(next.issued()) {
			j.find(s, TwoMachines, append(files, next.File), "%s has another machine since %s, and was in use on this one on %s", of(s), text.Date(next.issued()), text.Date(s.Attested))
		}
	case next != l && used && next.Reason != verify.Revoked:
		j.find(s, NotInstalled, append(files, next.File), "%s has a newer license, %s of %s, which was not yet installed on %s", of(s), next.ID, text.Date(next.issued()), text.Date(s.Attested))
		j.ending(s, l, nil)
	case l.Reason == verify.Revoked && used:
		j.find(s, RevokedUnconfirmed, files, "%s was revoked on %s, and was last heard of before that, on %s", of(s), text.Minute(l.Revoked), text.Minute(s.Attested))
	default:
		j.ending(s, l, files)
	}
}

// ending tells of an end that has come or is near. Without files it sets the state alone.
func (j *judgement) ending(s *Site, l *License, files []string) {
	soon := j.Ending > 0 && !s.Expires.IsZero() && !s.Expires.After(j.Now.Add(j.Ending))
	word, what := "", ""
	switch {
	case l.Reason == verify.Expired:
		word, what = Ended, "ended on "+text.LastDay(s.HardEnd)
	case l.Reason == verify.Grace:
		word, what = InGrace, "is in its grace until "+text.LastDay(s.HardEnd)
	case l.Reason == verify.Valid && soon:
		s.State = StateEnding
		word, what = EndingSoon, "ends on "+text.LastDay(s.Expires)
	}
	if word != "" && files != nil {
		j.find(s, word, files, "%s %s", of(s), what)
	}
}

// count compares the seats that are in use with those that were bought.
func (j *judgement) count() {
	sold := make(map[invoice]uint64)
	for _, s := range j.Sales {
		sold[invoice{s.Vendor, s.Invoice}] = s.Seats
	}
	licensed := make(map[invoice]*License) // the newest
	for i := range j.Licenses {
		l := &j.Licenses[i]
		of := invoice{l.Issuer, l.Terms.Invoice}
		if known := licensed[of]; known == nil || known.IssuedAt < l.IssuedAt {
			licensed[of] = l
		}
	}
	files := make(map[invoice][]string)
	for _, s := range j.report.Sites {
		of := invoice{s.Vendor, s.Invoice}
		if j.seats[of] == nil {
			bought, known := sold[of]
			if !known {
				bought = licensed[of].Terms.Seats
			}
			if !known && j.Sales != nil {
				j.find(s, NotSold, []string{s.File}, "the invoice %s, for %s, is not in the vendor's export", s.Invoice, s.Customer)
			}
			j.seats[of] = &Seats{s.Vendor, s.Invoice, bought, 0}
		}
		if s.inUse() {
			j.seats[of].Used++
			files[of] = append(files[of], s.File)
		}
	}
	for _, s := range j.seats {
		j.report.Seats = append(j.report.Seats, s)
	}
	for _, s := range j.report.Seats {
		of := invoice{s.Vendor, s.Invoice}
		if s.Used > s.Bought {
			j.find(nil, OverSeats, files[of], "invoice %s, for %s: in use %d, bought %d", s.Invoice, licensed[of].Terms.Customer, s.Used, s.Bought)
		}
	}
	slices.SortFunc(j.report.Seats, func(a, b *Seats) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Invoice, b.Invoice))
	})
}

// of names a site in a text.
func of(s *Site) string {
	name := s.Product + " for " + s.Customer
	if s.Site != "" {
		name += " at " + s.Site
	}
	return name + ", invoice " + s.Invoice + ", activation " + s.Activation
}
