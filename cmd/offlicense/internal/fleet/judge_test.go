package fleet

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const days = 24 * time.Hour

func key(t testing.TB, n byte) keys.PublicKey {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{n}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k.Public()
}

// hardware is a machine of which the numbers are its ids.
func hardware(machineID, uuid, rootFS byte) []format.Component {
	hash := func(n byte) []byte { return bytes.Repeat([]byte{n}, 8) }
	return []format.Component{{Label: format.LabelMachineID, Hash: hash(machineID)}, {Label: format.LabelProductUUID, Hash: hash(uuid)}, {Label: format.LabelRootFS, Hash: hash(rootFS)}}
}

// license is one for the machine of a key, which is also its number.
func license(t testing.TB, n byte, change func(*License)) License {
	l := License{File: "license", Reason: verify.Valid, Digest: [16]byte{n}}
	l.LicenseClaims = format.LicenseClaims{
		Issuer: "acme.example", Activation: "A" + string('0'+n), Product: "evoq", ID: format.ID{n}, IssuedAt: now.Add(-300 * days).Unix(), Expires: now.Add(200 * days).Unix(),
		Terms:   format.Terms{Type: "production", Seats: 2, Epoch: 1, Invoice: "INV1", Customer: "Site Ltd", Limits: map[string]uint64{"users": 50}},
		Binding: &format.Binding{Key: key(t, n).Bytes(), Need: 2, Components: hardware(n, n, n)},
	}
	if change != nil {
		change(&l)
	}
	return l
}

