package page

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// id returns that of the license of an entry.
func (s seen) id(entry string) string {
	_, id, _ := strings.Cut(s.link(entry+"-remove"), "id=")
	return id
}

func TestRemove(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	p.add(t, "production", "automatic")
	id := p.see(t, "").id("license")
	p.see(t, "?view=remove&id="+id).want(t, 200, "remove-hint", "given up for good", "remove-invoice", "INV0042-1")
	p.active(t, "production") // nothing was confirmed

	// The service is down: it stops here all the same, and the release is kept.
	p.o.Service = "http://127.0.0.1:1"
	s := p.press(t, "do", "remove", "id", id)
	s.wantFault(t, 502, Unreachable, "cannot be reached")
	s.want(t, 502, "license-state", "^Removed", "release-state", "does not know yet")
	if s.link("license-remove") != "" {
		t.Error("it can be removed twice")
	}
	if strings.Contains(s.body, `id="release-hide"`) {
		t.Error("what the vendor does not know can be put away")
	}
	code := strings.TrimPrefix(s.link("release-show"), "?view=release&code=")
	shown := p.see(t, "?view=release&code="+code)
	shown.want(t, 200, "statement-is", "given up here on 2026-11-21 12:00 UTC", "statement-code", code)
	if file := p.see(t, shown.link("statement-file")); !strings.HasPrefix(file.body, "OLR1:") || file.header.Get("Content-Disposition") != "attachment; filename=release.olr" {
		t.Errorf("got %v %s", file.header, file.body)
	}
	if !strings.Contains(shown.body, "<svg") {
		t.Error("no code")
	}

	// Another license takes its place: the release is kept still, and is sent first.
	p.o.Service = v.URL
	p.clock.Advance(60e9)
	v.change = func(l *format.LicenseClaims) { l.Activation = "SECONDACTIVAT" }
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$", "release-state", "has recorded")
	p.press(t, "do", "deliver", "code", code).want(t, 200, "notice", "service has the release", "release-state", "has recorded it", "release-answer", "The seat is free")
	if got := v.bodies(); len(got) != 4 || !strings.HasPrefix(got[1], "OLR1:") || !strings.HasPrefix(got[2], "OLS1:") || got[3] != got[1] {
		t.Errorf("posted %q", got)
	}
	p.press(t, "do", "hide", "code", code).want(t, 200, "release", "^$", "license-state", "^Active$")

	// A page that was opened before shows an earlier license: to press there changes nothing.
	p.press(t, "do", "remove", "id", id).wantFault(t, 409, Changed, "changed meanwhile")
	p.active(t, "production")
}

// Without a service the release is shown at once, to be carried.
func TestRemoveByHand(t *testing.T) {
	p := newProduct(t, nil)
	license, err := sitetest.Sign([]byte(p.add(t, "production", "manual").text("statement-text")), nil)
	if err != nil {
		t.Fatal(err)
	}
	id := p.press(t, "do", "install", "text", string(license)).id("license")
	s := p.press(t, "do", "remove", "id", id)
	s.want(t, 200, "statement-is", "given up here", "statement-text", "^OLR1:")
	again := p.press(t, "do", "remove", "id", id)
	if again.text("statement-text") != s.text("statement-text") {
		t.Error("another release")
	}
	p.see(t, "").want(t, 200, "license-state", "^Removed", "release-state", "does not know yet")
}

