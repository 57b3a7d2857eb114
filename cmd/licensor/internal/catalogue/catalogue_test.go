package catalogue_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/offlicense/offlicense/cmd/licensor/internal/catalogue"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// What is written of a product is read as the same, and written the same again.
func TestRoundTrip(t *testing.T) {
	for _, name := range catalogue.Examples {
		text, err := catalogue.Example(name)
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, text)
	}
	roundTrip(t, []byte(`name = "evoq"
[[edition]]
type = "production"
term = "30 days"
grace = 7
moves = 0
allowance = 0
max_version = "none"
limits = { cores = 0, users = 9 }
ext = { tier = 3, beta = true, support = "gold plus" }
[edition.types.test]
expires = 2030-01-01
features = []
limits = {}
ext = {}
grace = "none"
`))
}

func roundTrip(t *testing.T, text []byte) {
	t.Helper()
	read, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := read.Normal("acme.example", now)
	if err != nil {
		t.Fatal(err)
	}
	written, err := catalogue.Format(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := catalogue.Parse(written)
	if err != nil {
		t.Fatalf("%v in\n%s", err, written)
	}
	same, err := again.Normal("acme.example", now)
	if err != nil || !reflect.DeepEqual(same, p) {
		t.Errorf("%s\nis read as %+v, %v; want %+v", written, same, err, p)
		return
	}
	if more, err := catalogue.Format(same); err != nil || !bytes.Equal(more, written) {
		t.Errorf("written again it is %s, %v", more, err)
	}
}

// A file is read as editors and shells of Windows save it.
func TestByteOrderMark(t *testing.T) {
	text, err := catalogue.Example("cms")
	if err != nil {
		t.Fatal(err)
	}
	want, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	little := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(string(text))) {
		little = binary.LittleEndian.AppendUint16(little, unit)
	}
	for _, saved := range [][]byte{append([]byte("\xef\xbb\xbf"), text...), little, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))} {
		if p, err := catalogue.Parse(saved); err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("%.20q: %v", saved, err)
		}
	}
}

// What is wrong with a file is said with its place.
func TestWrongFiles(t *testing.T) {
	const start = "name = \"evoq\"\n[[edition]]\nname = \"engage\"\ntype = \"production\"\n"
	for text, want := range map[string]string{
		"name = ":                                                     "line 1: ",
		"name = \"x\"\nnick = 1":                                      `line 2: a product has no "nick"`,
		start + "expire = \"12m\"":                                    `line 5: a product has no "edition.expire"`,
		start:                                                         `edition "engage": it does not say how long it lasts`,
		start + "expires = \"12x\"":                                   `expires does not take "12x"`,
		start + "expires = 1.5":                                       "expires: want a text",
		start + "perpetual = false":                                   "perpetual takes true",
		start + "perpetual = true\nterm='1d'":                         "what is perpetual has no end",
		start + "expires='1y'\nterm='30d'":                            "expires and term contradict each other",
		start + "perpetual=true\ngrace='9d'":                          "grace needs an end",
		start + "perpetual=true\nseats=0":                             "it has no seats",
		start + "perpetual=true\nseats=-1":                            `seats does not take "-1"`,
		start + "perpetual=true\nfeatures=['a b']":                    "want a list of names",
		start + "perpetual=true\nfeatures=[1]":                        "want a list of names",
		start + "perpetual=true\nlimits={cores='many'}":               "limits does not take",
		start + "perpetual=true\next={tier='3'}":                      `write "3" without quotes`,
		start + "perpetual=true\nbinding='magnet'":                    "binding does not take",
		start + "perpetual=true\nbridge='31d'":                        "at most 30 days",
		start + "perpetual=true\noptional_limits=['a b']":             `invalid name "a b"`,
		start + "perpetual=true\n[edition.types.failover]":            `type "failover": the type failover needs at least 1 emergency day`,
		start + "perpetual=true\n[edition.types.community]":           `type "community": community licenses always have an end`,
		start + "perpetual=true\n[edition.types.liveness]":            "unknown license type",
		start + "perpetual=true\n" + start[13:] + "term='1d'":         "duplicate edition",
		"name = \"evoq\"":                                             "0 editions",
		"name = \"\"\n[[edition]]\ntype='production'\nperpetual=true": `invalid product ""`,
		strings.Repeat("#", catalogue.MaxFile+1):                      "more than 64 KiB",
	} {
		p, err := catalogue.Parse([]byte(text))
		if err == nil {
			_, err = p.Normal("acme.example", now)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot %v, want %q in it", text[:min(len(text), 200)], err, want)
		}
	}
}

// FuzzParse: no file makes it panic, and what is accepted is read again as the same.
func FuzzParse(f *testing.F) {
	for _, name := range catalogue.Examples {
		text, _ := catalogue.Example(name)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := catalogue.Parse(text)
		if err != nil {
			return
		}
		if _, err := read.Normal("acme.example", now); err == nil {
			roundTrip(t, text)
		}
	})
}

// The plan of a type is that of its edition, with what is different.
func TestFill(t *testing.T) {
	text, _ := catalogue.Example("framework")
	read, _ := catalogue.Parse(text)
	p, err := read.Normal("acme.example", now)
	if err != nil {
		t.Fatal(err)
	}
	sale := &ledger.Entitlement{Product: "framework", Edition: "server", Seats: 1}
	if err := p.Edition("server").Fill(sale, now, func(term string) bool { return term == "term" || term == "moves" }); err != nil {
		t.Fatal(err)
	}
	if sale.Type != "production" || sale.Moves != nil || sale.BridgeDays != 7 || sale.Limits["cores"] != 8 || ledger.FormatDate(sale.UpdatesUntil) != "2027-11-20" {
		t.Errorf("%+v", sale)
	}
}
