package site

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

func TestRequestIsKept(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Site, o.Host = "main", "web1"
	r := request(t, s, o)
	kept, err := os.ReadFile(r.Path)
	if err != nil || string(kept) != string(r.Text) {
		t.Fatalf("kept %q, %v", kept, err)
	}
	signed, err := verify.OpenRequest(r.Text)
	if err != nil || !signed.Signed || signed.Hash != r.Hash {
		t.Fatalf("got %v, %v", signed, err)
	}
	code, err := verify.OpenRequest([]byte(r.Code))
	if err != nil || code.Signed || code.Hash != r.Hash {
		t.Fatalf("got %v, %v", code, err)
	}
	if q := signed.Request; q.Product != "evoq" || q.Site != "main" || q.Host != "web1" || q.Prior != nil ||
		q.Time != now.Unix() || q.Account != format.AccountHash("INV0042-1", "ops@site.example") {
		t.Errorf("got %+v", q)
	}
	if strings.Contains(string(kept), "site.example") {
		t.Error("the address is in the request")
	}
}

// Hashes are shortened where the code would not fit a console, and there alone.
func TestRequestFitsConsole(t *testing.T) {
	const version6L = 195 // characters
	request := func(site, host string, labels ...string) *format.Request {
		q := &format.Request{
			Product: "evoq", Invoice: "INV0042-1", Type: "production", Time: now.Unix(),
			Key: make([]byte, 32), Site: site, Host: host,
		}
		for _, label := range labels {
			q.Components = append(q.Components, format.Component{Label: label, Hash: []byte("12345678")})
		}
		return q
	}
	machine := []string{format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS}
	for name, c := range map[string]struct {
		q    *format.Request
		size int // of a hash
	}{
		"a machine's three":     {request("", "", machine...), 8},
		"and a host":            {request("", "web-frontend-01", machine...), 6},
		"three of the operator": {request("", "", "cluster", "volume", "rack"), 6},
		"a hardware's":          {request("", "", format.LabelProductUUID, "cluster", "volume"), 6},
		"one and a host":        {request("", "web-frontend-01", "cluster"), 8},
		"four with short names": {request("", "", append(machine, "a")...), 8},
		"four":                  {request("", "", append(machine, "cluster")...), 6},
	} {
		offered := c.q.Components
		if err := fit(c.q); err != nil {
			t.Fatal(err)
		}
		body, err := c.q.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if code := format.EncodeText(format.RequestBody, body); len(code) > version6L || len(c.q.Components[0].Hash) != c.size {
			t.Errorf("%s: %d characters with hashes of %d bytes, want %d", name, len(code), len(c.q.Components[0].Hash), c.size)
		}
		if len(offered[0].Hash) != 8 {
			t.Errorf("%s: the hashes of the offer are shortened, too", name)
		}
	}
	long := request(strings.Repeat("x", 100), "", "cluster")
	if err := fit(long); err != nil || len(long.Components[0].Hash) != 6 {
		t.Errorf("got %d bytes, %v", len(long.Components[0].Hash), err)
	}
}

func TestFaultyRequestMakesNothing(t *testing.T) {
	dir := t.TempDir()
	for field, change := range map[string]func(*RequestOptions){
		"product":   func(o *RequestOptions) { o.Product = "Evoq" },
		"invoice":   func(o *RequestOptions) { o.Invoice = "" },
		"type":      func(o *RequestOptions) { o.Type = "prod" },
		"site":      func(o *RequestOptions) { o.Site = strings.Repeat("x", 129) },
		"host":      func(o *RequestOptions) { o.Host = "a\x1bb" },
		"component": func(o *RequestOptions) { o.Components = append(o.Components, o.Components...) },
	} {
		o := options(t)
		change(&o)
		_, err := At(filepath.Join(dir, "S")).Request(o)
		var faulty *FieldError
		if !errors.As(err, &faulty) || faulty.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	o := options(t)
	o.Now = time.Time{}
	if _, err := At(filepath.Join(dir, "S")).Request(o); err == nil {
		t.Error("a request without a time")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("made %v, %v", entries, err)
	}
}

func TestManyRequestsStopNothing(t *testing.T) {
	s, _ := installedState(t)
	for i := range maxRequests + 20 {
		o := options(t)
		o.Now = now.Add(time.Duration(i+1) * time.Second)
		request(t, s, o)
	}
	if _, err := verifyAt(t, s, now); err != nil {
		t.Error(err)
	}
}

func TestRenamedRequestIsFound(t *testing.T) {
	s, r := installedState(t)
	if err := os.Rename(r.Path, s.path(filepath.Join(requestsDir, "first.olq"))); err != nil {
		t.Fatal(err)
	}
	if _, err := verifyAt(t, s, now); err != nil {
		t.Error(err)
	}
	if err := os.Remove(s.path(filepath.Join(requestsDir, "first.olq"))); err != nil {
		t.Fatal(err)
	}
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.WrongSite)
}

