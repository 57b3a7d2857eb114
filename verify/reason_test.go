package verify_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// TestEachBound changes one thing of a good license, one step inside what holds and one
// step outside. The bounds of its delegation are in package scopetest.
func TestEachBound(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	grace := func(s *scenario) { s.license.Terms.GraceDays = 14 } // of the 365, the last 14
	failover := func(s *scenario) { s.license.Terms.Type = "failover" }
	anywhere := func(s *scenario) { s.facts.Site, s.facts.AnyMachine = nil, true }
	bound := func(version, bound string) func(*scenario) {
		return func(s *scenario) { s.facts.Version, s.license.Terms.MaxVersion = version, bound }
	}
	here := func(change func(*verify.Site)) func(*scenario) {
		return func(s *scenario) { change(s.facts.Site) }
	}
	const soft = 14 * dayLong
	for name, c := range map[string]struct {
		want   verify.Reason
		change func(*scenario)
	}{
		"nothing changed": {verify.Valid, func(*scenario) {}},

		"edition: another":             {verify.WrongProduct, func(s *scenario) { s.facts.Edition = "basic" }},
		"edition: none in the license": {verify.WrongProduct, func(s *scenario) { s.license.Terms.Edition = "" }},
		"edition: none asked":          {verify.Valid, func(s *scenario) { s.facts.Edition = "" }},

		"version: the bound":              {verify.Valid, bound("9.2", "9.2")},
		"version: within the bound":       {verify.Valid, bound("9.2.5", "9.2")},
		"version: one above":              {verify.WrongVersion, bound("9.3", "9.2")},
		"version: by numbers":             {verify.WrongVersion, bound("9.10.0", "9.9")},
		"version: a major above":          {verify.WrongVersion, bound("10.0", "9.x")},
		"version: under x":                {verify.Valid, bound("9.999.1", "9.x")},
		"version: lower major":            {verify.Valid, bound("8.9", "9.2")},
		"version: with v and suffix":      {verify.Valid, bound("v9.2.0-rc1+build5", "9.2")},
		"version: shorter":                {verify.Valid, bound("9", "9.2")},
		"version: not of numbers":         {verify.WrongVersion, bound("nine", "9.2")},
		"version: a number too large":     {verify.WrongVersion, bound("99999999999999999999", "9.2")},
		"version: not given":              {verify.Valid, bound("", "9.2")},
		"version: a bound not of numbers": {verify.WrongVersion, bound("9.2", "latest")},

		"site: another machine key": {verify.WrongSite, here(func(s *verify.Site) { s.Key = strangerKey(t).Public() })},
		"site: no machine key": {verify.WrongSite, func(s *scenario) {
			s.facts.Site = &verify.Site{Requests: s.facts.Site.Requests, Components: testComponents()}
		}},
		"site: another request":     {verify.WrongSite, here(func(s *verify.Site) { s.Requests[0][31] ^= 1 })},
		"site: no request":          {verify.WrongSite, here(func(s *verify.Site) { s.Requests = nil })},
		"site: one of its requests": {verify.Valid, here(func(s *verify.Site) { s.Requests = append([][32]byte{{1}}, s.Requests...) })},
		"site: checked elsewhere":   {verify.Valid, anywhere},

		"machine: 2 of 3":           {verify.Valid, here(func(s *verify.Site) { s.Components = s.Components[1:] })},
		"machine: 1 of 3":           {verify.WrongMachine, here(func(s *verify.Site) { s.Components = s.Components[2:] })},
		"machine: nothing readable": {verify.WrongMachine, here(func(s *verify.Site) { s.Components = nil })},
		"machine: in another order": {verify.Valid, here(func(s *verify.Site) { slices.Reverse(s.Components) })},
		"machine: values under other labels": {verify.WrongMachine, here(func(s *verify.Site) {
			s.Components[0].Label, s.Components[1].Label = s.Components[1].Label, s.Components[0].Label
		})},
		"machine: two last bits": {verify.WrongMachine, here(func(s *verify.Site) {
			s.Components[0].Hash[7] ^= 1
			s.Components[1].Hash[7] ^= 1
		})},
		"machine: one label many times": {verify.WrongMachine, here(func(s *verify.Site) {
			s.Components = []format.Component{s.Components[0], s.Components[0], s.Components[0]}
		})},
		"machine: 6 bytes of 8": {verify.Valid, func(s *scenario) { shorten(s.license.Binding.Components) }},
		"machine: 6 bytes of 8, the last another": {verify.WrongMachine, func(s *scenario) {
			shorten(s.license.Binding.Components)
			s.license.Binding.Components[0].Hash[5] ^= 1
			s.license.Binding.Components[1].Hash[5] ^= 1
		}},
		"machine: 8 bytes of 6": {verify.WrongMachine, here(func(s *verify.Site) { shorten(s.Components) })},

		"failover: no emergency":              {verify.Standby, failover},
		"failover: emergency":                 {verify.Valid, func(s *scenario) { failover(s); s.facts.Emergency = true }},
		"failover: checked elsewhere":         {verify.Valid, func(s *scenario) { failover(s); anywhere(s) }},
		"failover: last day":                  {verify.Valid, emergencyDay(14, 14)},
		"failover: a day more":                {verify.Standby, emergencyDay(15, 14)},
		"failover: days without limit":        {verify.Valid, emergencyDay(4000, 0)},
		"failover: days that are not counted": {verify.Valid, emergencyDay(0, 14)},
		"emergency: other types":              {verify.Valid, func(s *scenario) { s.facts.Emergency = true }},

		"clock: an hour behind the issue":           {verify.Valid, func(s *scenario) { s.facts.Now = issued.Add(-time.Hour) }},
		"clock: an hour and a nanosecond behind it": {verify.ClockRolledBack, func(s *scenario) { s.facts.Now = issued.Add(-time.Hour - 1) }},
		"clock: an hour behind the build": {verify.Valid, func(s *scenario) {
			s.facts.Built = s.facts.Now.Add(time.Hour)
		}},
		"clock: a second more behind the build": {verify.ClockRolledBack, func(s *scenario) {
			s.facts.Built = s.facts.Now.Add(time.Hour + time.Second)
		}},
		"clock: a day and an hour behind what was seen": {verify.Valid, func(s *scenario) { s.facts.Seen = s.facts.Now.Add(25 * time.Hour) }},
		"clock: a second more behind what was seen":     {verify.ClockRolledBack, func(s *scenario) { s.facts.Seen = s.facts.Now.Add(25*time.Hour + time.Second) }},
		"clock: behind the delegation": {verify.ClockRolledBack, func(s *scenario) {
			s.delegation.IssuedAt = s.facts.Now.Unix() + 3601
		}},
		"clock: in 1970": {verify.ClockRolledBack, func(s *scenario) { s.facts.Now = at(1) }},

		"begins: an hour from now":              {verify.Valid, func(s *scenario) { s.license.NotBefore = s.facts.Now.Unix() + 3600 }},
		"begins: an hour and a second from now": {verify.NotYetValid, func(s *scenario) { s.license.NotBefore = s.facts.Now.Unix() + 3601 }},
		"begins later, clock behind": {verify.ClockRolledBack, func(s *scenario) {
			s.license.NotBefore, s.facts.Now = issued.Unix()+dayLong, issued.Add(-2*time.Hour)
		}},

		"ends: last second":     {verify.Valid, func(s *scenario) { s.facts.Now = ends.Add(-time.Second) }},
		"ends: last nanosecond": {verify.Valid, func(s *scenario) { s.facts.Now = ends.Add(-1) }},
		"ends: on the second":   {verify.Expired, func(s *scenario) { s.facts.Now = ends }},
		"ends: never":           {verify.Valid, func(s *scenario) { s.license.Expires, s.facts.Now = 0, ends.AddDate(50, 0, 0) }},
		"ends: the tolerance does not stretch it": {verify.Expired, func(s *scenario) {
			s.facts.Now, s.facts.Seen = ends.Add(-30*time.Minute), ends
		}},
		"grace: last second before": {verify.Valid, func(s *scenario) { grace(s); s.facts.Now = at(ends.Unix() - soft - 1) }},
		"grace: first second":       {verify.Grace, func(s *scenario) { grace(s); s.facts.Now = at(ends.Unix() - soft) }},
		"grace: last second":        {verify.Grace, func(s *scenario) { grace(s); s.facts.Now = ends.Add(-time.Second) }},
		"grace: over":               {verify.Expired, func(s *scenario) { grace(s); s.facts.Now = ends }},

		"updates: built on the last second": {verify.Valid, func(s *scenario) { s.license.Terms.UpdatesUntil = s.facts.Built.Unix() }},
		"updates: built a second later":     {verify.UpdatesEnded, func(s *scenario) { s.license.Terms.UpdatesUntil = s.facts.Built.Unix() - 1 }},
		"updates: build date not given":     {verify.Valid, func(s *scenario) { s.license.Terms.UpdatesUntil, s.facts.Built = 1, time.Time{} }},
		"updates: old build, long after": {verify.Valid, func(s *scenario) {
			s.license.Expires, s.license.Terms.UpdatesUntil, s.facts.Now = 0, s.facts.Built.Unix(), ends.AddDate(9, 0, 0)
		}},

		"use: the most":        {verify.Valid, func(s *scenario) { s.facts.Use = map[string]uint64{"cores": 16, "users": 200} }},
		"use: one more":        {verify.OverLimit, func(s *scenario) { s.facts.Use = map[string]uint64{"cores": 17} }},
		"use: of the second":   {verify.OverLimit, func(s *scenario) { s.facts.Use = map[string]uint64{"cores": 16, "users": 201} }},
		"use: without a limit": {verify.Valid, func(s *scenario) { s.facts.Use = map[string]uint64{"apps": 1 << 40} }},
		"use: a limit of zero": {verify.OverLimit, func(s *scenario) {
			s.license.Terms.Limits, s.facts.Use = map[string]uint64{"apps": 0}, map[string]uint64{"apps": 1}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario(t)
			c.change(s)
			license, err := s.check(t)
			wantReason(t, license, err, c.want)
		})
	}
}

