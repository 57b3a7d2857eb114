package ledger_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// BenchmarkSign compares all that "licensor sign" does between reading the request and
// writing the license (opening the request, the offer, the rules, the signature, its
// check and the record) with one bare durable commit of a row as large as the license
// file, in a database of its own with the ledger's pragmas. The two take turns, so that
// both meet the same disk; x-commit is the quotient.
func BenchmarkSign(b *testing.B) {
	ctx := context.Background()
	l, _ := newLedger(b)
	signer := staff(b)
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
		e := entitlement()
		e.Invoice = fmt.Sprintf("INV%d", i)
		entitle(b, l, e)
		text := requestText(b, e.Invoice, i)
		b.StartTimer()

		start := time.Now()
		file, err := signText(ctx, l, signer, text)
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

func signText(ctx context.Context, l *ledger.Ledger, signer interface {
	Check(ledger.Grant, time.Time) error
	Issue(ledger.Grant, time.Time) (format.ID, []byte, error)
}, text []byte) ([]byte, error) {
	request, err := verify.OpenRequest(text)
	if err != nil {
		return nil, err
	}
	offer, err := l.Preview(ctx, request, now)
	if err != nil {
		return nil, err
	}
	if err := signer.Check(ledger.Grant{Entitlement: offer.Entitlement, Activation: "new", Epoch: offer.Epoch, Request: request}, now); err != nil {
		return nil, err
	}
	license, err := l.Sign(ctx, operation(), request, each(func(g ledger.Grant) (format.ID, []byte, string, error) {
		id, file, err := signer.Issue(g, now)
		return id, file, "anna", err
	}))
	if err != nil {
		return nil, err
	}
	return license.File, nil
}

func requestText(b *testing.B, invoice string, i int) []byte {
	b.Helper()
	machine := key(b, byte(i%100))
	q := format.Request{
		Product: "evoq", Invoice: invoice, Account: format.AccountHash(invoice, "ops@site.example"),
		Type: "production", Time: now.Unix(), Key: machine.Public().Bytes(),
		Components: []format.Component{{Label: format.LabelMachineID, Hash: []byte("machine1")}},
	}
	body, err := q.Marshal()
	if err != nil {
		b.Fatal(err)
	}
	signed, err := format.Seal(format.SignedRequest, machine.Public().ID(), body, machine.Sign)
	if err != nil {
		b.Fatal(err)
	}
	return format.EncodeFile(format.SignedRequest, signed)
}

func bareDatabase(b *testing.B) *sql.DB {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bare.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=trusted_schema(OFF)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	return db
}
