package site

import (
	"crypto/rand"
	"errors"
	"fmt"
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

func TestRequestIsKept(t *testing.T) {
	s := At(filepath.Join(t.TempDir(), "S"))
	o := options(t)
	prior := format.ID{9}
	o.Site, o.Host, o.Prior = "main", "web1", &prior
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
	if q := signed.Request; q.Product != "evoq" || q.Site != "main" || q.Host != "web1" || *q.Prior != prior ||
		q.Time != now.Unix() || q.Account != format.AccountHash("INV0042-1", "ops@site.example") {
		t.Errorf("got %+v", q)
	}
	if strings.Contains(string(kept), "site.example") {
		t.Error("the address is in the request")
	}
}

// Of many components the hashes are shorter, so that the code still fits a console.
func TestRequestFitsConsole(t *testing.T) {
	const version6L = 195 // characters
	for n := range 4 {
		o := options(t)
		o.Components = nil
		for i := range n {
			value, err := machine.ParseValue(fmt.Sprintf("c%d=value%d", i, i))
			if err != nil {
				t.Fatal(err)
			}
			o.Components = append(o.Components, value)
		}
		o.Product, o.Invoice = "evoqevoq", "INV0042-12"
		r := request(t, At(filepath.Join(t.TempDir(), "S")), o)
		size := format.MaxComponentHash
		if len(r.Components) > manyComponents {
			size = format.MinComponentHash
		}
		for _, c := range r.Components {
			if len(c.Hash) != size {
				t.Errorf("%d components: hash of %d bytes", len(r.Components), len(c.Hash))
			}
		}
		if len(r.Components) <= 3 && len(r.Code) > version6L {
			t.Errorf("%d components: %d characters", len(r.Components), len(r.Code))
		}
	}
	components := []format.Component{}
	for i := range 4 {
		components = append(components, format.Component{Label: fmt.Sprint("c", i), Hash: make([]byte, 8)})
	}
	if short := fit(components); len(short[3].Hash) != 6 || len(components[3].Hash) != 8 {
		t.Error("four components are not shortened, or their owner's are")
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
	if _, err := s.Judge(sitetest.Verifier(t), text, program(t), now); err == nil || !strings.Contains(err.Error(), "another machine key") {
		t.Errorf("got %v", err)
	}
	// A name that does not fit is no way around: the request in the place of ours is another.
	if err := os.WriteFile(r.Path, other.Text, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := verifyAt(t, s, now)
	wantReason(t, err, verify.WrongSite)
}

func TestFolderOfOtherThings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "passwd"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := At(dir).Request(options(t)); !errors.Is(err, ErrNotState) {
		t.Errorf("got %v", err)
	}
	fresh := t.TempDir()
	if err := os.Mkdir(filepath.Join(fresh, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	request(t, At(fresh), options(t))
	s, _ := installedState(t)
	o := options(t)
	o.Product = "liquid"
	if _, err := s.Request(o); !errors.Is(err, ErrOtherProduct) {
		t.Errorf("got %v", err)
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
