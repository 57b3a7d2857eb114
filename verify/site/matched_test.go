package site

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestMargin: a license of which fewer components match than at its installation, and just
// enough, warns while it still works. One that began so does not, and to install it once more
// silences nothing.
func TestMargin(t *testing.T) {
	all := map[string]string{"a": "cluster=c-7a11", "b": "volume=v-9f02", "c": "tenant=t-41c8"}
	given := func(letters string) (values []machine.Value) {
		values = []machine.Value{}
		for _, letter := range letters {
			v, err := machine.ParseValue(all[string(letter)])
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
		return values
	}
	v := sitetest.Verifier(t)
	for name, c := range map[string]struct {
		installs []string // what is given, one after the other
		now      string
		warns    bool
		margin   bool // there was one
	}{
		"all match":                           {[]string{"abc"}, "abc", false, true},
		"one has changed":                     {[]string{"abc"}, "ab", true, true},
		"it began without a margin":           {[]string{"ab"}, "ac", false, false},
		"it came to match better":             {[]string{"ab"}, "abc", false, false},
		"installed again after a change":      {[]string{"abc", "ab"}, "ab", true, true},
		"installed again once all were given": {[]string{"ab", "abc"}, "ab", true, true},
		"never installed, or not on record":   {nil, "ab", true, true},
	} {
		s := At(filepath.Join(t.TempDir(), "S"))
		o := options(t)
		o.Components = given("abc")
		text, err := sitetest.Sign(request(t, s, o).Text, func(l *format.LicenseClaims) {
			l.Binding.Components = slices.DeleteFunc(l.Binding.Components, func(c format.Component) bool {
				return c.Label == format.LabelMachineID || c.Label == format.LabelRootFS || c.Label == format.LabelProductUUID
			})
			l.Binding.Need = 2
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, letters := range c.installs {
			l, err := s.Install(v, text, InstallOptions{Components: given(letters), Now: now})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if i == 0 && slices.ContainsFunc(l.Warnings, func(w verify.Warning) bool { return w.Code == verify.NoMargin }) || l.Machine.HadMargin() != (slices.Contains(c.installs[:i+1], "abc")) {
				t.Errorf("%s: installed: %+v, %v", name, l.Machine, l.Warnings)
			}
		}
		if c.installs == nil {
			put(t, s, licenseFile, text)
		}
		l, err := s.Verify(v, Program{Product: "evoq", Components: given(c.now)}, now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		i := slices.IndexFunc(l.Warnings, func(w verify.Warning) bool { return w.Code == verify.NoMargin })
		if i >= 0 != c.warns || c.warns && l.Warnings[i].Text != "2 of 3 match, 2 needed: one more change and this license stops; make a new request now: `offlicense request`" {
			t.Errorf("%s: got %v, %+v", name, l.Warnings, l.Machine)
		}
		if l.Machine.HadMargin() != c.margin && c.now != "abc" {
			t.Errorf("%s: got %+v", name, l.Machine)
		}
	}
}

// TestMatchedIsHostile: a record that is none decides nothing, and is written over.
func TestMatchedIsHostile(t *testing.T) {
	s := At(t.TempDir())
	hash := [32]byte{7}
	good := matchedHeader + format.ComparisonCode(hash) + " 3\n"
	put(t, s, matchedFile, []byte(good))
	if got := s.matched(hash); got != 3 {
		t.Errorf("got %d", got)
	}
	for _, text := range []string{
		"", "3\n", strings.Replace(good, " 3", " 7", 1), strings.Replace(good, " 3", " -3", 1), strings.Replace(good, " 3", " 99999999999999999999", 1),
		strings.Replace(good, "AA", "BB", 1), strings.Repeat("x", 1<<20),
	} {
		put(t, s, matchedFile, []byte(text))
		if got := s.matched(hash); got != 0 {
			t.Errorf("%.40q: got %d", text, got)
		}
	}
	if os.Remove(s.path(matchedFile)) != nil || os.Mkdir(s.path(matchedFile), 0o755) != nil || s.matched(hash) != 0 {
		t.Error("a directory counts")
	}
}

// TestIdentityChanges: what tells machines apart is not changed in silence, even while the
// license holds: the request names the license, and needs its signature.
func TestIdentityChanges(t *testing.T) {
	c := func(label, hash string) format.Component {
		return format.Component{Label: label, Hash: []byte((hash + "-------")[:8])}
	}
	id, uuid, disk := format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS
	server := []format.Component{c(id, "m1"), c(uuid, "u1"), c(disk, "r1")}
	for name, test := range map[string]struct {
		asked   format.Request
		named   []format.Component
		need    uint64
		now     format.Request
		changed bool
	}{
		"the same":                          {format.Request{Components: server}, server, 2, format.Request{Components: server}, false},
		"another disk":                      {format.Request{Components: server}, server, 2, format.Request{Components: []format.Component{server[0], server[1], c(disk, "r2")}}, false},
		"another board":                     {format.Request{Components: server}, server, 2, format.Request{Components: []format.Component{server[0], c(uuid, "u2"), server[2]}}, true},
		"another machine-id":                {format.Request{Components: server}, server, 2, format.Request{Components: []format.Component{c(id, "m2"), server[1], server[2]}}, true},
		"another board that nobody reads":   {format.Request{Components: server, Unreadable: []string{uuid}}, server[:1], 1, format.Request{Components: []format.Component{server[0], c(uuid, "u2"), server[2]}, Unreadable: []string{uuid}}, false},
		"product-uuid is read now":          {format.Request{Components: server, Unreadable: []string{uuid}}, server[:1], 1, format.Request{Components: server}, true},
		"product-uuid is read no more":      {format.Request{Components: server}, server, 2, format.Request{Components: server, Unreadable: []string{uuid}}, false},
		"demanded alone, the same":          {format.Request{Components: server}, server[1:2], 1, format.Request{Components: server}, false},
		"demanded alone, installed again":   {format.Request{Components: server}, server[1:2], 1, format.Request{Components: []format.Component{c(id, "m2"), server[1], c(disk, "r2")}}, true},
		"an operator's license, as it was":  {format.Request{Components: []format.Component{c("cluster", "c1")}}, []format.Component{c("cluster", "c1")}, 1, format.Request{Components: []format.Component{c("cluster", "c1")}}, false},
		"a license of the machine key only": {format.Request{}, nil, 0, format.Request{Components: server}, false},
	} {
		s := At(t.TempDir())
		first := &verify.Request{Request: test.asked, Hash: [32]byte{1}}
		first.Time = 1
		l := sitetest.License()
		l.Binding = &format.Binding{Key: sealed(t).Public().Bytes(), Request: first.Hash, Need: test.need, Components: test.named}
		text, err := sitetest.Seal(l)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, licenseFile, text)
		q := test.now
		q.Time = 2
		if got := s.changed(&q, []*verify.Request{first}, environment()); got != test.changed || (q.Prior != nil) != test.changed {
			t.Errorf("%s: changed %v, replaces %v", name, got, q.Prior)
		}
	}
}
