package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// FuzzForm: whatever is posted, the answer is a screen or leads back to the page.
func FuzzForm(f *testing.F) {
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""} {
		f.Add(kind, "do=add&type=production&email=ops@site.example&invoice=INV1&way=manual")
		f.Add(kind, "do=remove&id=AAAAAAAAAAAAAAAAAAAAAAAAAA")
		f.Add(kind, "do=hide&code=AAAA-AAAA-AAAA-AAAA")
		f.Add(kind, "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\ninstall\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nOLL1:AAAA\r\n--x--\r\n")
	}
	p := newProduct(f, nil)
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		switch to := w.Header().Get("Location"); {
		case w.Code == http.StatusSeeOther && strings.HasPrefix(to, "?"):
		case w.Code >= 400 && strings.Contains(w.Body.String(), `id="fault"`):
		default:
			t.Errorf("got %d %q", w.Code, to)
		}
	})
}

// FuzzFind: what is found in what was uploaded is a statement in its one form.
func FuzzFind(f *testing.F) {
	license, err := sitetest.Seal(sitetest.License())
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(license), "Hello\n> " + string(license) + "\nBye", "\xff\xfeO\x00L\x00L\x001\x00", "1: OLL1", "\x89PNG"} {
		f.Add([]byte(text))
	}
	p := newProduct(f, nil)
	f.Fuzz(func(t *testing.T, given []byte) {
		text, kind, failed := p.find(given)
		if failed != nil {
			if text != nil || failed.What == "" || failed.Next == "" {
				t.Errorf("got %q, %+v", text, failed)
			}
			return
		}
		again, raw, err := format.DecodeText(text)
		if err != nil || again != kind || !wanted[kind] || string(format.EncodeFile(kind, raw)) != string(text) {
			t.Errorf("got %q, %v", text, err)
		}
	})
}