// says is what the machine of a license attests, so long ago.
func says(t testing.TB, l License, ago time.Duration, change func(*Statement)) Statement {
	s := Statement{File: "attested", Key: key(t, l.ID[0])}
	s.AttestationClaims = format.AttestationClaims{
		Activation: l.Activation, Vendor: l.Issuer, IssuedAt: now.Add(-ago).Unix(), License: l.ID, Digest: l.Digest, Product: l.Product,
		Components: hardware(l.ID[0], l.ID[0], l.ID[0]), Use: map[string]uint64{"users": 42, "unlimited": 1 << 40},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func on(components []format.Component) func(*Statement) {
	return func(s *Statement) { s.Components = components }
}

// cluster is a component that the operator gives.
func cluster(name string) []format.Component {
	return []format.Component{{Label: "cluster", Hash: []byte(name + "-node")}, {Label: format.LabelRootFS, Hash: []byte("root-" + name)}}
}

func floor(ago time.Duration) func(*Statement) {
	return func(s *Statement) { s.Floor = now.Add(-ago).Unix() }
}

func ends(in time.Duration, reason verify.Reason) func(*License) {
	return func(l *License) { l.Expires, l.Reason = now.Add(in).Unix(), reason }
}

// TestJudge: what is collected, what is found, and what has become of the sites.
func TestJudge(t *testing.T) {
	one, two, three := license(t, 1, nil), license(t, 2, nil), license(t, 3, nil)
	free := license(t, 4, func(l *License) { l.Binding = nil })
	byOperator := license(t, 5, func(l *License) {
		l.Binding.Components, l.Binding.Need = append(hardware(5, 5, 5)[2:], format.Component{Label: "cluster", Hash: []byte("cluster5")}), 2
	})
	byKey := license(t, 6, func(l *License) { l.Binding.Components, l.Binding.Need = nil, 0 })
	revoked := license(t, 1, func(l *License) { l.Reason, l.Revoked = verify.Revoked, now.Add(-10*days) })
	renewed := license(t, 1, func(l *License) {
		l.ID, l.Digest, l.Terms.Epoch, l.IssuedAt = format.ID{1, 1}, [16]byte{1, 1}, 2, now.Add(-20*days).Unix()
	})
	moved := license(t, 2, func(l *License) { l.Activation, l.Terms.Epoch, l.IssuedAt = "A1", 2, now.Add(-20*days).Unix() })
	release := func(l License, ago time.Duration) []Release {
		return []Release{{File: "release", ReleaseClaims: format.ReleaseClaims{License: l.ID, Activation: l.Activation, Vendor: l.Issuer, IssuedAt: now.Add(-ago).Unix()}}}
	}
	for name, c := range map[string]struct {
		facts  Facts
		found  string // words, in order
		states string // of the sites, by their activation
	}{
		"nothing":                         {Facts{}, "", ""},
		"in order":                        {Facts{Licenses: []License{one, two}, Statements: []Statement{says(t, one, days, nil), says(t, two, days, nil)}}, "", "valid valid"},
		"not heard of":                    {Facts{Licenses: []License{one}}, "", "valid"},
		"perpetual":                       {Facts{Licenses: []License{license(t, 1, func(l *License) { l.Expires = 0 })}}, "", "valid"},
		"a copy of each":                  {Facts{Licenses: []License{one, one}, Statements: []Statement{says(t, one, days, nil), says(t, one, days, nil)}}, "", "valid"},
		"each month":                      {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 90*days, nil), says(t, one, 60*days, nil), says(t, one, days, nil)}}, "", "valid"},
		"another disk":                    {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 2*days, nil), says(t, one, days, on(hardware(1, 1, 9)))}}, "", "valid"},
		"one that cannot read everything": {Facts{Licenses: []License{license(t, 1, func(l *License) { l.Binding.Need = 1 })}, Statements: []Statement{says(t, one, 2*days, nil), says(t, one, days, on(hardware(1, 1, 1)[:1])), says(t, one, 0, nil)}}, "", "valid"},

		"a clone, within the hour":     {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, nil), says(t, one, days-time.Hour, on(hardware(1, 7, 1)))}}, Clone, "valid"},
		"a clone that takes turns":     {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 30*days, nil), says(t, one, 20*days, on(hardware(1, 7, 1))), says(t, one, 10*days, nil)}}, Clone, "valid"},
		"a clone with another license": {Facts{Licenses: []License{one, renewed}, Statements: []Statement{says(t, one, 10*days+time.Minute, nil), says(t, renewed, 10*days, on(hardware(1, 7, 1)))}}, Clone, "valid"},
		"a clone, and one who reads less": {Facts{Licenses: []License{one}, Statements: []Statement{
			says(t, one, 30*days, nil), says(t, one, 25*days, on(hardware(1, 1, 1)[:1])), says(t, one, 20*days, on(hardware(1, 7, 1))), says(t, one, 10*days, nil),
		}}, Clone, "valid"},
		"another machine since":       {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 30*days, nil), says(t, one, 20*days, on(hardware(1, 7, 1)))}}, MachineChanged, "valid"},
		"the same with a new license": {Facts{Licenses: []License{one, renewed}, Statements: []Statement{says(t, one, 30*days, nil), says(t, renewed, 10*days, on(hardware(1, 7, 1)))}}, "", "valid"},
		"one cluster on two nodes": {Facts{Licenses: []License{byOperator}, Statements: []Statement{
			says(t, byOperator, days, on(append(hardware(5, 5, 5), byOperator.Binding.Components[1]))), says(t, byOperator, days, on(append(hardware(6, 6, 5), byOperator.Binding.Components[1])))}}, "", "valid"},
		"one key on two nodes": {Facts{Licenses: []License{byKey}, Statements: []Statement{says(t, byKey, days, on(cluster("one"))), says(t, byKey, days, on(cluster("two")))}}, Clone, "valid"},
		"a state of before":    {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 2*days, floor(3*days)), says(t, one, days, floor(4*days))}}, StateWentBack, "valid"},
		"no record, and a new": {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 3*days, floor(3*days)), says(t, one, 2*days, nil), says(t, one, days, floor(2*days))}}, "", "valid"},
		"one image":            {Facts{Licenses: []License{one, two}, Statements: []Statement{says(t, one, days, nil), says(t, two, days, on(hardware(1, 2, 2)))}}, SameMachineID, "valid valid"},
		"two sites of one machine": {Facts{Licenses: []License{one, two}, Statements: []Statement{says(t, one, days, nil), says(t, two, days, on(hardware(1, 1, 2)))}},
			WrongMachine, "valid valid"},

		"one license on two machines":   {Facts{Licenses: []License{free}, Statements: []Statement{says(t, free, days, nil), says(t, free, 20*days, func(s *Statement) { s.Key = key(t, 9) })}}, TwoMachines, "valid valid"},
		"the server before it, too":     {Facts{Licenses: []License{one, moved}, Statements: []Statement{says(t, one, days, nil), says(t, moved, 5*days, nil)}}, TwoMachines, "valid superseded"},
		"both servers all the time":     {Facts{Licenses: []License{one, moved}, Statements: []Statement{says(t, one, 9*days, nil), says(t, one, days, nil), says(t, moved, 5*days, nil)}}, TwoMachines + " " + TwoMachines, "valid superseded"},
		"a move":                        {Facts{Licenses: []License{one, moved}, Statements: []Statement{says(t, one, 30*days, nil), says(t, moved, 5*days, nil)}}, "", "valid superseded"},
		"the key of another":            {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, func(s *Statement) { s.Key = key(t, 9) })}}, WrongKey, "valid"},
		"another activation":            {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 0, nil), says(t, one, days, func(s *Statement) { s.Activation, s.Components = "A2", hardware(1, 7, 1) })}}, NotReadable, "valid"},
		"another product":               {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 0, nil), says(t, one, days, func(s *Statement) { s.Product = "liquid" })}}, NotReadable, "valid"},
		"another license of that id":    {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, func(s *Statement) { s.Digest = [16]byte{9} })}}, UnknownLicense, "valid"},
		"no license":                    {Facts{Statements: []Statement{says(t, one, days, nil)}}, UnknownLicense, ""},
		"a machine that does not match": {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, on(hardware(1, 7, 7)))}}, WrongMachine, "valid"},

		"released":                {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 2*days, nil)}, Releases: release(one, days)}, "", "released"},
		"released, and in use":    {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, nil)}, Releases: release(one, 2*days)}, ReleasedInUse, "released"},
		"its activation released": {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, nil)}, Releases: release(renewed, 2*days)}, ReleasedInUse, "released"},
		"licensed anew since":     {Facts{Licenses: []License{one, renewed}, Statements: []Statement{says(t, renewed, days, nil)}, Releases: release(one, 40*days)}, "", "valid"},
		"revoked":                 {Facts{Licenses: []License{revoked}}, "", "revoked"},
		"revoked, and in use":     {Facts{Licenses: []License{revoked}, Statements: []Statement{says(t, revoked, days, nil)}}, RevokedInUse, "revoked"},
		"revoked since":           {Facts{Licenses: []License{revoked}, Statements: []Statement{says(t, revoked, 20*days, nil)}}, RevokedUnconfirmed, "revoked"},
		"revoked and replaced":    {Facts{Licenses: []License{revoked, renewed}, Statements: []Statement{says(t, revoked, 20*days, nil), says(t, renewed, days, nil)}}, "", "valid"},
		"asks for a list":         {Facts{Licenses: []License{license(t, 1, func(l *License) { l.Reason, l.Unknown = verify.Revoked, true })}}, NeedsList, "revoked"},

		"ends in 60 days":             {Facts{Ending: 60 * days, Licenses: []License{license(t, 1, ends(60*days, verify.Valid))}}, EndingSoon, "ending"},
		"ends in 61 days":             {Facts{Ending: 60 * days, Licenses: []License{license(t, 1, ends(61*days, verify.Valid))}}, "", "valid"},
		"renewed in time":             {Facts{Ending: 60 * days, Licenses: []License{license(t, 1, ends(days, verify.Valid)), renewed}, Statements: []Statement{says(t, renewed, days, nil)}}, "", "valid"},
		"renewed, not installed":      {Facts{Ending: 60 * days, Licenses: []License{license(t, 1, ends(days, verify.Valid)), renewed}, Statements: []Statement{says(t, one, days, nil)}}, NotInstalled, "ending"},
		"in grace":                    {Facts{Licenses: []License{license(t, 1, ends(days, verify.Grace))}}, InGrace, "grace"},
		"ended":                       {Facts{Licenses: []License{license(t, 1, ends(-days, verify.Expired))}}, Ended, "expired"},
		"its clock is ahead":          {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, -2*time.Hour, nil)}}, ClockAhead, "valid"},
		"its clock is a little ahead": {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, -time.Hour, nil)}}, "", "valid"},
		"a damaged file":              {Facts{Refused: []Refused{{File: "x", Text: "x: malformed"}}}, NotReadable, ""},

		"more users than licensed": {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, days, func(s *Statement) { s.Use["users"] = 51 })}}, OverLimit, "valid"},
		"it was more before":       {Facts{Licenses: []License{one}, Statements: []Statement{says(t, one, 2*days, func(s *Statement) { s.Use["users"] = 51 }), says(t, one, days, nil)}}, "", "valid"},
		"three seats of two":       {Facts{Licenses: []License{one, two, three}, Statements: []Statement{says(t, one, days, nil), says(t, two, days, nil), says(t, three, days, nil)}}, OverSeats, "valid valid valid"},
		"three, one released":      {Facts{Licenses: []License{one, two, three}, Statements: []Statement{says(t, one, 2*days, nil), says(t, two, days, nil), says(t, three, days, nil)}, Releases: release(one, days)}, "", "released valid valid"},
		"three, one not heard of":  {Facts{Licenses: []License{one, two, three}, Statements: []Statement{says(t, two, days, nil), says(t, three, days, nil)}}, "", "valid valid valid"},
		"the export knows better":  {Facts{Licenses: []License{one, two}, Statements: []Statement{says(t, one, days, nil), says(t, two, days, nil)}, Sales: []Sale{{"acme.example", "INV1", 1}}}, OverSeats, "valid valid"},
		"of another vendor":        {Facts{Licenses: []License{one}, Sales: []Sale{{"other.example", "INV1", 1}}}, NotSold, "valid"},
		"an export of nothing":     {Facts{Licenses: []License{one}, Sales: []Sale{}}, NotSold, "valid"},
	} {
		t.Run(name, func(t *testing.T) {
			c.facts.Now = now
			for _, shuffled := range []bool{false, true} {
				if shuffled { // the order of the files does not matter
					c.facts.Licenses, c.facts.Statements = reversed(c.facts.Licenses), reversed(c.facts.Statements)
				}
				r := Judge(c.facts)
				var found, states []string
				for _, f := range r.Findings {
					found = append(found, f.Word)
					if f.Text == "" || strings.Contains(f.Text, "%!") || len(f.Hint) > 100 || f.Severity != Error && f.Severity != Warning {
						t.Errorf("%+v", f)
					}
				}
				for _, s := range r.Sites {
					states = append(states, s.State)
				}
				if got := strings.Join(found, " "); got != c.found {
					t.Errorf("found %q, want %q", got, c.found)
				}
				if got := strings.Join(states, " "); got != c.states {
					t.Errorf("states %q, want %q", got, c.states)
				}
			}
		})
	}
}

func reversed[E any](s []E) []E {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}
