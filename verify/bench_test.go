package verify_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// BenchmarkCheckVsRaw measures a full check, from text to terms with the delegation
// already checked, against ed25519.Verify of the same message.
func BenchmarkCheckVsRaw(b *testing.B) {
	v := testVerifier(b)
	benchmarkVsRaw(b, nil, func() *verify.Verifier { return v })
}

// BenchmarkCheckWithListVsRaw measures the same of a file with a list of 100 licenses
// that was already checked.
func BenchmarkCheckWithListVsRaw(b *testing.B) {
	v := testVerifier(b)
	list := testList(1)
	list.Licenses = manyNames(100)
	benchmarkVsRaw(b, rootList(b, list, rootKey(b)), func() *verify.Verifier { return v })
}

// BenchmarkOpenLargeList opens a list that keeps 60,000 licenses of a stolen key.
func BenchmarkOpenLargeList(b *testing.B) {
	list := testList(1)
	list.Keys = []format.RevokedKey{{Thumbprint: staffKey(b).Public().Thumbprint(), Keep: manyNames(60_000)}}
	text := listText(rootList(b, list, rootKey(b)))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := testVerifier(b).OpenRevocationList(text); err != nil { // none that remembers it
			b.Fatal(err)
		}
	}
}

func manyNames(n int) format.Set {
	names := make([][16]byte, n)
	for i := range names {
		names[i] = [16]byte{1, byte(i >> 16), byte(i >> 8), byte(i)}
	}
	return format.NewSet(names...)
}

// BenchmarkColdVsRaw measures the first check of a process: two signatures, from the
// root to the terms.
func BenchmarkColdVsRaw(b *testing.B) {
	root := rootKey(b).Public()
	benchmarkVsRaw(b, nil, func() *verify.Verifier {
		v, err := verify.New(root)
		if err != nil {
			b.Fatal(err)
		}
		return v
	})
}

func benchmarkVsRaw(b *testing.B, list []byte, verifier func() *verify.Verifier) {
	s := newScenario(b)
	text, facts := textOf(b, s.delegation, s.license), s.facts
	if list != nil {
		text = withList(b, s, list)
	}
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		b.Fatal(err)
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		b.Fatal(err)
	}
	message, signature, key := file.License.SignedMessage(), file.License.Signature(), ed25519.PublicKey(staffKey(b).Public().Bytes())

	// Both sides take turns in small blocks, so that a machine whose speed drifts
	// drifts for both.
	const block = 20
	var ours, bare time.Duration
	for b.Loop() {
		start := time.Now()
		for range block {
			if !ed25519.Verify(key, message, signature) {
				b.Fatal("raw verify failed")
			}
		}
		middle := time.Now()
		for range block {
			if _, err := verifier().Check(text, facts); err != nil {
				b.Fatal(err)
			}
		}
		bare += middle.Sub(start)
		ours += time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(bare), "x-raw")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(block*b.N), "ns/check")
	b.ReportMetric(float64(bare.Nanoseconds())/float64(block*b.N), "ns/raw")
}