// A vendor that does not know the release yet signs for the activation that was given up: it is said, and to add
// the license again is another request, which is answered once the release is recorded.
func TestAddBeforeRelease(t *testing.T) {
	p := newProduct(t, nil)
	sign := func(request seen, activation string) string {
		t.Helper()
		license, err := sitetest.Sign([]byte(request.text("statement-text")), func(l *format.LicenseClaims) {
			l.ID, l.Activation = format.ID([]byte(activation)[:16]), activation[:13]
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(license)
	}
	first := p.add(t, "production", "manual")
	id := p.press(t, "do", "install", "text", sign(first, "FIRSTACTIVATION1")).id("license")
	p.press(t, "do", "remove", "id", id).want(t, 200, "statement-is", "given up here")
	p.clock.Advance(60e9)
	second := p.add(t, "production", "manual")
	p.press(t, "do", "install", "text", sign(second, "FIRSTACTIVATION2")).wantFault(t, 422, GivenUp, "that was given up here. What to do: See that the vendor records")
	p.clock.Advance(60e9)
	third := p.add(t, "production", "manual")
	if second.text("statement-code") == third.text("statement-code") {
		t.Error("the same is asked for again")
	}
	p.press(t, "do", "install", "text", sign(third, "SECONDACTIVATION")).want(t, 200, "license-state", "^Active$")
}

// What was replaced stays on the page until it is taken off, and nothing happens to the activation of both.
func TestEarlier(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	p.add(t, "development", "automatic").want(t, 200, "license-type", "^Development$")
	s := p.add(t, "production", "automatic")
	s.want(t, 200, "license-type", "^Production$", "license-state", "^Active$", "earlier-1-state", "^Replaced.*does not touch the activation", "earlier-1-type", "^Development$")
	id := s.id("earlier-1")
	p.see(t, "?view=remove&id="+id).want(t, 200, "remove-hint", "Nothing but this entry")
	p.press(t, "do", "remove", "id", id).want(t, 200, "notice", "earlier license is removed", "license-state", "^Active$", "earlier-1", "^$", "release", "^$")
	p.active(t, "production")
	if got := v.bodies(); len(got) != 2 {
		t.Errorf("posted %q", got)
	}

	// One of another activation has a seat, which is given up.
	v.change = func(l *format.LicenseClaims) { l.Activation = "SECONDACTIVAT" }
	s = p.press(t, "do", "add", "type", "production", "email", "ops@site.example", "invoice", "INV2", "way", "automatic")
	s.want(t, 200, "license-invoice", "^INV2$", "earlier-1-state", "seat of this one is taken", "earlier-1-invoice", "INV0042-1")
	id = s.id("earlier-1")
	p.see(t, "?view=remove&id="+id).want(t, 200, "remove-hint", "seat is given up for good; the other license goes on")
	p.press(t, "do", "remove", "id", id).want(t, 200, "license-state", "^Active$", "license-invoice", "^INV2$", "earlier-1", "^$", "release-state", "has recorded")
	p.active(t, "production")
}

// What no release can be made of is removed here alone: a license that is revoked, or was copied from another server.
func TestRemoveFile(t *testing.T) {
	v := newVendor(t)
	p, q := newProduct(t, func(o *Options) { o.Service = v.URL }), newProduct(t, func(o *Options) { o.Service = v.URL })
	q.add(t, "production", "automatic")
	p.add(t, "production", "automatic")
	list, err := sitetest.List(sitetest.Root, 1, func(c *format.RevocationClaims) { c.Licenses = format.NewSet([16]byte{2}) }) // of p
	if err != nil {
		t.Fatal(err)
	}
	gone := func(s seen, state string) {
		t.Helper()
		s.want(t, 200, "license-state", state)
		p.see(t, "?view=remove&id="+s.id("license")).want(t, 200, "remove-hint", "removed from this server alone")
		p.press(t, "do", "remove", "id", s.id("license")).want(t, 200, "license-state", "^No license", "release", "^$")
		p.press(t, "do", "remove", "id", s.id("license")).wantFault(t, 409, Changed, "changed")
	}
	gone(p.press(t, "do", "install", "text", string(list)), "^Revoked")
	if err := os.WriteFile(filepath.Join(p.dir, "license.lic"), []byte(read(t, filepath.Join(q.dir, "license.lic"))), 0o644); err != nil {
		t.Fatal(err)
	}
	gone(p.see(t, ""), "^Of another server")
	if got := v.bodies(); len(got) != 2 {
		t.Errorf("posted %q", got)
	}
}

// Of several that were replaced each can be taken off: two of one activation, and one that was revoked.
func TestEarlierOnes(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	add := func(kind, invoice, activation string) seen {
		t.Helper()
		v.change = func(l *format.LicenseClaims) { l.Activation = activation }
		return p.press(t, "do", "add", "type", kind, "email", "ops@site.example", "invoice", invoice, "way", "automatic")
	}
	add("development", "INV1", "FIRSTACTIVATI").want(t, 200, "license-state", "^Active$")
	add("production", "INV1", "FIRSTACTIVATI").want(t, 200, "license-type", "^Production$")
	add("production", "INV2", "SECONDACTIVAT").want(t, 200, "license-invoice", "^INV2$")
	s := add("production", "INV3", "THIRDACTIVATI")
	s.want(t, 200, "license-invoice", "^INV3$", "earlier-1-state", "seat of this one", "earlier-2-state", "seat of this one", "earlier-3-state", "seat of this one")
	list, err := sitetest.List(sitetest.Root, 1, func(c *format.RevocationClaims) { c.Licenses = format.NewSet([16]byte{3}) }) // of INV2
	if err != nil {
		t.Fatal(err)
	}
	s = p.press(t, "do", "install", "text", string(list))
	for left := 3; left > 0; left-- {
		s.want(t, 200, "license-state", "^Active$", "earlier-1-state", "^Replaced")
		if n := strings.Count(s.body, "-remove\""); n != left+1 {
			t.Errorf("%d entries, want %d", n, left+1)
		}
		s = p.press(t, "do", "remove", "id", s.id("earlier-1"))
	}
	s.want(t, 200, "license-state", "^Active$", "earlier-1", "^$")
	releases := 0
	for _, body := range v.bodies() {
		if strings.HasPrefix(body, "OLR1:") {
			releases++
		}
	}
	if releases != 1 {
		t.Errorf("%d releases", releases)
	}
}

// TestCrash: whatever step a press was stopped after, the page says so, and the next press goes on.
func TestCrash(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	keep := func(path string) func() {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.add(t, "development", "automatic")
	again := keep(filepath.Join(p.dir, "license.lic"))
	p.add(t, "production", "automatic").want(t, 200, "license-type", "^Production$")

	// Before the license was in its place: the earlier one is kept twice, and runs.
	again()
	p.see(t, "").want(t, 200, "license-type", "^Development$", "license-state", "^Active$", "earlier-1", "^$", "request", "Production")
	p.add(t, "production", "automatic").want(t, 200, "license-type", "^Production$", "earlier-1-type", "^Development$")
	if p.requests(t) != 2 {
		t.Errorf("it has made %d requests", p.requests(t))
	}

	// Behind the record of a release: before its note, and before it was sent.
	s := p.see(t, "")
	release, err := p.o.Gate.State().Release(p.releaseOptions(nil))
	if err != nil {
		t.Fatal(err)
	}
	code := noteOf(release).Code
	p.see(t, "").want(t, 200, "license-state", "^Removed", "release-state", "does not know yet")
	p.press(t, "do", "deliver", "code", code).want(t, 200, "release-state", "has recorded")
	p.press(t, "do", "remove", "id", s.id("license")).want(t, 200, "release-state", "has recorded")

	// And before another license came: the release is not lost.
	if err := os.RemoveAll(filepath.Join(p.dir, "page")); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(60e9)
	v.change = func(l *format.LicenseClaims) { l.Activation = "SECONDACTIVAT" }
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$", "release-state", "has recorded")
	if n := p.readNote(code); n == nil || n.Release != string(release.Text) {
		t.Errorf("got %+v", n)
	}

	// What the page keeps is hostile: it is passed over.
	for _, name := range []string{code + ".json", "x.lic", "AAAA-AAAA-AAAA-AAAA.json"} {
		if err := os.WriteFile(filepath.Join(p.dir, "page", name), []byte(`{"version":1,"code":"AAAA-AAAA-AAAA-AAAA","release":"OLL1:AAAA"}`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.see(t, "").want(t, 200, "license-state", "^Active$", "release", "^$", "earlier-1", "^$")
}

// TestAtOnce: however many press what, on two pages of one directory, there is one request, one license
// and one release.
func TestAtOnce(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	q := *p
	q.handler = newHandler(p.o) // another process
	server := httptest.NewServer(&q)
	defer server.Close()
	q.url = server.URL
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$")
	id := p.see(t, "").id("license")
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			press := p
			if i%2 == 0 {
				press = &q
			}
			var status int
			switch i % 3 {
			case 0:
				status = press.add(t, "production", "automatic").status
			case 1:
				status = press.press(t, "do", "remove", "id", id).status
			case 2:
				status = press.see(t, "").status
			}
			if status != 200 && status != 422 && status != 409 { // the license was removed meanwhile
				t.Errorf("got %d", status)
			}
		})
	}
	wait.Wait()
	releases := make(map[string]bool)
	for _, body := range v.bodies() {
		if strings.HasPrefix(body, "OLR1:") {
			releases[body] = true
		}
	}
	if len(releases) != 1 {
		t.Errorf("%d different releases were sent", len(releases))
	}
	p.clock.Set(sitetest.Issued.Add(3600e9))
	v.change = func(l *format.LicenseClaims) { l.Activation = "SECONDACTIVAT" }
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$")
}
