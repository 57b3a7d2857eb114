package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/format"
)

var (
	sample = format.EncodeText(format.RequestBody, bytes.Repeat([]byte("x"), 100))
	other  = format.EncodeText(format.RequestBody, bytes.Repeat([]byte("y"), 100))
)

// posted is a form: a name and a value, in turn.
func posted(pairs ...string) *http.Request {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == FileField {
			part, _ := w.CreateFormFile(FileField, "photo.jpg")
			io.WriteString(part, pairs[i+1])
		} else {
			w.WriteField(pairs[i], pairs[i+1])
		}
	}
	w.Close()
	r := httptest.NewRequest(http.MethodPost, "/", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

func urlencoded(values url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n"

// parts are those of the sample.
func parts(t *testing.T) []string {
	t.Helper()
	all, err := format.EncodeParts(format.RequestBody, bytes.Repeat([]byte("x"), 100), 120)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFromForm: a statement is read however it was given without a picture.
func TestFromForm(t *testing.T) {
	cut := posted(TextField, sample)
	cut.Body = io.NopCloser(io.LimitReader(cut.Body, 150))
	split := parts(t)
	for _, c := range []struct {
		name, word string // "": the sample is found
		req        *http.Request
	}{
		{"pasted", "", posted("invoice", "INV1", TextField, sample)},
		{"pasted, without files", "", urlencoded(url.Values{"invoice": {"INV1"}, TextField: {sample}})},
		{"a file", "", posted("invoice", "INV1", TextField, "", FileField, "Dear all,\n"+sample+"\n")},
		{"both the same", "", posted("invoice", "INV1", FileField, sample, TextField, sample)},
		{"parts", "", posted("invoice", "INV1", TextField, split[0], FileField, split[1])},
		{"an empty file", "", posted("invoice", "INV1", TextField, sample, FileField, "")},
		{"different", "several", posted("invoice", "INV1", TextField, sample, FileField, other)},
		{"nothing", "empty", posted("invoice", "INV1", TextField, " \r\n", FileField, "")},
		{"no form", "empty", httptest.NewRequest(http.MethodPost, "/", nil)},
		{"a mail without one", "nothing", posted(FileField, "From: a@b.example\nTo: c@d.example\nSubject: e\n\nHello")},
		{"large text", "too-large", posted("invoice", "INV1", FileField, strings.Repeat("a", 11<<10))},
		{"large field", "too-large", urlencoded(url.Values{TextField: {strings.Repeat("a", 11<<10)}})},
		{"large form", "too-large", posted("invoice", "INV1", "a", strings.Repeat("a", 21<<10))},
		{"many parts", "too-large", posted(slices.Repeat([]string{"a", "b"}, maxParts+1)...)},
		{"many files", "too-large", posted(slices.Repeat([]string{FileField, "b"}, maxFiles+1)...)},
		{"cut", "cut", cut},
		{"a private key", "private", posted(TextField, privateKey)},
		{"a private key in a file", "private", posted(FileField, privateKey)},
	} {
		r := &Reader{Limits: Limits{Bytes: 20 << 10, Text: 10 << 10}}
		values, text, err := r.FromForm(c.req, format.RequestBody, format.SignedRequest)
		said, _ := errors.AsType[*Error](err)
		switch {
		case c.word == "" && (err != nil || strings.Join(strings.Fields(string(text)), "") != sample || values.Get("invoice") != "INV1" || values.Has(FileField)):
			t.Errorf("%s: got %v, %q, %v", c.name, values, text, err)
		case c.word != "" && (said == nil || said.Word != c.word || !slices.Contains(Words, c.word) || text != nil || len(hint.Of(err)) == 0 || len(hint.Of(err)) > 100):
			t.Errorf("%s: got %q, %v, want %s", c.name, text, err, c.word)
		}
		if strings.Contains(fmt.Sprint(values), "PRIVATE") {
			t.Errorf("%s: a private key would be shown: %v", c.name, values)
		}
		if held := r.held.Load(); held != 0 {
			t.Errorf("%s: holds %d bytes", c.name, held)
		}
	}
}

// slow is the end of a form that does not come before something else is seen.
type slow func()

func (s slow) Read([]byte) (int, error) { s(); return 0, io.ErrUnexpectedEOF }

// TestHeld: forms that come slowly hold no more memory than two, in whatever part of them it is; a
// small one finds room all the same.
func TestHeld(t *testing.T) {
	r := &Reader{Limits: Limits{Bytes: 1 << 20, Text: 1 << 20}}
	const most, part = 2 << 20, 900 << 10
	large := strings.Repeat("a", part)
	for _, c := range []struct{ name, form string }{
		{"a field", "Content-Disposition: form-data; name=\"lang\"\r\n\r\n" + large + "\r\n--B\r\n"},
		{"the text", "Content-Disposition: form-data; name=\"statement\"\r\n\r\n" + large + "\r\n--B\r\n"},
		{"a file", "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" + large + "\r\n--B\r\n"},
		{"a head", "Content-Disposition: form-data; name=\"" + large},
	} {
		seen := int64(0)
		body := io.MultiReader(strings.NewReader("--B\r\n"+c.form), slow(func() { seen = r.held.Load() }))
		req := httptest.NewRequest(http.MethodPost, "/", body)
		req.Header.Set("Content-Type", "multipart/form-data; boundary=B")
		if _, _, err := r.FromForm(req); err != error(errCut) || seen < part-small || r.held.Load() != 0 {
			t.Errorf("%s: got %v, held %d, and then %d", c.name, err, seen, r.held.Load())
		}
	}
	r.held.Store(most - 100)
	if _, _, err := r.FromForm(posted(TextField, sample, "a", large)); err != error(ErrBusy) || r.held.Load() != most-100 {
		t.Errorf("got %v, holding %d", err, r.held.Load())
	}
	if _, _, err := r.FromForm(posted(TextField, sample)); err != nil || r.held.Load() != most-100 {
		t.Errorf("small: got %v, holding %d", err, r.held.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.FromForm(urlencoded(url.Values{}).WithContext(ctx)); err == nil {
		t.Error("who is gone gets an answer")
	}
}

func TestStatus(t *testing.T) {
	for err, want := range map[error]string{
		ErrBusy: "503 5", errLarge: "413 ", errEmpty: "422 ", fmt.Errorf("around: %w", ErrBusy): "503 5", context.Canceled: "0 ",
	} {
		h := make(http.Header)
		if got := fmt.Sprint(Status(h, err), " ", h.Get("Retry-After")); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}
