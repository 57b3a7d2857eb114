package site

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// parts returns components whose values are the letters: "aAb" are x1 of a, x2 of A, x3 of b.
func parts(letters string) (all []format.Component) {
	for i, c := range []byte(letters) {
		all = append(all, format.Component{Label: "x" + string(rune('1'+i)), Hash: bytes.Repeat([]byte{c}, format.MaxComponentHash)})
	}
	return all
}

// TestMachineByDrift: a machine that is exchanged part by part, each request like the one
// before, is another machine once it has nothing left of the first one. What was left behind
// by an answered change of machine is not asked again.
func TestMachineByDrift(t *testing.T) {
	var earlier []*verify.Request
	s := At(t.TempDir())
	ask := func(components string) bool {
		q := &format.Request{Components: parts(components), Time: int64(len(earlier) + 1)}
		changed := s.changed(q, earlier, environment())
		earlier = append(earlier, &verify.Request{Request: *q, Hash: [32]byte{byte(len(earlier) + 1)}})
		return changed
	}
	for i, c := range []struct {
		components string
		changed    bool
	}{{"aaa", false}, {"aab", false}, {"abb", true}, {"bbb", true}, {"", true}} {
		if got := ask(c.components); got != c.changed {
			t.Errorf("request %d: changed %v", i+1, got)
		}
	}
	earlier = earlier[:1]
	if ask("aba") || !ask("aBc") {
		t.Error("half of a machine is one")
	}
}

// TestChangedByTheLicense: how much must agree is what the installed license asks for, and it
// is the one that the request names.
func TestChangedByTheLicense(t *testing.T) {
	for name, c := range map[string]struct {
		components string
		need       uint64
		changed    bool
	}{
		"k of k":             {"aaa", 3, false},
		"less than k":        {"aab", 3, true},
		"k":                  {"abb", 1, false},
		"none of k":          {"bbb", 1, true},
		"another named part": {"baa", 2, false},
	} {
		s := At(t.TempDir())
		first := &verify.Request{Request: format.Request{Components: parts("aaa"), Time: 1}, Hash: [32]byte{1}}
		l := sitetest.License()
		l.Binding = &format.Binding{Key: sealed(t).Public().Bytes(), Request: first.Hash, Need: c.need, Components: parts("aaa")}
		text, err := sitetest.Seal(l)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, licenseFile, text)
		q := &format.Request{Components: parts(c.components), Time: 2}
		if got := s.changed(q, []*verify.Request{first}, environment()); got != c.changed || (q.Prior != nil) != c.changed || got && *q.Prior != l.ID {
			t.Errorf("%s: changed %v, replaces %v", name, got, q.Prior)
		}
	}
}

// TestChangeOfMachine: with everything exchanged, the request is signed, in its code as well,
// and names the installed license; once it is answered, the next one is an ordinary one. The old
// machine can still give its license up.
func TestChangeOfMachine(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	asked := 0
	ask := func(value string) *Request {
		t.Helper()
		o := options(t)
		o.Components = nil
		for _, label := range []string{"cluster", "rack", "volume"} {
			v, err := machine.ParseValue(label + "=" + value)
			if err != nil {
				t.Fatal(err)
			}
			o.Components = append(o.Components, v)
		}
		o.Now = now.Add(time.Duration(asked) * time.Hour)
		asked++
		return request(t, s, o)
	}
	first := ask("one")
	if first.Changed || first.Prior != nil || !strings.HasPrefix(first.Code, "OLQ1:") {
		t.Fatalf("got %+v", first)
	}
	put(t, s, licenseFile, license(t, first, nil))
	second := ask("two")
	if !second.Changed || second.Prior == nil || *second.Prior != (format.ID{2}) {
		t.Fatalf("got %+v", second)
	}
	for _, text := range []string{string(second.Text), second.Code} {
		if q, err := verify.OpenRequest([]byte(text)); err != nil || !q.Signed || *q.Prior != *second.Prior {
			t.Errorf("got %+v, %v", q, err)
		}
	}
	put(t, s, licenseFile, license(t, second, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{3}, 2 }))
	if again := ask("two"); again.Changed || again.Prior != nil || !strings.HasPrefix(again.Code, "OLQ1:") {
		t.Errorf("after the answer: got %+v", again)
	}
	if back := ask("one"); !back.Changed || *back.Prior != (format.ID{3}) {
		t.Errorf("back on the first machine: got %+v", back)
	}
	release(t, s)
}

// TestTripForNothing: where nothing identifies the machine, that is said before anything is
// made, and the machine key alone is enough for who says so.
func TestTripForNothing(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Components = nil
	r, err := s.Request(o)
	identity, _ := machine.Read(machine.Options{Product: "evoq"})
	if len(identity.Components) == 0 {
		if r != nil || !errors.Is(err, ErrUnidentified) {
			t.Errorf("got %+v, %v", r, err)
		}
		if _, err := os.Stat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
			t.Error("something was made")
		}
	}
	s = At(filepath.Join(t.TempDir(), "S"))
	o.KeyOnly = true
	if r, err := s.Request(o); err != nil || len(r.Components) > 0 || !strings.HasPrefix(r.Code, "OLQ1:") {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestInvisibleInRequest: what a person would not see is not asked for.
func TestInvisibleInRequest(t *testing.T) {
	for _, bad := range []string{"Ops\u202e", "Ops\x1b[2J", "Ops\u200b", "Ops\ufeff", "O\nps"} {
		for field, set := range map[string]func(*RequestOptions){
			"invoice": func(o *RequestOptions) { o.Invoice = bad },
			"site":    func(o *RequestOptions) { o.Site = bad },
			"host":    func(o *RequestOptions) { o.Host = bad },
			"e-mail":  func(o *RequestOptions) { o.Email = bad + "@site.example" },
		} {
			s := At(filepath.Join(t.TempDir(), "S"))
			o := options(t)
			set(&o)
			r, err := s.Request(o)
			if f := new(FieldError); r != nil || !errors.As(err, &f) || f.Field != field {
				t.Errorf("%s %q: got %v, %v", field, bad, r, err)
			}
			if _, err := os.Stat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
				t.Error("something was made")
			}
		}
	}
}
