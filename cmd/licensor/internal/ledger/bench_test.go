package ledger_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// signedRequests returns the texts of the signed requests of n sites.
func signedRequests(b testing.TB, n, from int) [][]byte {
	b.Helper()
	texts := make([][]byte, n)
	for i := range texts {
		seed := make([]byte, keys.SeedSize)
		binary.BigEndian.PutUint64(seed, uint64(from+i))
		k, err := keys.FromSeed(seed)
		if err != nil {
			b.Fatal(err)
		}
		q := format.Request{
			Product: "evoq", Invoice: "INV0042-1", Account: format.AccountHash("INV0042-1", "ops@site.example"),
			Type: "production", Time: now.Unix(), Key: k.Public().Bytes(), Host: fmt.Sprintf("server-%d", i),
			Components: []format.Component{
				{Label: format.LabelMachineID, Hash: seed[:8]}, {Label: format.LabelProductUUID, Hash: seed[:8]}, {Label: format.LabelRootFS, Hash: seed[:8]},
			},
		}
		body, err := q.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		raw, err := format.Seal(format.SignedRequest, k.Public().ID(), body, k.Sign)
		if err != nil {
			b.Fatal(err)
		}
		texts[i] = []byte(format.EncodeText(format.SignedRequest, raw))
	}
	return texts
}

// onWorkers calls f for 0 to n-1, in blocks.
func onWorkers(workers, n, block int, f func(from, to int)) {
	var next, wait = make(chan int), sync.WaitGroup{}
	for range workers {
		wait.Go(func() {
			for from := range next {
				f(from, min(from+block, n))
			}
		})
	}
	for from := 0; from < n; from += block {
		next <- from
	}
	close(next)
	wait.Wait()
}

// BenchmarkSignBatchVsRaw signs 10,000 requests, from their texts to licenses on record
// and in files, and compares with checking 10,000 signatures and making 10,000 on the
// same processors. The variants show what each part costs.
func BenchmarkSignBatchVsRaw(b *testing.B) {
	const n, batch = 10_000, 500
	for _, variant := range []struct {
		name              string
		selfCheck, ledger bool
		files             bool
	}{
		{"crypto and encoding only", false, false, false},
		{"ledger", false, true, false},
		{"ledger and files", false, true, true},
		{"ledger, files and self-check", true, true, true},
	} {
		b.Run(variant.name, func(b *testing.B) {
			texts := signedRequests(b, n, 1)
			i := staff(b)
			var ours, bare time.Duration
			for b.Loop() {
				bare += rawCost(b, n)
				l, _ := newLedger(b)
				sold(b, l, func(e *ledger.Entitlement) { e.Seats = n })
				dir := b.TempDir()
				sign := bareIssue(i)
				if variant.selfCheck {
					sign = i.At(now)
				}
				start := time.Now()
				onWorkers(2*runtime.GOMAXPROCS(0), n, batch, func(from, to int) {
					requests := make([]*verify.Request, 0, to-from)
					for _, text := range texts[from:to] {
						q, err := verify.OpenRequest(text)
						if err != nil {
							b.Error(err)
						}
						requests = append(requests, q)
					}
					if !variant.ledger {
						for _, q := range requests {
							e := entitlement()
							if _, _, _, err := one(sign, ledger.Grant{Entitlement: &e, Activation: "AAAAAAAAAAAAA", Epoch: 1, Request: q}); err != nil {
								b.Error(err)
							}
						}
						return
					}
					outcomes, err := l.SignBatch(ctx, operation(), requests, sign)
					if err != nil {
						b.Error(err)
					}
					for i, o := range outcomes {
						if o.Err != nil {
							b.Error(o.Err)
						}
						if variant.files {
							text := format.EncodeFile(format.LicenseFile, o.License.File)
							if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.lic", from+i)), text, 0o644); err != nil {
								b.Error(err)
							}
						}
					}
				})
				ours += time.Since(start)
				l.Close()
			}
			b.ReportMetric(float64(ours)/float64(bare), "x-raw")
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N)/n, "µs/license")
		})
	}
}

// rawCost is the time of checking n signatures and making n, on all processors.
func rawCost(b *testing.B, n int) time.Duration {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	request, license := make([]byte, 200), make([]byte, 450)
	signature := ed25519.Sign(private, request)
	start := time.Now()
	onWorkers(runtime.GOMAXPROCS(0), n, 100, func(from, to int) {
		for range to - from {
			if !ed25519.Verify(public, request, signature) {
				b.Error("raw verify failed")
			}
			ed25519.Sign(private, license)
		}
	})
	return time.Since(start)
}

// bareIssue signs without judging what it has signed.
func bareIssue(i *issuer.Issuer) ledger.Issue {
	return each(func(g ledger.Grant) (format.ID, []byte, string, error) {
		id, err := format.NewID(rand.Reader)
		if err != nil {
			return id, nil, "", err
		}
		claims := format.LicenseClaims{
			Issuer: "acme.example", Activation: g.Activation, Product: g.Entitlement.Product, Expires: g.Entitlement.HardEnd().Unix(),
			IssuedAt: now.Unix(), ID: id, Terms: g.Entitlement.Terms(),
			Binding: &format.Binding{Key: g.Request.Key.Bytes(), Request: g.Request.Hash, Need: issuer.Majority(len(g.Request.Components)), Components: g.Request.Components},
		}
		claims.Terms.Epoch = g.Epoch
		payload, err := claims.Marshal()
		if err != nil {
			return id, nil, "", err
		}
		license, err := format.Seal(format.License, i.Key.Public().ID(), payload, i.Key.Sign)
		if err != nil {
			return id, nil, "", err
		}
		file, err := format.MarshalFile(i.RawDelegation, license, nil)
		return id, file, "anna", err
	})
}
