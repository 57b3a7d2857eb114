package format_test

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
)

// numberedSet is a set of n names.
func numberedSet(n int) format.Set {
	names := make([][16]byte, n)
	for i := range names {
		binary.BigEndian.PutUint32(names[i][:], uint32(i+1))
	}
	return format.NewSet(names...)
}

func numberedKeys(n int) []format.RevokedKey {
	keys := make([]format.RevokedKey, n)
	for i := range keys {
		binary.BigEndian.PutUint32(keys[i].Thumbprint[:], uint32(i+1))
	}
	return keys
}

// names is a set as the wire has it.
func names(first ...byte) []byte {
	var b []byte
	for _, c := range first {
		b = append(b, append([]byte{c}, make([]byte, 15)...)...)
	}
	return b
}

func TestRevocationRefused(t *testing.T) {
	licenses := func(b any) []byte { return entry(1, b) }
	good := licenses(names(0xaa, 0xbb, 0xcc))
	keep := licenses(names(0xe1, 0xe2))
	number := entry(0, uint64(1<<63-1))
	thumbprint := func(first byte, n int) []byte { return entry(0, append([]byte{first}, make([]byte, n-1)...)) }
	refuseChanges(t, revocationCodec(t), mustMarshal(t, mostRevocation()), []change{
		{"vendor without a dot", entry(1, "acme.example"), entry(1, "acme")},
		{"time before 1970", entry(6, 1795435200), entry(6, -1)},
		{"time in the year 10000", entry(6, 1795435200), entry(6, int64(253402300800))},
		{"an exp", entry(6, 1795435200), entry(4, 1795435200)},
		{"cti of 15 bytes", []byte{7, 0x50, 4}, []byte{7, 0x4f}},
		{"a license's claim", enc(-70004), enc(-70001)},
		{"a release's claim", enc(-70004), enc(-70005)},
		{"number 0", number, entry(0, 0)},
		{"a number below zero", number, entry(0, -1)},
		{"a number of 64 bits", number, entry(0, uint64(1<<63))},
		{"a number as a float", number, entry(0, 1.5)},
		{"no number", number, nil},
		{"licenses as an empty set", good, licenses([]byte{})},
		{"licenses as null", good, licenses(nil)},
		{"licenses as an array", good, licenses([][]byte{names(0xaa), names(0xbb), names(0xcc)})},
		{"licenses as a text", good, licenses(string(make([]byte, 16)))},
		{"a license of 15 bytes", good, licenses(names(0xaa)[:15])},
		{"licenses and a byte", good, licenses(append(names(0xaa, 0xbb), 0))},
		{"licenses less a byte", good, licenses(names(0xaa, 0xbb)[:31])},
		{"a license twice", good, licenses(names(0xaa, 0xaa, 0xbb))},
		{"licenses not in their order", good, licenses(names(0xaa, 0xcc, 0xbb))},
		{"what is kept, as an empty set", keep, licenses([]byte{})},
		{"what is kept, not in its order", keep, licenses(names(0xe2, 0xe1))},
		{"what is kept, twice", keep, licenses(names(0xe1, 0xe1))},
		{"a thumbprint of 8 bytes", thumbprint(0xd1, 32), thumbprint(0xd1, 8)},
		{"a thumbprint of 33 bytes", thumbprint(0xd1, 32), thumbprint(0xd1, 33)},
		{"a key twice", thumbprint(0xd2, 32), thumbprint(0xd1, 32)},
		{"keys not in their order", thumbprint(0xd2, 32), thumbprint(0xd0, 32)},
		{"an unknown key in a key", keep, entry(2, names(0xe1, 0xe2))},
		{"an unknown key in the list", good, entry(3, names(0xaa, 0xbb, 0xcc))},
	})
	c := leastRevocation()
	c.Keys = numberedKeys(1)
	refuseChanges(t, revocationCodec(t), mustMarshal(t, c), []change{
		{"no keys, as an empty list", append([]byte{2}, enc([]any{map[int][]byte{0: append([]byte{0, 0, 0, 1}, make([]byte, 28)...)}})...), entry(2, []any{})},
	})
}

func TestListRefused(t *testing.T) {
	revocation := seal(t, format.Revocation, mustMarshal(t, mostRevocation()))
	delegation := seal(t, format.Delegation, mustMarshal(t, listsDelegation()))
	join := func(n uint64, parts ...[]byte) []byte { return append(shortest(4, n), slices.Concat(parts...)...) }
	for name, b := range map[string][]byte{
		"a revocation alone":        revocation,
		"nothing in it":             {0x80},
		"three elements":            join(3, delegation, delegation, revocation),
		"two elements, one counted": join(1, delegation, revocation),
		"one element, two counted":  join(2, revocation),
		"null for the delegation":   join(2, []byte{0xf6}, revocation),
		"a byte string":             join(1, enc(revocation)),
		"a long delegation":         join(2, longer(t, delegation, format.MaxDelegation), revocation),
		"more than 1 MiB":           join(1, longer(t, revocation, format.MaxRevocation)),
		"in a license file, twice": join(4, delegation, seal(t, format.License, []byte("x")),
			sampleList(t, true), sampleList(t, true)),
	} {
		wantMalformed(t, listCodec(t), b, "%s", name)
		wantMalformed(t, fileCodec(t), b, "%s", name)
	}
}

