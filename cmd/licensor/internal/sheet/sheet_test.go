package sheet

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
	"github.com/offlicense/offlicense/format/qr/qrtest"
)

// statements are valid ones of each kind that travels, from the vectors.
func statements(t testing.TB) map[format.Kind][]byte {
	t.Helper()
	files, err := filepath.Glob("../../../../testdata/vectors/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[format.Kind][]byte)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		header, text, _ := bytes.Cut(data, []byte("\n\n"))
		if !bytes.HasPrefix(header, []byte("expect: valid\n")) {
			continue
		}
		kind, raw, err := format.DecodeText(text)
		if err != nil || kind == format.CarriedLicense {
			continue
		}
		if _, err := format.CodeOf(kind, raw); err == nil {
			all[kind] = raw
		}
	}
	return all
}

var drawnCode = regexp.MustCompile(`<path transform="translate\((\S+) (\S+)\) scale\((\S+)\)" [^>]*d="([^"]*)"/>`)
var drawnRun = regexp.MustCompile(`M(\d+) (\d+)h(\d+)`)

// picture draws the codes of a page, as a browser does.
func picture(t testing.TB, svg []byte) []byte {
	t.Helper()
	const zoom = 2
	img := image.NewGray(image.Rect(0, 0, zoom*width, zoom*height))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	number := func(s []byte) float64 {
		v, err := strconv.ParseFloat(string(s), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, code := range drawnCode.FindAllSubmatch(svg, -1) {
		left, top, scale := number(code[1]), number(code[2]), number(code[3])
		at := func(from, modules float64) int { return int(math.Round(zoom * (from + scale*modules))) }
		for _, run := range drawnRun.FindAllSubmatch(code[4], -1) {
			x, y, n := number(run[1]), number(run[2]), number(run[3])
			draw.Draw(img, image.Rect(at(left, x), at(top, y), at(left, x+n), at(top, y+1)), image.Black, image.Point{}, draw.Src)
		}
	}
	return qrtest.PNG(t, img)
}

// zbar reads the codes of a picture.
func zbar(t testing.TB, picture []byte) []string {
	t.Helper()
	texts, installed := qrtest.Zbar(t, picture)
	if !installed {
		t.Skip("SKIPPED: no zbarimg, so the codes were read with one reader only")
	}
	return strings.Fields(texts)
}

// wantCodes reads the codes of a sheet with both readers.
func wantCodes(t *testing.T, name string, s *Sheet, want []string) {
	t.Helper()
	var ours, others []string
	for _, page := range s.SVG() {
		if !drawnCode.Match(page) {
			continue
		}
		p := picture(t, page)
		texts, err := photo.Read(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		ours, others = append(ours, texts...), append(others, zbar(t, p)...)
	}
	for reader, got := range map[string][]string{"ours": ours, "zbar": others} {
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %s reads %d codes, want %d: %.100q", name, reader, len(got), len(want), got)
		}
	}
}

// TestCodes: what is read off the pages of a sheet is the statement, and so is its text.
func TestCodes(t *testing.T) {
	all := statements(t)
	if len(all) < 5 {
		t.Fatalf("%d kinds of statements", len(all))
	}
	for kind, raw := range all {
		carried := format.EncodeText(kind, raw)
		s, err := Of(kind, raw, carried)
		if err != nil {
			t.Fatal(err)
		}
		want, err := qr.Cut(carried, qr.Capacity(qr.Readable), mostCodes)
		if err != nil {
			t.Fatal(err)
		}
		wantCodes(t, kind.String(), s, want)
		page := string(HTML([]*Sheet{s}))
		var typed strings.Builder
		for _, line := range regexp.MustCompile(`>((?:OL[A-Z]1:|[A-Z2-7]{1,5})(?: [A-Z2-7]{1,5})*)<`).FindAllStringSubmatch(page[strings.Index(page, "The same as text"):], -1) {
			typed.WriteString(line[1])
		}
		if got, raw2, err := format.DecodeText([]byte(typed.String())); err != nil || got != kind || !bytes.Equal(raw, raw2) {
			t.Errorf("%s: the text on the sheet: %v", kind, err)
		}
		code, _ := format.CodeOf(kind, raw)
		if !strings.Contains(page, ">"+code+"<") || !strings.Contains(page, s.Command) {
			t.Errorf("%s: no comparison code, or no command", kind)
		}
	}
}

// TestManyCodes: a long statement takes several pages, and one that is too long none.
func TestManyCodes(t *testing.T) {
	raw := statements(t)[format.Delegation]
	carried := format.EncodeText(format.RevocationFile, bytes.Repeat([]byte{1, 2, 3, 4}, 1900))
	s, err := Of(format.Delegation, raw, carried)
	if err != nil || len(s.Parts) < 10 {
		t.Fatal(len(s.Parts), err)
	}
	four, err := Of(format.Delegation, raw, format.EncodeText(format.RevocationFile, bytes.Repeat([]byte{1, 2, 3, 4}, 700)))
	if err != nil || len(four.Parts) < 3 {
		t.Fatal(len(four.Parts), err)
	}
	wantCodes(t, "some", four, four.Parts)
	pages := s.SVG()
	codes := 0
	for i, page := range pages {
		codes += len(drawnCode.FindAll(page, -1))
		if !bytes.Contains(page, fmt.Appendf(nil, "page %d of %d", i+1, len(pages))) {
			t.Errorf("page %d is not numbered", i+1)
		}
	}
	if codes != len(s.Parts) || len(pages) < 2 {
		t.Errorf("%d codes of %d, on %d pages", codes, len(s.Parts), len(pages))
	}
	if _, err := Of(format.Delegation, raw, format.EncodeText(format.RevocationFile, make([]byte, 30000))); err == nil {
		t.Error("30000 bytes have a sheet")
	}
}

// checkPage reports what is in a page beside text and drawings.
func checkPage(t testing.TB, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, page)
		}
		start, is := token.(xml.StartElement)
		if !is {
			continue
		}
		if !slices.Contains([]string{"svg", "path", "text"}, start.Name.Local) {
			t.Errorf("an element %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
				t.Errorf("an attribute %s", a.Name.Local)
			}
		}
		if y := attribute(start, "y"); start.Name.Local == "text" && (y < 0 || y > height) {
			t.Errorf("a text at %v", y)
		}
	}
}

func attribute(e xml.StartElement, name string) float64 {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			v, _ := strconv.ParseFloat(a.Value, 64)
			return v
		}
	}
	return 0
}

// FuzzNames: whatever a name is, the page has text and drawings, and nothing else.
func FuzzNames(f *testing.F) {
	f.Add(`</text><script>alert(1)</script>`)
	f.Add("\"'><svg onload=x>&amp;\x00\x1b[31m\u202eevil")
	f.Add(strings.Repeat("W", 300))
	f.Add(strings.Repeat("東京 ", 100))
	f.Add("\xff\xfe")
	raw := statements(f)[format.LicenseFile]
	carried := format.EncodeText(format.LicenseFile, raw)
	f.Fuzz(func(t *testing.T, name string) {
		s, err := Of(format.LicenseFile, raw, carried, Row{"customer", name})
		if err != nil {
			t.Fatal(err)
		}
		s.Title = name
		for _, page := range s.SVG() {
			checkPage(t, page)
		}
		html := HTML([]*Sheet{s})
		for _, bad := range []string{"<script", "onload=x>", "\x1b", "\u202e", "\x00"} {
			if strings.Contains(string(html), bad) {
				t.Errorf("the page has %q", bad)
			}
		}
	})
}
