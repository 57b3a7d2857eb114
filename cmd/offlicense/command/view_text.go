package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// rows are the lines of one part of a statement.
type rows struct{ cli.Table }

// add adds a line unless there is nothing to say in it.
func (r *rows) add(name, value string) {
	if value != "" {
		r.Row("  "+name, value)
	}
}

func (r *rows) time(name string, t time.Time) {
	if !t.IsZero() {
		r.add(name, t.UTC().Format(time.RFC3339))
	}
}

func (r *rows) components(list []componentView) {
	for _, c := range list {
		r.add("component", c.Label+" "+c.Hash)
	}
}

// print writes a statement for reading.
func (s *statement) print(w io.Writer, file string) {
	fmt.Fprintf(w, "%s: %s, not verified: anybody can write such a text\n", cli.Clean(file), s.Kind)
	var r rows
	r.add("code", s.Code)
	switch {
	case s.Request != nil:
		s.Request.print(&r)
	case s.License != nil:
		s.License.print(&r)
		r.WriteTo(w)
		r = rows{}
		fmt.Fprintln(w, "signed under the delegation, not verified")
		s.Delegation.print(&r)
		if s.Revocations != nil {
			r.WriteTo(w)
			r = rows{}
			fmt.Fprintln(w, "with a revocation list, not verified")
			s.Revocations.print(&r)
		}
	case s.Revocations != nil:
		s.Revocations.print(&r)
		if s.Revocations.Delegation != nil {
			r.WriteTo(w)
			r = rows{}
			fmt.Fprintln(w, "signed under the delegation, not verified")
			s.Revocations.Delegation.print(&r)
		}
	case s.Short != nil:
		s.Short.print(&r)
	case s.Release != nil:
		s.Release.print(&r)
	case s.Attestation != nil:
		s.Attestation.print(&r)
	case s.Delegation != nil:
		s.Delegation.print(&r)
	}
	r.WriteTo(w)
}

func (q *requestView) print(r *rows) {
	r.add("product", q.Product)
	r.add("invoice", q.Invoice)
	r.add("account", q.Account)
	r.add("type", q.Type)
	r.time("time", q.Time)
	r.add("site", q.Site)
	r.add("host", q.Host)
	if q.Replaces != nil {
		r.add("replaces", q.Replaces.String())
	}
	r.add("machine key", q.Key)
	r.components(q.Components)
	r.add("unreadable", strings.Join(q.Unreadable, ", "))
}

func (l *licenseView) print(r *rows) {
	r.add("license", l.ID.String())
	r.add("vendor", l.Vendor)
	r.add("product", l.Product)
	r.add("edition", l.Edition)
	r.add("type", l.Type)
	r.add("customer", l.Customer)
	r.add("invoice", l.Invoice)
	r.add("seats", strconv.FormatUint(l.Seats, 10))
	r.add("activation", l.Activation)
	r.add("epoch", strconv.FormatUint(l.Epoch, 10))
	r.add("site", l.Site)
	r.time("issued", l.Issued)
	r.time("not before", l.NotBefore)
	if l.HardEnd.IsZero() {
		r.add("ends", "never")
	}
	r.time("ends", l.Expires)
	if l.GraceDays > 0 {
		r.add("grace", cli.Plural(l.GraceDays, "day", "days"))
		r.time("hard end", l.HardEnd)
	}
	r.time("updates until", l.UpdatesUntil)
	r.add("versions up to", l.MaxVersion)
	if l.EmergencyDays > 0 {
		r.add("emergency", cli.Plural(l.EmergencyDays, "day", "days")+", counted from "+l.EmergencyFrom.Format(time.DateOnly))
	}
	r.add("features", strings.Join(l.Features, ", "))
	for _, name := range slices.Sorted(maps.Keys(l.Limits)) {
		r.add("limit", fmt.Sprintf("%s %d", name, l.Limits[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(l.Ext)) {
		r.add("ext", fmt.Sprintf("%s %s", name, l.Ext[name]))
	}
	if l.MinRevocation > 0 {
		r.add("needs list", fmt.Sprintf("revocation list %d or later", l.MinRevocation))
	}
	r.add("binding", l.Strength)
	b := l.Binding
	if b == nil {
		r.add("machine", "any")
		return
	}
	r.add("for request", b.Request)
	r.add("machine key", b.Key)
	r.components(b.Components)
	r.add("must match", fmt.Sprintf("%d of %d components", b.Need, len(b.Components)))
}

func (v *shortView) print(r *rows) {
	r.add("for request", v.Request+"-...")
	r.add("delegation", map[bool]string{true: "included", false: "left out"}[v.Delegation])
	if v.Revocations {
		r.add("revocations", "a list is included")
	}
	r.add("to read it", "offlicense install, on the server that made the request")
}

func (d *delegationView) print(r *rows) {
	r.add("delegation", d.ID.String())
	r.add("vendor", d.Vendor)
	r.add("key's name", d.Name)
	r.add("key", d.Key)
	r.time("issued", d.Issued)
	r.time("not before", d.NotBefore)
	r.time("ends", d.Expires)
	if d.Scope.Revocations {
		r.add("may sign", "revocation lists, and nothing else")
		return
	}
	r.add("products", orNone(d.Scope.Products))
	r.add("types", orNone(d.Scope.Types))
	r.add("longest term", fmt.Sprintf("%g days", d.Scope.MaxTermDays))
	r.add("most seats", strconv.FormatUint(d.Scope.MaxSeats, 10))
	r.add("binding", d.Scope.Binding)
	r.add("perpetual", yesNo(d.Scope.Perpetual))
}

func (v *releaseView) print(r *rows) {
	r.add("release", v.ID.String())
	r.add("license", v.License.String())
	r.add("activation", v.Activation)
	r.add("vendor", v.Vendor)
	r.time("time", v.Time)
	if v.EmergencyDays > 0 {
		r.add("emergency", cli.Plural(v.EmergencyDays, "day used", "days used"))
	}
	r.add("key id", v.KeyID)
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
