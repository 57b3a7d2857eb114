package format_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// change replaces what must stand exactly once in a sample.
type change struct {
	name     string
	old, new []byte
}

func (c change) apply(t *testing.T, b []byte) []byte {
	t.Helper()
	if n := bytes.Count(b, c.old); n != 1 {
		t.Fatalf("%s: what to replace stands there %d times", c.name, n)
	}
	return bytes.Replace(b, c.old, c.new, 1)
}

// enc writes items one behind the other, as the oracle encodes each.
func enc(items ...any) []byte {
	var b []byte
	for _, item := range items {
		b = append(b, must(oracleEncoder.Marshal(item))...)
	}
	return b
}

// entry is a key of a map and its value.
func entry(key int, value any) []byte { return enc(key, value) }

func refuseChanges(t *testing.T, c codec, sample []byte, changes []change) {
	t.Helper()
	for _, change := range changes {
		wantMalformed(t, c, change.apply(t, sample), "%s", change.name)
	}
}

func TestRequestRefused(t *testing.T) {
	key := bytesOf(32, 0x11)
	refuseChanges(t, requestCodec(t), mustMarshal(t, mostRequest()), []change{
		{"product in upper case", entry(0, "evoq"), entry(0, "Evoq")},
		{"product that is a path", entry(0, "evoq"), entry(0, "../evoq")},
		{"empty product", entry(0, "evoq"), entry(0, "")},
		{"product as bytes", entry(0, "evoq"), entry(0, []byte("evoq"))},
		{"invoice of 33 bytes", entry(1, "INV0042-1"), entry(1, strings.Repeat("1", 33))},
		{"type 0", entry(3, 1), entry(3, 0)},
		{"type 9", entry(3, 1), entry(3, 9)},
		{"type -1", entry(3, 1), entry(3, -1)},
		{"type as text", entry(3, 1), entry(3, "production")},
		{"time before 1970", entry(4, 1795259400), entry(4, -1)},
		{"time in the year 10000", entry(4, 1795259400), entry(4, int64(253402300800))},
		{"time as a float", entry(4, 1795259400), entry(4, 1795259400.5)},
		{"key of 31 bytes", entry(5, key), entry(5, key[1:])},
		{"key of 33 bytes", entry(5, key), entry(5, append(key, 0))},
		{"empty key", entry(5, key), entry(5, []byte{})},
		{"no key", entry(5, key), entry(5, nil)},
		{"hash of 5 bytes", enc([]byte("machine1")), enc([]byte("machi"))},
		{"hash of 9 bytes", enc([]byte("machine1")), enc([]byte("machine12"))},
		{"label 0", enc(1, []byte("machine1")), enc(0, []byte("machine1"))},
		{"label 5", enc(1, []byte("machine1")), enc(5, []byte("machine1"))},
		{"label twice", enc(2, []byte("product1")), enc(1, []byte("product1"))},
		{"operator's label twice", enc("z"), enc("cluster")},
		{"known label as text", enc(4, []byte("mac_1234")), enc("mac", []byte("mac_1234"))},
		{"label in upper case", enc("cluster", []byte("cluster1")), enc("Cluster", []byte("cluster1"))},
		{"label of 17 bytes", enc("cluster", []byte("cluster1")), enc(strings.Repeat("c", 17), []byte("cluster1"))},
		{"label that starts with a digit", enc("cluster", []byte("cluster1")), enc("1cluster", []byte("cluster1"))},
		{"empty host", entry(8, "web1.site.example"), entry(8, "")},
		{"host of 129 bytes", entry(8, "web1.site.example"), entry(8, strings.Repeat("h", 129))},
		{"prior license of 15 bytes", []byte{9, 0x50, 9}, []byte{9, 0x4f}},
		{"unreadable label that is no component's", enc(10, []any{2, "cluster"}), enc(10, []any{2, "rack"})},
		{"unreadable labels in another order", enc(10, []any{2, "cluster"}), enc(10, []any{"cluster", 2})},
		{"unreadable label twice", enc(10, []any{2, "cluster"}), enc(10, []any{2, 2})},
		{"no unreadable label", enc(10, []any{2, "cluster"}), enc(10, []any{})},
		{"unreadable label as text", enc(10, []any{2, "cluster"}), enc(10, []any{"product-uuid", "cluster"})},
		{"unreadable label 0", enc(10, []any{2, "cluster"}), enc(10, []any{0, "cluster"})},
		{"unreadable as one label", enc(10, []any{2, "cluster"}), enc(10, 2)},
	})
}