func emergencyDay(day, of uint64) func(*scenario) {
	return func(s *scenario) {
		failover(s.license, of)
		s.facts.Emergency, s.facts.EmergencyDays = true, day
	}
}

func shorten(components []format.Component) {
	for i := range components {
		components[i].Hash = components[i].Hash[:format.MinComponentHash]
	}
}

// TestOrder: of two things that are wrong the first in SPEC.md's order is told, so that
// every implementation says the same word over the phone.
func TestOrder(t *testing.T) {
	wrong := []struct {
		reason verify.Reason
		change func(*scenario)
	}{
		{verify.OutOfScope, func(s *scenario) { s.delegation.Scope.Products = nil }},
		{verify.WrongProduct, func(s *scenario) { s.facts.Product = "liquid" }},
		{verify.WrongVersion, func(s *scenario) { s.license.Terms.MaxVersion = "1.x" }},
		{verify.WrongSite, func(s *scenario) { s.facts.Site.Requests = nil }},
		{verify.WrongMachine, func(s *scenario) { s.facts.Site.Components = nil }},
		{verify.Standby, func(s *scenario) { s.license.Terms.Type = "failover" }},
		{verify.Expired, func(s *scenario) { s.facts.Now = ends }},
		{verify.UpdatesEnded, func(s *scenario) { s.license.Terms.UpdatesUntil = 1 }},
		{verify.OverLimit, func(s *scenario) { s.facts.Use = map[string]uint64{"cores": 17} }},
	}
	for i, first := range wrong {
		s := newScenario(t)
		for _, w := range wrong[i:] {
			w.change(s)
		}
		license, err := s.check(t)
		wantReason(t, license, err, first.reason)
	}
}

