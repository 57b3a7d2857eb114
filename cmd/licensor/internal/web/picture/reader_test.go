package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo/phototest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// misbehaving are children that are not as they should be, by the word that starts them.
var misbehaving = map[string]func(){
	"hang":  func() { time.Sleep(time.Hour) },
	"crash": func() { panic("the decoder has a mistake") },
	"flood": func() {
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	},
	"lie":     func() { fmt.Println(`{"texts": {}}`) },
	"nothing": func() { fmt.Println(`{}`) },
}

// exit ends a child at once: os.Exit waits a second for the race detector.
var exit = syscall.Exit

// TestMain lets the test binary be the child.
func TestMain(m *testing.M) {
	if IsChild(os.Args[1:]) {
		exit(Child(os.Args[1:], os.Stdin, os.Stdout, func(ctx context.Context, data []byte, pixels int) ([]string, *Error) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour) // which a busy machine may need
			defer cancel()
			texts, err := photo.ReadWithin(ctx, data, pixels)
			unread, _ := errors.AsType[*photo.Unread](err)
			return texts, (*Error)(unread)
		}))
	}
	if len(os.Args) == 3 && misbehaving[os.Args[1]] != nil {
		misbehaving[os.Args[1]]()
		exit(0)
	}
	os.Exit(m.Run())
}

// reader returns one whose children are as they should be, or misbehave.
func reader(t *testing.T, word string) *Reader {
	t.Helper()
	command, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	if word != "" {
		command[1] = word
	}
	return &Reader{Command: command, Limits: ForCustomers, patience: time.Hour}
}

