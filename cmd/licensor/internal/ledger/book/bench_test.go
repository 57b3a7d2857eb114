package book_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// signedText returns the text of the signed request of a site, as a server sends it.
func signedText(b testing.TB, n uint32, invoice string) []byte {
	b.Helper()
	q := site(n, invoice)
	key := ledgertest.SiteKey(n)
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), q.Body, key.Sign)
	if err != nil {
		b.Fatal(err)
	}
	return format.EncodeFile(format.SignedRequest, raw)
}

// BenchmarkSign compares all that "licensor sign" does between reading the request and
// writing the license (opening the request, the offer, the rules, the signature, its
// check and the record) with one bare durable commit of a row as large as the license
// file, in a database of its own with the ledger's pragmas. The two take turns, so that
// both meet the same disk; x-commit is the quotient.
func BenchmarkSign(b *testing.B) {
	l, _ := ledgertest.New(b)
	signer := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff)
	bare := bareDatabase(b)
	row := make([]byte, 600)
	if _, err := rand.Read(row); err != nil {
		b.Fatal(err)
	}
	var signing, committing time.Duration
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		// Each request is that of a new site under an invoice of its own: who asks again
		// would be answered without a commit.
		invoice := fmt.Sprint("INV", i)
		ledgertest.Sold(b, l, func(e *ledger.Entitlement) { e.Invoice = invoice })
		text := signedText(b, uint32(i), invoice)
		b.StartTimer()

		start := time.Now()
		file, err := signText(l, signer, text)
		signing += time.Since(start)
		if err != nil || len(file) == 0 {
			b.Fatal(err)
		}

		b.StopTimer()
		start = time.Now()
		if _, err := bare.ExecContext(ctx, "INSERT INTO rows (content) VALUES ($1)", row); err != nil {
			b.Fatal(err)
		}
		committing += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(signing)/float64(committing), "x-commit")
	b.ReportMetric(float64(committing.Nanoseconds())/float64(b.N), "ns/commit")
}

func signText(l *book.Book, signer *issuer.Issuer, text []byte) ([]byte, error) {
	request, err := verify.OpenRequest(text)
	if err != nil {
		return nil, err
	}
	offer, err := l.Preview(ctx, by(), request)
	if err != nil {
		return nil, err
	}
	if err := signer.Check(ledger.Grant{Entitlement: offer.Entitlement, Activation: "new", Epoch: offer.Epoch, Request: request}, now); err != nil {
		return nil, err
	}
	license, err := l.Sign(ctx, by(), request, signer.At(now))
	if err != nil {
		return nil, err
	}
	return license.File, nil
}