func TestFactsThatAreMissing(t *testing.T) {
	for name, change := range map[string]func(*verify.Facts){
		"now":            func(f *verify.Facts) { f.Now = time.Time{} },
		"product":        func(f *verify.Facts) { f.Product = "" },
		"product or any": func(f *verify.Facts) { f.AnyProduct = true },
		"site":           func(f *verify.Facts) { f.Site = nil },
		"site and any":   func(f *verify.Facts) { f.AnyMachine = true },
		"an age above":   func(f *verify.Facts) { f.MaxRevocationAge = -1 },
		"nothing at all": func(f *verify.Facts) { *f = verify.Facts{} },
	} {
		s := newScenario(t)
		change(&s.facts)
		if license, err := s.check(t); err == nil || license != nil {
			t.Errorf("%s missing: got %v, %v", name, license, err)
		}
	}
}

// TestWarnings: what was not checked, and what will soon end, is said.
func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scenario)
		says   string
		want   verify.Warning // but for its text
	}{
		"version not given":       {func(s *scenario) { s.license.Terms.MaxVersion, s.facts.Version = "9.x", "" }, "version was not given", verify.Warning{Code: verify.NoVersion, Value: "9.x"}},
		"build date not given":    {func(s *scenario) { s.facts.Built = time.Time{} }, "build date was not given", verify.Warning{Code: verify.NoBuilt, Date: ends}},
		"a component has changed": {func(s *scenario) { s.facts.Site.Components = s.facts.Site.Components[1:] }, "2 of 3 match, 2 needed: one more change and this license stops; make a new request now: `offlicense request`", verify.Warning{Code: verify.NoMargin, Value: format.LabelMachineID, Count: 2, Of: 2}},
		"30 days before its end":  {func(s *scenario) { s.facts.Now = ends.AddDate(0, 0, -30) }, "ends on 2027-11-21", verify.Warning{Code: verify.EndsSoon, Date: ends.Add(-time.Second)}},
		"the bridge of a move": {func(s *scenario) {
			s.license.Terms.Type, s.facts.Now = "development", ends.AddDate(0, 0, -1)
		}, "for the next license of invoice", verify.Warning{Code: verify.EndsSoon, Date: ends.Add(-time.Second)}},
		"elsewhere":     {func(s *scenario) { s.facts.Site, s.facts.AnyMachine = nil, true }, "on its own site was not checked", verify.Warning{Code: verify.NoMachine}},
		"no such limit": {func(s *scenario) { s.facts.Use = map[string]uint64{"core": 99} }, `no limit on "core"`, verify.Warning{Code: verify.UnknownLimit, Value: "core"}},
		"failover elsewhere": {func(s *scenario) {
			s.license.Terms.Type, s.license.Binding, s.facts.Site, s.facts.AnyMachine = "failover", nil, nil, true
		}, "emergency", verify.Warning{Code: verify.NoEmergency}},
		"in an emergency": {func(s *scenario) {
			emergencyDay(2, 14)(s)
			s.facts.EmergencySince = issued
		}, "running in an emergency declared on 2026-11-21 UTC: day 2 of 14", verify.Warning{Code: verify.InEmergency, Date: issued, Count: 2, Of: 14}},
		"in one without limit": {func(s *scenario) {
			emergencyDay(2, 0)(s)
			s.facts.EmergencySince = issued
		}, "declared on 2026-11-21 UTC: day 2", verify.Warning{Code: verify.InEmergency, Date: issued, Count: 2}},
		"in grace": {func(s *scenario) { s.license.Terms.GraceDays, s.facts.Now = 1, ends.Add(-1) }, "renew", verify.Warning{Code: verify.InGrace, Date: ends.Add(-time.Second)}},
	} {
		s := newScenario(t)
		c.change(s)
		license, err := s.check(t)
		if err != nil || len(license.Warnings) != 1 || !strings.Contains(license.Warnings[0].Text, c.says) {
			t.Errorf("%s: got %+v, %v, want one warning with %q", name, license, err, c.says)
			continue
		}
		if got := license.Warnings[0]; got != c.want.Says("%s", got.Text) {
			t.Errorf("%s: got %#v, want %#v", name, got, c.want)
		}
	}
	for name, change := range map[string]func(*scenario){
		"all is well":                     func(*scenario) {},
		"a second more than 30 days left": func(s *scenario) { s.facts.Now = ends.AddDate(0, 0, -30).Add(-time.Second) },
	} {
		s := newScenario(t)
		change(s)
		if license, err := s.check(t); err != nil || len(license.Warnings) != 0 {
			t.Errorf("%s: got %+v, %v, want no warning", name, license, err)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	w := verify.Warning{Date: ends}
	for before, want := range map[time.Duration]int{
		-1: 0, 0: 1, 1: 1, 24*time.Hour - 1: 1, 24 * time.Hour: 2, 30*24*time.Hour - 1: 30, math.MaxInt64: 106752,
	} {
		if got := w.Days(ends.Add(-before)); got != want {
			t.Errorf("%v before: got %d days, want %d", before, got, want)
		}
	}
	if got := (verify.Warning{}).Days(issued); got != 0 {
		t.Errorf("no date: got %d days", got)
	}
}

// TestLicenseTells what was bought, in the fields and in JSON.
func TestLicenseTells(t *testing.T) {
	s := newScenario(t)
	s.license.Terms.GraceDays = 14
	s.license.Terms.Ext = map[string]format.Scalar{"color": format.TextScalar("red"), "n": format.IntScalar(-5), "old": format.BoolScalar(true)}
	l, err := s.check(t)
	if err != nil {
		t.Fatal(err)
	}
	cores, limited := l.Limit("cores")
	_, unlimited := l.Limit("apps")
	switch {
	case !l.HasFeature("sso"), l.HasFeature("ss"), cores != 16, !limited, unlimited,
		!l.HardEnd.Equal(ends), !l.Expires.Equal(ends.AddDate(0, 0, -14)),
		l.Binding != "machine", l.SignedBy != "anna", l.Vendor != "acme.example", l.Customer != "Site Ltd",
		l.Ext["color"] != "red", l.Ext["n"] != "-5", l.Ext["old"] != "true":
		t.Errorf("got %+v", l)
	}
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id":"` + l.ID.String() + `"`, `"expires":"2027-11-07T23:59:59Z"`, `"binding":"machine"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s", text, want)
		}
	}
	if strings.Contains(string(text), "not_before") {
		t.Errorf("%s has a time that the license does not set", text)
	}
}

// TestRefusalsAreSafeToPrint: a program prints what the caller and the license say.
func TestRefusalsAreSafeToPrint(t *testing.T) {
	s := newScenario(t)
	s.facts.Product = "\x1b[2Jevil" + strings.Repeat("x", 1000)
	_, err := s.check(t)
	if text := err.Error(); strings.ContainsRune(text, '\x1b') || len(text) > 300 {
		t.Errorf("got %q", text)
	}
}
