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
	benchmarkVsRaw(b, func() *verify.Verifier { return v })
}

// BenchmarkColdVsRaw measures the first check of a process: two signatures, from the
// root to the terms.
func BenchmarkColdVsRaw(b *testing.B) {
	root := rootKey(b).Public()
	benchmarkVsRaw(b, func() *verify.Verifier {
		v, err := verify.New(root)
		if err != nil {
			b.Fatal(err)
		}
		return v
	})
}

func benchmarkVsRaw(b *testing.B, verifier func() *verify.Verifier) {
	text, facts := textOf(b, testDelegation(b), testLicense(b)), testFacts(b)
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