func bareDatabase(b *testing.B) *sql.DB {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bare.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=trusted_schema(OFF)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkSignBatchVsRaw signs 10,000 requests, from their texts to licenses on record
// and in files, and compares with checking 10,000 signatures and making 10,000 on the
// same processors. The variants show what each part costs.
func BenchmarkSignBatchVsRaw(b *testing.B) {
	const n, batch = 10_000, 500
	for _, variant := range []struct {
		name                     string
		selfCheck, ledger, files bool
	}{
		{"crypto and encoding only", false, false, false},
		{"ledger", false, true, false},
		{"ledger and files", false, true, true},
		{"ledger, files and self-check", true, true, true},
	} {
		b.Run(variant.name, func(b *testing.B) {
			texts := make([][]byte, n)
			for i := range texts {
				texts[i] = signedText(b, uint32(i), invoice)
			}
			i := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff)
			sign := ledgertest.Unchecked(i)
			if variant.selfCheck {
				sign = i.At(now)
			}
			var ours, bare time.Duration
			for b.Loop() {
				bare += rawCost(b, n)
				l, _ := ledgertest.New(b)
				ledgertest.Sold(b, l, func(e *ledger.Entitlement) { e.Seats = n })
				dir := b.TempDir()
				start := time.Now()
				ledgertest.OnWorkers(2*runtime.GOMAXPROCS(0), n, batch, func(from, to int) {
					requests := make([]*verify.Request, 0, to-from)
					for _, text := range texts[from:to] {
						q, err := verify.OpenRequest(text)
						if err != nil {
							b.Error(err)
						}
						requests = append(requests, q)
					}
					if !variant.ledger {
						e := ledgertest.Entitlement()
						for _, q := range requests {
							if d := sign([]ledger.Grant{{Entitlement: &e, Activation: "AAAAAAAAAAAAA", Epoch: 1, Request: q}})[0]; d.Err != nil {
								b.Error(d.Err)
							}
						}
						return
					}
					outcomes, err := l.SignBatch(ctx, by(), requests, sign)
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
	ledgertest.OnWorkers(runtime.GOMAXPROCS(0), n, 100, func(from, to int) {
		for range to - from {
			if !ed25519.Verify(public, request, signature) {
				b.Error("raw verify failed")
			}
			ed25519.Sign(private, license)
		}
	})
	return time.Since(start)
}

// BenchmarkAtAMillion compares one sign, and one list --invoice, at a million recorded
// activations with the same at a thousand. Both ledgers take turns, and the metric is of
// the medians of many turns, so that one run is enough (-benchtime 1x) and a machine
// whose speed drifts drifts for both.
func BenchmarkAtAMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("SKIPPED: -short; it makes a million licenses")
	}
	ledgers := []*book.Book{ledgertest.Grown(b, 1_000, ""), ledgertest.Grown(b, 1_000_000, "")}
	sign := ledgertest.Unchecked(ledgertest.Issuer(ledgertest.Root, ledgertest.Staff))
	fresh := uint32(1 << 30)
	ratio := func(b *testing.B, f func(l *book.Book, n uint32)) {
		const turns = 300
		var times [2][]time.Duration
		for b.Loop() {
			for range turns {
				fresh++
				for i, l := range ledgers {
					start := time.Now()
					f(l, fresh)
					times[i] = append(times[i], time.Since(start))
				}
			}
		}
		for i := range times {
			slices.Sort(times[i])
		}
		small, large := times[0][len(times[0])/2], times[1][len(times[1])/2]
		b.ReportMetric(float64(large)/float64(small), "x-thousand")
		b.ReportMetric(float64(large.Microseconds()), "µs-at-a-million")
	}
	signs := func(b *testing.B, l *book.Book, q *verify.Request) {
		if _, err := l.Sign(ctx, by(), q, sign); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("sign", func(b *testing.B) {
		ratio(b, func(l *book.Book, n uint32) { signs(b, l, site(n, ledgertest.GrownInvoice(int(n)%10))) })
	})
	b.Run("sign a known site again", func(b *testing.B) {
		ratio(b, func(l *book.Book, n uint32) {
			signs(b, l, site(n%1000, ledgertest.GrownInvoice(int(n%1000)/ledgertest.SeatsPerInvoice)))
		})
	})
	b.Run("list one invoice", func(b *testing.B) {
		ratio(b, func(l *book.Book, _ uint32) {
			holdings, err := l.List(ctx, store.Filter{Invoice: ledgertest.GrownInvoice(5)})
			if err != nil || len(holdings) != 1 || len(holdings[0].Activations) < ledgertest.SeatsPerInvoice {
				b.Fatal(len(holdings), err)
			}
		})
	})
}

// BenchmarkRevokeKeys revokes the key that has signed 40,000 licenses, and three that have
// signed none, and then asks for the next list.
func BenchmarkRevokeKeys(b *testing.B) {
	l := ledgertest.Grown(b, 40_000, "")
	var revoking time.Duration
	for i := range byte(4) {
		start := time.Now()
		key := ledger.RevokedKey{Name: fmt.Sprint(i), Public: ledgertest.Public(ledgertest.Staff + i).Bytes()}
		if _, _, err := l.RevokeKey(ctx, because("stolen"), key, nil); err != nil {
			b.Fatal(err)
		}
		revoking = max(revoking, time.Since(start))
	}
	for b.Loop() {
		next, err := l.NextList(ctx, now)
		if err != nil {
			b.Fatal(err)
		}
		kept := 0
		for _, k := range next.Keys {
			kept += k.Keep.Len()
		}
		if kept != 40_000 {
			b.Fatalf("%d licenses are kept", kept)
		}
	}
	b.ReportMetric(float64(revoking.Milliseconds()), "ms/RevokeKey")
}