func TestComponentCounts(t *testing.T) {
	c := requestCodec(t)
	list := func(n int) []byte {
		items := []any{}
		for i := range n {
			items = append(items, string(rune('a'+i)), []byte("12345678"))
		}
		return enc(items)
	}
	least := mustMarshal(t, leastRequest())
	start := placesOf(t, least, 0).pairs[6][0].start
	for n, good := range []bool{false, true, true, true, true, true, true, false} {
		b := append(bytes.Clone(least[:start+1]), list(n)...)
		if _, err := c.again(b); (err == nil) != good {
			t.Errorf("%d components: got %v", n, err)
		}
	}
}

// TestTextIsSafeToPrint: what a request says is shown on the vendor's terminal.
func TestTextIsSafeToPrint(t *testing.T) {
	for name, text := range map[string]string{
		"escape sequence": "a\x1b[2J", "line feed": "a\nb", "carriage return": "a\rb", "tab": "a\tb", "NUL": "a\x00b", "delete": "a\x7f",
		"C1 control": "a\u009b2J", "right-to-left override": "a\u202eb", "isolate": "a\u2066b", "Arabic letter mark": "a\u061cb",
		"right-to-left mark": "a\u200fb", "zero width space": "a\u200bb", "zero width joiner": "a\u200db", "word joiner": "a\u2060b",
		"byte order mark": "a\ufeffb", "line separator": "a\u2028b", "paragraph separator": "a\u2029b",
		"no-break space": "a\u00a0b", "soft hyphen": "a\u00adb", "grapheme joiner": "a\u034fb", "Hangul filler": "a\u3164", "Khmer vowel": "a\u17b4b",
		"Mongolian separator": "a\u180eb", "em space": "a\u2003b", "blank of Braille": "a\u2800b", "variation selector": "a\ufe0fb",
		"halfwidth filler": "a\uffa0", "shorthand control": "a\U0001bca0b", "null notehead": "a\U0001d159b", "beam": "a\U0001d173b",
		"variation selector 256": "a\U000e01efb", "non-joiner in Latin": "a\u200cb", "joiner behind the last letter": "\u0915\u094d\u200d",
		"joiner before the first": "\u200d\u0915", "joiner before a space": "\u0915\u094d\u200d \u0937", "joiner twice": "\u0915\u200d\u200d\u0937",
		"five marks": "a\u0301\u0302\u0303\u0304\u0305", "63 marks": "a" + strings.Repeat("\u0301", 63), "wide space behind": "a\u3000", "wide space before": "\u3000a",
		"a joiner to hide five marks": "\u0627\u064b\u064c\u064d\u200d\u064e\u064f",
		"a control behind a letter":   "ü\x1b[2J", "a delete behind a letter": "ü\x7f",
		"interlinear annotation": "a\ufff9b", "tag character": "a\U000e0041b", "not UTF-8": "a\xff", "overlong slash": "a\xc0\xaf",
		"half a surrogate pair": "a\xed\xa0\x80", "cut off": "a\xe6\x9d",
		"space before": " a", "space behind": "a ",
	} {
		q := leastRequest()
		q.Site = text
		if b, err := q.Marshal(); err == nil {
			t.Errorf("%s: Marshal wrote %x", name, b)
		}
		q.Site = "harmless"
		change := change{name, enc("harmless"), append(shortest(3, uint64(len(text))), text...)}
		wantMalformed(t, requestCodec(t), change.apply(t, mustMarshal(t, q)), "%s", name)
	}
	for _, text := range []string{
		"Müller & Söhne <IT>", "東京 №5", "Ελλάς", "خادم", "🙂", "株式会社\u3000東京", "Mu\u0308ller", "a\u0301\u0302\u0303\u0304b\u0305",
		"می\u200cخواهم", "क\u094d\u200dष", "ශ\u0dca\u200dර\u0dd3", "སྒྲུབས", "שָׁלוֹם", "ขึ้น", "ü",
	} {
		q := leastRequest()
		q.Site = text
		if _, err := q.Marshal(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDelegationRefused(t *testing.T) {
	changes := []change{
		{"vendor without a dot", entry(1, "acme.example"), entry(1, "acme")},
		{"vendor in upper case", entry(1, "acme.example"), entry(1, "Acme.example")},
		{"vendor with a dot at its end", entry(1, "acme.example"), entry(1, "acme.")},
		{"vendor with two dots", entry(1, "acme.example"), entry(1, "acme..example")},
		{"vendor with a space", entry(1, "acme.example"), entry(1, "acme .example")},
		{"vendor of 129 bytes", entry(1, "acme.example"), entry(1, strings.Repeat("a", 127)+".b")},
		{"no name", entry(2, "anna"), entry(2, "")},
		{"name of 33 bytes", entry(2, "anna"), entry(2, strings.Repeat("a", 33))},
		{"ends when it begins", entry(4, 1829692800), entry(4, 1795132800)},
		{"RSA key type", []byte{0xa3, 1, 1, 0x20, 6}, []byte{0xa3, 1, 3, 0x20, 6}},
		{"X25519 curve", []byte{0xa3, 1, 1, 0x20, 6}, []byte{0xa3, 1, 1, 0x20, 4}},
		{"COSE key with an alg", []byte{0xa3, 1, 1, 0x20, 6}, []byte{0xa4, 1, 1, 3, 0x27, 0x20, 6}},
		{"no products, as an empty list", entry(0, []string{"evoq", "liquid"}), entry(0, []string{})},
		{"a product twice", entry(0, []string{"evoq", "liquid"}), entry(0, []string{"evoq", "evoq"})},
		{"65 products", entry(0, []string{"evoq", "liquid"}), entry(0, numbered(65))},
		{"an empty product", entry(0, []string{"evoq", "liquid"}), entry(0, []string{""})},
		{"a product that is null", entry(0, []string{"evoq", "liquid"}), entry(0, []any{nil})},
		{"longest term of zero", entry(2, 400*86400), entry(2, 0)},
		{"longest term below zero", entry(2, 400*86400), entry(2, -1)},
		{"no seats, as a zero", entry(3, uint64(1<<40)), entry(3, 0)},
		{"seats of 64 bits", entry(3, uint64(1<<40)), entry(3, uint64(1<<63))},
		{"binding: machine", entry(4, 3), entry(4, 0)},
		{"binding: weaker than any", entry(4, 3), entry(4, 4)},
		{"binding: true", entry(4, 3), entry(4, true)},
		{"perpetual: false", entry(5, true), entry(5, false)},
		{"revocation lists for perpetual", entry(5, true), entry(6, true)},
		{"an unknown key", entry(5, true), entry(7, true)},
	}
	refuseChanges(t, delegationCodec(t), mustMarshal(t, mostDelegation()), changes)
	lists := append(enc(-70002), 0xa1, 6, 0xf5)
	scope := func(entries ...[]byte) []byte {
		return append(append(enc(-70002), 0xa0|byte(len(entries))), bytes.Join(entries, nil)...)
	}
	refuseChanges(t, delegationCodec(t), mustMarshal(t, listsDelegation()), []change{
		{"lists: false", lists, scope(entry(6, false))},
		{"lists: 1", lists, scope(entry(6, 1))},
		{"lists and products", lists, scope(entry(0, []string{"*"}), entry(6, true))},
		{"lists and types", lists, scope(entry(1, []string{"*"}), entry(6, true))},
		{"lists and a term", lists, scope(entry(2, 1), entry(6, true))},
		{"lists and seats", lists, scope(entry(3, 1), entry(6, true))},
		{"lists and a binding", lists, scope(entry(4, 3), entry(6, true))},
		{"lists and perpetual", lists, scope(entry(5, true), entry(6, true))},
		{"lists and an unknown key", lists, scope(entry(6, true), entry(7, true))},
		{"lists twice", lists, scope(entry(6, true), entry(6, true))},
	})
}

func numbered(n int) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = "w" + strings.Repeat("x", i%20) + string(rune('a'+i/20))
	}
	return words
}

func TestLicenseRefused(t *testing.T) {
	end := 1826841599
	refuseChanges(t, licenseCodec(t), mustMarshal(t, mostLicense()), []change{
		{"exp of zero for perpetual", entry(4, end), entry(4, 0)},
		{"exp before nbf", entry(4, end), entry(4, 1795305600)},
		{"nbf of zero", entry(5, 1795305600), entry(5, 0)},
		{"cti of 15 bytes", []byte{7, 0x50, 2}, []byte{7, 0x4f}},
		{"a revocation's claim", enc(-70001), enc(-70004)},
		{"a delegation's claim", enc(-70001), enc(-70002)},
		{"type that is unknown", entry(0, "production"), entry(0, "lifetime")},
		{"type as its number", entry(0, "production"), entry(0, 1)},
		{"no seats", []byte{1, 1, 2, 1, 3}, []byte{1, 0, 2, 1, 3}},
		{"epoch of zero", []byte{1, 1, 2, 1, 3}, []byte{1, 1, 2, 0, 3}},
		{"empty edition", entry(5, "engage"), entry(5, "")},
		{"edition with a space", entry(5, "engage"), entry(5, "en gage")},
		{"request's hash of 31 bytes", append([]byte{7, 0x58, 32, 5}, make([]byte, 31)...), append([]byte{7, 0x58, 31, 5}, make([]byte, 30)...)},
		{"no component must match", append(entry(8, 2), 9), append(entry(8, 0), 9)},
		{"7 of 6 components", append(entry(8, 2), 9), append(entry(8, 7), 9)},
		{"grace of zero days", entry(10, 14), entry(10, 0)},
		{"grace of more than ten years", entry(10, 14), entry(10, 3661)},
		{"updates until zero", entry(11, end), entry(11, 0)},
		{"empty version", entry(12, "9.x"), entry(12, "")},
		{"features as an empty list", entry(13, []string{"sso", "reports", "a"}), entry(13, []string{})},
		{"a feature twice", entry(13, []string{"sso", "reports", "a"}), entry(13, []string{"sso", "reports", "sso"})},
		{"limits as an empty map", limitsEntry, entry(14, map[string]int{})},
		{"a limit below zero", enc("users", 200), enc("users", -200)},
		{"a limit of 64 bits", enc("x", uint64(1<<63-1)), enc("x", uint64(1<<63))},
		{"a limit that is null", enc("users", 200), enc("users", nil)},
		{"a limit twice", enc("cores", 0), enc("users", 0)},
		{"limits not in their order", enc("apps", 300), enc("zzzzzzz", 300)},
		{"a limit named by a number", enc("apps", 300), enc(4, 300)},
		{"list of number zero", entry(16, 41), entry(16, 0)},
		{"list of a number below zero", entry(16, 41), entry(16, -41)},
		{"list of a number of 64 bits", entry(16, 41), entry(16, uint64(1<<63))},
		{"a term of a later version", entry(16, 41), entry(18, 41)},
		{"the term before ext of a later version", entry(16, 41), entry(22, 41)},
		{"ext with a list inside", enc("zero", 0), enc("zero", []int{0})},
		{"ext with a map inside", enc("zero", 0), enc("zero", map[int]int{})},
		{"ext with bytes", enc("zero", 0), enc("zero", []byte{0})},
		{"ext with a float", enc("zero", 0), enc("zero", 0.5)},
		{"ext with an integer of 65 bits", enc("zero", 0), enc("zero", uint64(1<<63))},
		{"ext with one below -2^63", enc("n", -70000), append(enc("n"), 0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0)},
		{"ext with null", enc("zero", 0), enc("zero", nil)},
		{"ext with an empty text", enc("zero", 0), enc("zero", "")},
		{"ext with a text of 129 bytes", enc("zero", 0), enc("zero", strings.Repeat("x", 129))},
		{"ext with an empty key", enc("zero", 0), enc("", 0)},
	})
}

func TestEmergencyDaysRefused(t *testing.T) {
	refuseChanges(t, licenseCodec(t), mustMarshal(t, failoverLicense()), []change{
		{"zero days", entry(15, 14), entry(15, 0)},
		{"days below zero", entry(15, 14), entry(15, -14)},
		{"days of 64 bits", entry(15, 14), entry(15, uint64(1<<63))},
		{"days in a license of another type", entry(0, "failover"), entry(0, "production")},
		{"days that count from noon", entry(17, 1795219200), entry(17, 1795219200+43200)},
		{"days that count from 1970", entry(17, 1795219200), entry(17, 0)},
		{"days that count from before", entry(17, 1795219200), entry(17, -86400)},
		{"days that count from the year 10000", entry(17, 1795219200), entry(17, int64(253402300800))},
	})
}

func TestReleaseRefused(t *testing.T) {
	license := append([]byte{0, 0x50, 2}, make([]byte, 15)...)
	refuseChanges(t, releaseCodec(t), mustMarshal(t, mostRelease()), []change{
		{"no activation", entry(2, "K7QX2MPA3ZL4N"), entry(2, "")},
		{"a product for the vendor", entry(3, "acme.example"), entry(3, "evoq")},
		{"time before 1970", entry(6, 1795348800), entry(6, -1)},
		{"cti of 15 bytes", []byte{7, 0x50, 3}, []byte{7, 0x4f}},
		{"a license's claim", enc(-70005), enc(-70001)},
		{"a revocation's claim", enc(-70005), enc(-70004)},
		{"an attestation's claim", enc(-70005), enc(-70006)},
		{"license of 15 bytes", license, append([]byte{0, 0x4f}, make([]byte, 15)...)},
		{"license as text", license, entry(0, "AIAAAAAAAAAAAAAAAAAAAAAAAA")},
		{"zero emergency days", entry(1, 12), entry(1, 0)},
		{"days below zero", entry(1, 12), entry(1, -1)},
		{"days as a float", entry(1, 12), entry(1, 12.5)},
		{"an unknown key", entry(1, 12), entry(2, 12)},
	})
}

func TestAttestationRefused(t *testing.T) {
	license := append([]byte{0, 0x50, 2}, make([]byte, 15)...)
	refuseChanges(t, attestationCodec(t), mustMarshal(t, mostAttestation()), []change{
		{"no activation", entry(2, "K7QX2MPA3ZL4N"), entry(2, "")},
		{"a product for the vendor", entry(3, "acme.example"), entry(3, "evoq")},
		{"time before 1970", entry(6, 1795348800), entry(6, -1)},
		{"a release's claim", enc(-70006), enc(-70005)},
		{"license of 15 bytes", license, append([]byte{0, 0x4f}, make([]byte, 15)...)},
		{"a name for the product", entry(2, "evoq"), entry(2, "Evoq")},
		{"no floor as zero", entry(4, 1795345200), entry(4, 0)},
		{"a version that is empty", entry(5, "9.2.0"), entry(5, "")},
		{"built at zero", entry(6, 1795000000), entry(6, 0)},
		{"use of nothing", entry(7, map[string]uint64{"users": 42, "cores": 0}), entry(7, map[string]uint64{})},
		{"an unknown key", entry(5, "9.2.0"), entry(8, "9.2.0")},
	})
}

var limitsEntry = entry(14, map[string]uint64{"users": 200, "cores": 0, "x": 1<<63 - 1, "apps": 300})

// TestBindingIsWholeOrAbsent: half a binding must not read as a license for any machine.
// Both of need and components may be missing, for a site that nothing else identifies.
func TestBindingIsWholeOrAbsent(t *testing.T) {
	const key, terms, request, need, components = 7, 8, 7, 8, 9 // places in the sample's maps
	c := licenseCodec(t)
	whole := mustMarshal(t, mostLicense())
	claims := placesOf(t, whole, 0)
	inner := claims.pairs[terms][1]
	wantMalformed(t, c, without(whole, claims, key), "without the machine's key")
	wantMalformed(t, c, without(whole, inner, request), "without the request")
	wantMalformed(t, c, without(whole, inner, need), "without the number of components that must match")
	wantMalformed(t, c, without(whole, inner, components), "without the components")
	if _, err := c.again(without(whole, inner, need, components)); err != nil {
		t.Errorf("bound to the machine's key alone: %v", err)
	}
}

// without leaves out entries of the map that stands at a place.
func without(b []byte, in place, entries ...int) []byte {
	content := []byte{}
	for i, pair := range in.pairs {
		if !slices.Contains(entries, i) {
			content = append(content, b[pair[0].start:pair[1].end]...)
		}
	}
	return splice(b, in.start, in.end, append(shortest(5, in.n-uint64(len(entries))), content...)...)
}

func TestEnvelopeRefused(t *testing.T) {
	c := envelopeCodec(t)
	typ := "application/vnd.offlicense.license+cwt"
	header := func(pairs ...[]byte) []byte {
		return enc(append(shortest(5, uint64(len(pairs))), bytes.Join(pairs, nil)...))
	}
	alg, kid, typEntry := entry(1, -8), entry(4, []byte{1, 2, 3, 4, 5, 6, 7, 8}), entry(16, typ)
	good := header(alg, kid, typEntry)
	signature := enc(bytesOf(64, 0x5a))
	refuseChanges(t, c, c.samples[0], []change{
		{"alg Ed25519 (-19)", good, header(entry(1, -19), kid, typEntry)},
		{"alg ES256 (-7)", good, header(entry(1, -7), kid, typEntry)},
		{"alg as text", good, header(entry(1, "EdDSA"), kid, typEntry)},
		{"no alg", good, header(kid, typEntry)},
		{"no kid", good, header(alg, typEntry)},
		{"no typ", good, header(alg, kid)},
		{"crit", good, header(alg, entry(2, []int{1}), kid, typEntry)},
		{"content type", good, header(alg, entry(3, 61), kid, typEntry)},
		{"x5chain", good, header(alg, kid, typEntry, entry(33, []byte{1}))},
		{"kid of 7 bytes", good, header(alg, entry(4, []byte{1, 2, 3, 4, 5, 6, 7}), typEntry)},
		{"kid of 32 bytes", good, header(alg, entry(4, bytesOf(32, 1)), typEntry)},
		{"typ that is unknown", good, header(alg, kid, entry(16, "application/vnd.offlicense.license2+cwt"))},
		{"typ in upper case", good, header(alg, kid, entry(16, strings.ToUpper(typ)))},
		{"typ as a number", good, header(alg, kid, entry(16, 61))},
		{"typ of no statement of ours", good, header(alg, kid, entry(16, "application/cwt"))},
		{"header not in its order", good, header(kid, alg, typEntry)},
		{"empty header", good, enc([]byte{})},
		{"header and a byte", good, enc(append(append(shortest(5, 3), bytes.Join([][]byte{alg, kid, typEntry}, nil)...), 0))},
		{"COSE_Mac0", []byte{0xd2, 0x84}, []byte{0xd1, 0x84}},
		{"COSE_Sign", []byte{0xd2, 0x84}, []byte{0xd8, 98, 0x84}},
		{"CWT tag outside", []byte{0xd2, 0x84}, []byte{0xd8, 61, 0xd2, 0x84}},
		{"no tag", []byte{0xd2, 0x84}, []byte{0x84}},
		{"tag in two bytes", []byte{0xd2, 0x84}, []byte{0xd8, 18, 0x84}},
		{"an unprotected kid", append(good, 0xa0), append(bytes.Clone(good), append([]byte{0xa1}, kid...)...)},
		{"an unprotected signature", append(good, 0xa0), append(bytes.Clone(good), append([]byte{0xa1}, entry(9, []byte{1})...)...)},
		{"signature of 63 bytes", signature, enc(bytesOf(63, 0x5a))},
		{"signature of 65 bytes", signature, enc(bytesOf(65, 0x5a))},
		{"no signature", signature, enc([]byte{})},
		{"five elements", []byte{0xd2, 0x84}, []byte{0xd2, 0x85}},
	})
	detached := placesOf(t, c.samples[0], 0).inside[0].inside[2]
	wantMalformed(t, c, splice(c.samples[0], detached.start, detached.end, 0xf6), "detached payload")
	wantMalformed(t, c, splice(c.samples[0], detached.start, detached.end, 0x40), "empty payload")
}

func TestFileRefused(t *testing.T) {
	c := fileCodec(t)
	delegation := seal(t, format.Delegation, mustMarshal(t, mostDelegation()))
	license := seal(t, format.License, mustMarshal(t, mostLicense()))
	join := func(n uint64, parts ...[]byte) []byte { return append(shortest(4, n), bytes.Join(parts, nil)...) }
	for name, b := range map[string][]byte{
		"a license alone":             license,
		"a list of one":               join(1, license),
		"three elements":              join(3, delegation, license, license),
		"three elements, two counted": join(2, delegation, license, license),
		"empty":                       {},
		"nothing in it":               {0x80},
		"statements as byte strings":  join(2, enc(delegation), enc(license)),
		"a long delegation":           join(2, longer(t, delegation, format.MaxDelegation), license),
	} {
		wantMalformed(t, c, b, "%s", name)
	}
}

// longer returns a statement with a payload of n bytes.
func longer(t *testing.T, statement []byte, n int) []byte {
	payload := placesOf(t, statement, 0).inside[0].inside[2]
	return splice(statement, payload.start, payload.end, enc(make([]byte, n))...)
}
