package format_test

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
)

// entryPoints is every function that reads bytes from a stranger.
func entryPoints() map[string]func([]byte) error {
	return map[string]func([]byte) error{
		"DecodeText":          func(b []byte) error { _, _, err := format.DecodeText(b); return err },
		"ParseFile":           func(b []byte) error { _, err := format.ParseFile(b); return err },
		"ParseStatement":      func(b []byte) error { _, err := format.ParseStatement(b, format.License); return err },
		"UnmarshalRequest":    func(b []byte) error { _, err := format.UnmarshalRequest(b); return err },
		"UnmarshalLicense":    func(b []byte) error { _, err := format.UnmarshalLicense(b); return err },
		"UnmarshalDelegation": func(b []byte) error { _, err := format.UnmarshalDelegation(b); return err },
		"UnmarshalCarried":    func(b []byte) error { _, err := format.UnmarshalCarried(b); return err },
		"ParseList":           func(b []byte) error { _, err := format.ParseList(b); return err },
		"UnmarshalRevocation": func(b []byte) error { _, err := format.UnmarshalRevocation(b); return err },
	}
}

// TestHostileInputIsCheap: a server that is sent anything at all refuses it in little
// time and memory, whatever the file claims to hold.
func TestHostileInputIsCheap(t *testing.T) {
	const large = 16 << 20
	repeat := func(start string, unit byte) []byte {
		return append([]byte(start), bytes.Repeat([]byte{unit}, large)...)
	}
	head := string(sampleFile(t)[:1])
	for name, input := range map[string][]byte{
		"arrays in arrays":             bytes.Repeat([]byte{0x81}, large),
		"maps in maps":                 bytes.Repeat([]byte{0xa1}, large),
		"tags in tags":                 bytes.Repeat([]byte{0xd2}, large),
		"indefinite arrays":            bytes.Repeat([]byte{0x9f}, large),
		"bytes 0x5b":                   bytes.Repeat([]byte{'['}, large),
		"zeros":                        make([]byte, large),
		"spaces":                       bytes.Repeat([]byte{' '}, large),
		"spaces behind a prefix":       repeat("OLL1:", ' '),
		"Base32 behind a prefix":       repeat("OLL1:", 'A'),
		"arrays in a file":             repeat(head, 0x81),
		"Base32 behind a list's":       repeat("OLV1:", 'A'),
		"arrays in a list":             bytes.Repeat([]byte{0x81}, format.MaxRevocation),
		"1024 keys of none":            append(mustMarshal(t, leastRevocation())[:len(mustMarshal(t, leastRevocation()))-3], 0xa2, 0, 1, 2, 0x99, 4, 0),
		"a set of 1 MiB of nothing":    append(mustMarshal(t, leastRevocation())[:len(mustMarshal(t, leastRevocation()))-3], 0xa2, 0, 1, 1, 0x5a, 0, 0x0f, 0xff, 0xf0),
		"2^64-1 elements":              {0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"2^63-1 bytes":                 {0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"2^32-1 pairs":                 {0xba, 0xff, 0xff, 0xff, 0xff},
		"a statement of 2^62 bytes":    {0x82, 0xd2, 0x84, 0x5b, 0x40, 0, 0, 0, 0, 0, 0, 0},
		"a request with 2^40 elements": append(mustMarshal(t, leastRequest())[:102], 6, 0x9b, 0, 0, 1, 0, 0, 0, 0, 0),
	} {
		for entry, read := range entryPoints() {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := read(input)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s: %s accepted", entry, name)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 512<<10 {
				t.Errorf("%s, %s: %d KiB allocated", entry, name, grown>>10)
			}
			if took > time.Second {
				t.Errorf("%s, %s: took %v", entry, name, took)
			}
		}
	}
}

// TestCaps: one byte more than a kind may have is refused, and the most that can be is read.
func TestCaps(t *testing.T) {
	for kind, most := range map[format.Kind]int{
		format.RequestBody: format.MaxRequest, format.SignedRequest: format.MaxRequest,
		format.LicenseFile: format.MaxLicenseFile, format.Delegation: format.MaxDelegation,
		format.Release: format.MaxRelease, format.RevocationFile: format.MaxRevocation,
		format.Attestation:    format.MaxAttestation,
		format.CarriedLicense: format.MaxCarried,
	} {
		for _, over := range []int{0, 1} {
			_, _, err := format.DecodeText(format.EncodeFile(kind, make([]byte, most+over)))
			if (err == nil) != (over == 0) {
				t.Errorf("a %s of %d bytes: got %v", kind, most+over, err)
			}
		}
	}
}