func drawn(t *testing.T, text string) string {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := code.PNG(3)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPictures: a statement is read off pictures, also if its parts are on several.
func TestPictures(t *testing.T) {
	split := parts(t)
	r := reader(t, "")
	for name, c := range map[string]struct {
		req  *http.Request
		word string
	}{
		"one":            {posted("invoice", "INV1", FileField, drawn(t, sample)), ""},
		"two parts":      {posted(FileField, drawn(t, split[1]), FileField, drawn(t, split[0])), ""},
		"a part beside":  {posted(TextField, split[1], FileField, drawn(t, split[0])), ""},
		"another code":   {posted(FileField, drawn(t, "https://example.com")), "other-code"},
		"GIF":            {posted(FileField, "GIF89a"), "form"},
		"13 megapixels":  {posted(FileField, sized(4200, 3100)), "too-large"},
		"a picture lost": {posted(FileField, drawn(t, sample)[:200]), "damaged"},
	} {
		_, text, err := r.FromForm(c.req, format.RequestBody)
		said, _ := errors.AsType[*Error](err)
		if c.word == "" && (err != nil || strings.Join(strings.Fields(string(text)), "") != sample) || c.word != "" && (said == nil || said.Word != c.word || hint.Of(err) == "") {
			t.Errorf("%s: got %q, %v, want %q", name, text, err, c.word)
		}
	}
}

// TestMisbehaving: whatever a child does, there is one answer, and one line in the log.
func TestMisbehaving(t *testing.T) {
	for _, c := range []struct {
		word string
		want *Error
		log  string
	}{
		{"crash", errDamaged, "the decoder has a mistake"},
		{"flood", errTime, ""},
		{"hang", errTime, ""},
		{"lie", errDamaged, "cannot unmarshal"},
		{"nothing", errDamaged, ""},
	} {
		var log bytes.Buffer
		r := reader(t, c.word)
		r.Log = slog.New(slog.NewTextHandler(&log, nil))
		if c.want == errTime {
			r.patience = 50 * time.Millisecond
		}
		texts, err := r.Read(t.Context(), []byte("a picture"))
		if err != error(c.want) || texts != nil {
			t.Errorf("%s: got %q, %v, want %v", c.word, texts, err, c.want)
		}
		lines := strings.Count(log.String(), "\n")
		if c.log == "" && lines > 0 || c.log != "" && (lines != 1 || !strings.Contains(log.String(), c.log)) {
			t.Errorf("%s: logged %q", c.word, log.String())
		}
		if r.running.Load() != 0 {
			t.Errorf("%s: %d are still running", c.word, r.running.Load())
		}
	}
	r := reader(t, "hang")
	r.patience = 20 * time.Millisecond
	if _, _, err := r.FromForm(posted(slices.Repeat([]string{FileField, drawn(t, sample)}, 5)...)); err != error(errTime) {
		t.Errorf("several that hang: got %v", err)
	}
	r.Command[0] += ".not-there"
	if _, err := r.Read(t.Context(), nil); err == nil || Status(nil, err) != 0 {
		t.Errorf("without a program: got %v", err)
	}
}

// sized is a JPEG that says of itself to have a size.
func sized(w, h int) string {
	data := phototest.Flat(8, 8, false, 0x11)
	_, frame, _ := bytes.Cut(data, []byte("\xff\xc0"))
	binary.BigEndian.PutUint16(frame[3:], uint16(h))
	binary.BigEndian.PutUint16(frame[5:], uint16(w))
	return string(data)
}

// bombs are pictures that cost much, or that a decoder may stumble over, by their names.
func bombs(t *testing.T) map[string]string {
	t.Helper()
	picture := drawn(t, sample)
	wide := []byte(picture)
	copy(wide[16:], "\x00\x01\xff\xff\x00\x01\xff\xff") // its size
	var flat bytes.Buffer
	if err := png.Encode(&flat, image.NewNRGBA64(image.Rect(0, 0, 200, 200))); err != nil {
		t.Fatal(err)
	}
	progressive := string(phototest.Flat(4096, 3072, true, 0x11))
	return map[string]string{
		"PNG with a false size":       string(wide),
		"PNG of one color":            flat.String(),
		"PNG, cut":                    picture[:len(picture)/2],
		"JPEG of 400 megapixels":      sized(20000, 20000),
		"JPEG of 65535 by 65535":      sized(65535, 65535),
		"JPEG, progressive":           progressive[:len(progressive)-100], // all of it is decoded
		"JPEG, cut":                   progressive[:5000],
		"WebP of 16384 by 16384":      "RIFF\x20\x00\x00\x00WEBPVP8L\x14\x00\x00\x00\x2f\xff\xff\xff\x0f" + strings.Repeat("\x00", 15),
		"GIF":                         "GIF89a\xff\xff\xff\xff\xf7\x00\x00" + strings.Repeat("\x00", 1000),
		"TIFF":                        "II*\x00" + strings.Repeat("\xff", 1000),
		"PDF":                         "%PDF-1.7" + strings.Repeat("\x00", 1000),
		"an archive, which is a text": "PK\x03\x04" + strings.Repeat("\x00", 1000),
	}
}

// TestBombs: of 50 pictures at once two are read. The process that can sign has no more memory
// than it had, and answers meanwhile.
func TestBombs(t *testing.T) {
	site := func(r *Reader) *httptest.Server {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /", func(w http.ResponseWriter, req *http.Request) {
			_, _, err := r.FromForm(req)
			w.WriteHeader(max(http.StatusOK, Status(w.Header(), err)))
		})
		mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "signed") })
		s := httptest.NewServer(mux)
		t.Cleanup(s.Close)
		return s
	}
	post := func(s *httptest.Server, picture string) int {
		form := posted(FileField, picture)
		answer, err := http.Post(s.URL, form.Header.Get("Content-Type"), form.Body)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer answer.Body.Close()
		if busy := answer.StatusCode == http.StatusServiceUnavailable; busy != (answer.Header.Get("Retry-After") != "") {
			t.Errorf("%s says when to come again: %v", answer.Status, !busy)
		}
		return answer.StatusCode
	}
	atOnce := func(s *httptest.Server, pictures []string) map[int]int {
		var all sync.WaitGroup
		statuses := make(chan int, len(pictures))
		for _, picture := range pictures {
			all.Go(func() { statuses <- post(s, picture) })
		}
		if answer, err := http.Get(s.URL); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("meanwhile: %v, %v", answer, err)
		}
		all.Wait()
		close(statuses)
		got := make(map[int]int)
		for status := range statuses {
			got[status]++
		}
		return got
	}
	var fifty []string
	all := bombs(t)
	for len(fifty) < 50 {
		for name, bomb := range all {
			if !strings.Contains(name, "text") {
				fifty = append(fifty, bomb)
			}
		}
	}
	good := reader(t, "")
	s := site(good)
	before := startPeak(t)
	got := atOnce(s, fifty[:50])
	if got[http.StatusUnprocessableEntity]+got[http.StatusServiceUnavailable] != 50 || got[http.StatusUnprocessableEntity] < slots {
		t.Errorf("got %v", got)
	}
	const much = 64 << 20 // one of them takes 100 to 200 MB
	more := peak(t) - before
	t.Logf("50 pictures took %d MB", more>>20)
	if more > much {
		t.Errorf("50 pictures took %d MB of the process that signs", more>>20)
	}
	for name, bomb := range all {
		if status := post(s, bomb); status != http.StatusUnprocessableEntity && !strings.Contains(name, "text") {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status := post(s, drawn(t, sample)); status != http.StatusOK {
		t.Errorf("a good one after all of these: %d", status)
	}

	// While two are being read, all others are told to come again.
	hanging := reader(t, "hang")
	ctx, end := context.WithCancel(t.Context())
	var two sync.WaitGroup
	for range slots {
		two.Go(func() {
			if _, err := hanging.Read(ctx, nil); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	for hanging.running.Load() < slots {
		time.Sleep(time.Millisecond)
	}
	if got := atOnce(site(hanging), fifty[:50]); got[http.StatusServiceUnavailable] != 50 {
		t.Errorf("got %v while %d are being read", got, slots)
	}
	end()
	two.Wait()
}