func TestForeignFilesAmongRequests(t *testing.T) {
	s, r := installedState(t)
	stray := s.path(filepath.Join(requestsDir, "STRAY.olq"))
	for name, text := range map[string]string{
		"garbage":  "hello",
		"empty":    "",
		"unsigned": r.Code,
		"license":  string(file(t, s, licenseFile)),
	} {
		if err := os.WriteFile(stray, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		// The license finds its own request by name; nothing else matters to it.
		if _, err := verifyAt(t, s, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// To say which requests were made here, all are read.
		text := license(t, r, func(l *format.LicenseClaims) { l.Binding.Request[0]++ })
		_, err := s.Judge(sitetest.Verifier(t), text, program(t), now)
		var refusal *verify.Refusal
		if err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "STRAY.olq") {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
	if err := os.Remove(stray); err != nil {
		t.Fatal(err)
	}
	// Another machine's request, carried here.
	o := options(t)
	o.Now = now.Add(time.Minute)
	other := request(t, At(filepath.Join(t.TempDir(), "other")), o)
	if err := os.WriteFile(stray, other.Text, 0o644); err != nil {
		t.Fatal(err)
	}
	text := license(t, r, func(l *format.LicenseClaims) { l.Binding.Request[0]++ })
	_, err := s.Judge(sitetest.Verifier(t), text, program(t), now)
	wantReason(t, err, verify.WrongSite)
	// A name that does not fit is no way around: the request in the place of ours is another.
	if err := os.WriteFile(r.Path, other.Text, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = verifyAt(t, s, now)
	wantReason(t, err, verify.WrongSite)
}

// A license is judged by the key of the request that it answers.
func TestRenewedMachineKey(t *testing.T) {
	s, r := installedState(t)
	if err := os.Remove(s.path(keyFile)); err != nil {
		t.Fatal(err)
	}
	o := options(t)
	o.Now = now.Add(time.Minute)
	renewed := request(t, s, o)
	for _, path := range []string{r.Path, renewed.Path} { // so that all requests are read
		if err := os.Rename(path, s.path(filepath.Join(requestsDir, "renamed-"+filepath.Base(path)))); err != nil {
			t.Fatal(err)
		}
	}
	for _, own := range []*Request{r, renewed} {
		install(t, s, license(t, own, nil))
	}
	other := request(t, At(filepath.Join(t.TempDir(), "other")), o)
	_, err := s.Judge(sitetest.Verifier(t), license(t, other, nil), program(t), now)
	wantReason(t, err, verify.WrongSite)
}

func TestDirectoryOfOtherThings(t *testing.T) {
	volume := volumeLicense(t, 1)
	for _, name := range []string{"passwd", licenseFile, clockFile, "request.olq"} {
		s := At(t.TempDir())
		put(t, s, name, []byte("foreign"))
		if _, err := s.Request(options(t)); !errors.Is(err, ErrNotState) {
			t.Errorf("%s: request: got %v", name, err)
		}
		if _, err := s.Install(sitetest.Verifier(t), volume, InstallOptions{Now: now}); !errors.Is(err, ErrNotState) {
			t.Errorf("%s: install: got %v", name, err)
		}
		if entries, err := os.ReadDir(s.Dir()); err != nil || len(entries) != 1 || string(file(t, s, name)) != "foreign" {
			t.Errorf("%s: made %v, %v", name, entries, err)
		}
	}
	fresh := t.TempDir()
	if err := os.Mkdir(filepath.Join(fresh, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	request(t, At(fresh), options(t))
}

// A license that answers no request may be the first thing in a directory.
func TestInstallWithoutRequest(t *testing.T) {
	bound := license(t, request(t, At(filepath.Join(t.TempDir(), "S")), options(t)), nil)
	for name, s := range map[string]*State{"missing": At(filepath.Join(t.TempDir(), "S")), "empty": At(t.TempDir())} {
		_, err := s.Install(sitetest.Verifier(t), bound, InstallOptions{Components: cluster(t), Now: now})
		if !errors.Is(err, ErrNoRequest) {
			t.Errorf("%s: got %v", name, err)
		}
		_, err = s.Install(sitetest.Verifier(t), volumeLicense(t, 1), InstallOptions{Now: sitetest.Ends})
		wantReason(t, err, verify.Expired)
		if entries, _ := os.ReadDir(s.Dir()); len(entries) > 0 {
			t.Errorf("%s: a refused license made %v", name, entries)
		}
		install(t, s, volumeLicense(t, 1))
		install(t, s, volumeLicense(t, 2)) // a renewal
		if _, err := verifyAt(t, s, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		request(t, s, options(t))
	}
}

func volumeLicense(t *testing.T, epoch uint64) []byte {
	t.Helper()
	l := sitetest.License()
	l.Terms.Epoch = epoch
	text, err := sitetest.Seal(l)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOneProductInOneDirectory(t *testing.T) {
	installed, _ := installedState(t)
	asked := At(filepath.Join(t.TempDir(), "S"))
	request(t, asked, options(t))
	o := options(t)
	o.Product = "liquid"
	for name, s := range map[string]*State{"installed": installed, "asked": asked} {
		if _, err := s.Request(o); !errors.Is(err, ErrOtherProduct) {
			t.Errorf("%s: got %v", name, err)
		}
		if names, err := s.requestNames(); err != nil || len(names) != 1 {
			t.Errorf("%s: the refused request is kept: %q, %v", name, names, err)
		}
	}
}

func TestBrokenRandom(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	o.Random = strings.NewReader("too short")
	if _, err := s.Request(o); err == nil {
		t.Error("a key of too little random")
	}
	o.Random = rand.Reader
	request(t, s, o)
}
