package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/verify"
)

// title names a license in one line.
func title(l *verify.License) string {
	name := l.Product
	if l.Edition != "" {
		name += " " + l.Edition
	}
	return fmt.Sprintf("%s, %s, for %s", name, l.Type, cli.Clean(l.Customer))
}

// statusText says until when a license holds.
func statusText(out io.Writer, l *verify.License) string {
	switch {
	case l.Reason == verify.Grace:
		return cli.State(out, "grace") + " until " + text.LastDay(l.HardEnd)
	case l.Expires.IsZero():
		return cli.State(out, "valid") + ", perpetual"
	}
	return cli.State(out, "valid") + " until " + text.LastDay(l.Expires)
}

// licenseTable lists what was bought.
func licenseTable(l *verify.License) *cli.Table {
	var t cli.Table
	row := func(name, value string) {
		if value != "" {
			t.Row("  "+name, value)
		}
	}
	row("invoice", l.Invoice)
	row("license", l.ID.String())
	row("code", l.Code)
	row("site", l.Site)
	row("ends", end(l))
	row("updates", until(l.UpdatesUntil))
	if l.MaxVersion != "" {
		row("versions", "up to "+l.MaxVersion)
	}
	if l.EmergencyDays > 0 {
		row("emergency", cli.Plural(l.EmergencyDays, "day", "days"))
	}
	row("features", strings.Join(l.Features, ", "))
	var limits []string
	for _, name := range slices.Sorted(maps.Keys(l.Limits)) {
		limits = append(limits, fmt.Sprintf("%s %d", name, l.Limits[name]))
	}
	row("limits", strings.Join(limits, ", "))
	if l.Machine != nil {
		row("machine", l.Machine.String())
	}
	if l.Binding == "any" {
		row("machine", "any: the license is bound to none")
	}
	return &t
}

// noMargin is the row of a license of whose machine nothing may change, and never could.
var noMargin = [2]string{"margin", "none: one change and this license stops"}

func end(l *verify.License) string {
	switch {
	case l.Expires.IsZero():
		return "never"
	case l.HardEnd.Equal(l.Expires):
		return text.LastDay(l.Expires) + " UTC"
	}
	return text.LastDay(l.Expires) + " UTC, in grace until " + text.LastDay(l.HardEnd) + " UTC"
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "until " + text.Date(t) + " UTC"
}