func TestSet(t *testing.T) {
	a, b, c := [16]byte{1}, [16]byte{2}, [16]byte{2, 1}
	set := format.NewSet(c, a, b, a)
	if set.Len() != 3 || set.At(0) != a || set.At(1) != b || set.At(2) != c {
		t.Errorf("got %d names, want 3 in ascending order", set.Len())
	}
	for _, name := range [][16]byte{a, b, c} {
		if !set.Has(name) {
			t.Errorf("%x is missing", name)
		}
	}
	for _, name := range [][16]byte{{}, {1, 0, 1}, {2, 0, 1}, {0xff}} {
		if set.Has(name) {
			t.Errorf("%x is in it", name)
		}
	}
	var none format.Set
	if none.Len() != 0 || none.Has([16]byte{}) || format.NewSet().Has([16]byte{}) {
		t.Error("the empty set has something in it")
	}
}

// TestDigest: it names the content, whoever signed it, and no other content.
func TestDigest(t *testing.T) {
	digest := func(raw []byte) [16]byte {
		s, err := format.ParseStatement(raw, format.License)
		if err != nil {
			t.Fatal(err)
		}
		return s.Digest()
	}
	payload := mustMarshal(t, mostLicense())
	one := seal(t, format.License, payload)
	other := append(slices.Clone(one[:len(one)-64]), bytesOf(64, 0x11)...)
	if digest(one) != digest(other) {
		t.Error("another signature makes another digest")
	}
	l := mostLicense() // the same id, which the signer chooses
	l.Terms.Seats++
	if digest(one) == digest(seal(t, format.License, mustMarshal(t, l))) {
		t.Error("another content has the same digest")
	}
}

// TestLargeList: sixty thousand licenses are read without memory of their own.
func TestLargeList(t *testing.T) {
	const kept = 60_000
	c := leastRevocation()
	c.Keys = numberedKeys(1)
	c.Keys[0].Keep = numberedSet(kept)
	raw, err := format.MarshalList(nil, seal(t, format.Revocation, mustMarshal(t, c)))
	if err != nil {
		t.Fatal(err)
	}
	text := format.EncodeFile(format.RevocationFile, raw)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	decoded, err := format.DecodeTextAs(text, format.RevocationFile)
	if err != nil {
		t.Fatal(err)
	}
	list, err := format.ParseList(decoded)
	if err != nil {
		t.Fatal(err)
	}
	got, err := format.UnmarshalRevocation(list.Revocation.UnverifiedPayload())
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if got.Keys[0].Keep.Len() != kept {
		t.Errorf("got %d, want %d", got.Keys[0].Keep.Len(), kept)
	}
	grown := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d KiB read in %v with %d KiB of memory", len(raw)>>10, took, grown>>10)
	if most := uint64(len(raw)) + 64<<10; grown > most { // the decoded text, and nearly nothing else
		t.Errorf("%d KiB allocated, want at most %d", grown>>10, most>>10)
	}
	if took > time.Second {
		t.Errorf("took %v", took)
	}
}

// TestListOfMostKeys: 1024 are read and written, and one more is not (TestMarshalRefuses).
func TestListOfMostKeys(t *testing.T) {
	c := leastRevocation()
	c.Keys = numberedKeys(1024)
	roundTrip(t, c, format.UnmarshalRevocation)
}

func BenchmarkLargeList(b *testing.B) {
	c := leastRevocation()
	c.Keys = numberedKeys(1)
	c.Keys[0].Keep = numberedSet(60_000)
	payload := mustMarshal(b, c)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := format.UnmarshalRevocation(payload); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAttachList: the list changes, and what was signed does not.
func TestAttachList(t *testing.T) {
	list := sampleList(t, false)
	for _, file := range [][]byte{sampleFile(t), sampleFileWithList(t)} {
		got, err := format.AttachList(file, list)
		if err != nil {
			t.Fatal(err)
		}
		before, err := format.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		after, err := format.ParseFile(got)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(after.RawList, list) || !slices.Equal(after.RawDelegation, before.RawDelegation) ||
			!slices.Equal(after.License.SignedMessage(), before.License.SignedMessage()) || !slices.Equal(after.License.Signature(), before.License.Signature()) {
			t.Errorf("got %x", got)
		}
		for _, bad := range [][]byte{nil, {}, {0x80}, list[1:], file} {
			if got, err := format.AttachList(file, bad); err == nil || got != nil {
				t.Errorf("attached %x: got %x, %v", bad, got, err)
			}
		}
	}
}
