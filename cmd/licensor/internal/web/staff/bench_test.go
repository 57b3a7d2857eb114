package staff_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
	"github.com/offlicense/offlicense/verify"
)

// BenchmarkPagesAtMillion compares each page at a million entitlements with the same at a
// thousand. Both take turns, and the metric is the quotient of what a tenth of the turns was
// faster than: one run is enough (-benchtime 1x), and what else a busy machine does is in neither.
func BenchmarkPagesAtMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("SKIPPED: -short; it sells a million")
	}
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			var grown [2]*grownVendor
			for i, n := range []int{1_000, 1_000_000} {
				where := ""
				if database == "postgres" {
					where = ledgertest.Postgres(b)
				}
				grown[i] = growVendor(b, n, where)
			}
			worst := 0.0
			for _, page := range []struct{ name, path string }{
				{"overview", "/"}, {"queue", "/queue"}, {"request", "/queue/NUMBER"},
				{"sales", "/entitlements"}, {"sales, a later page", "/entitlements@5"}, {"sales of a product", "/entitlements?product=rare"},
				{"search by the beginning of an invoice", "/entitlements?of=INV-00"}, {"search by a customer", "/entitlements?of=customer+00000000"}, {"search by a host", "/entitlements?of=web"},
				{"search by an address", "/entitlements?of=ops0"}, {"search for an invoice", "/entitlements?of=inv-00000500"}, {"search in vain", "/entitlements?of=nothing"},
				{"entitlement", "/entitlements/INV-00000001"}, {"activation", "/activations/ACTIVATION"}, {"license", "/licenses/LICENSE"},
				{"customers", "/customers"}, {"customers, a later page", "/customers@5"}, {"customer", "/customers/Customer%2000000001"},
				{"renewals", "/renewals"}, {"renewals of a year", "/renewals?days=366"}, {"no such sale", "/entitlements/NONE"}, {"ledger", "/ledger"},
			} {
				b.Run(page.name, func(b *testing.B) { worst = max(worst, comparePages(b, grown, page.path)) })
			}
			b.Run("the slowest of them", func(b *testing.B) {
				for b.Loop() {
				}
				b.ReportMetric(worst, "x-thousand")
			})
		})
	}
}

func comparePages(b *testing.B, grown [2]*grownVendor, path string) (ratio float64) {
	const turns = 100
	var paths [2]string
	for i, v := range grown {
		paths[i] = v.path(b, path)
		v.open(b, paths[i])
	}
	var times [2][]time.Duration
	for b.Loop() {
		for range turns {
			for i, v := range grown {
				start := time.Now()
				v.open(b, paths[i])
				times[i] = append(times[i], time.Since(start))
			}
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	small, large := times[0][len(times[0])/10], times[1][len(times[1])/10]
	ratio = float64(large) / float64(small)
	b.ReportMetric(ratio, "x-thousand")
	b.ReportMetric(float64(large.Microseconds()), "µs-at-a-million")
	b.ReportMetric(float64(small.Microseconds()), "µs-at-a-thousand")
	return ratio
}

// grownVendor has sold very much.
type grownVendor struct {
	mux                         *http.ServeMux
	number, activation, license string
}

func growVendor(b *testing.B, n int, where string) *grownVendor {
	ctx := context.Background()
	made, err := service.Init(ctx, filepath.Join(b.TempDir(), "home"),
		home.InitOptions{Vendor: "acme.example", Staff: "desk", Ledger: where, Now: ledgertest.Now, Random: rand.Reader}, ledgertest.By())
	if err != nil {
		b.Fatal(err)
	}
	s, err := service.Open(ctx, made.Home, where, service.ToChange, service.Options{Random: rand.Reader, Warn: func(string) {}})
	if err != nil {
		b.Fatal(err)
	}
	d, err := desk.Open(ctx, made.Home, where)
	if err != nil {
		b.Fatal(err)
	}
	now := func() time.Time { return ledgertest.Now.Add(time.Hour) }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	activator := s.NewActivator(service.ActivatorOptions{Now: now, Random: rand.Reader, Log: log, MaxPerHour: 1000})
	b.Cleanup(func() { activator.Close(); d.Close(); s.Close() })

	today := now().Truncate(24 * time.Hour)
	const atOnce = 100_000
	for from := 0; from < n; from += atOnce {
		var orders []service.Order
		for i := from; i < min(from+atOnce, n); i++ {
			e := ledgertest.Entitlement()
			e.Invoice, e.Customer, e.Email = fmt.Sprintf("INV-%08d", i), fmt.Sprintf("Customer %08d", i/3), fmt.Sprintf("ops%d@site.example", i/3)
			e.Expires, e.Seats, e.Binding = today.AddDate(0, 0, 1+i*101%365), 2, ""
			if i < 60 {
				e.Product = "rare"
			}
			orders = append(orders, service.Order{Line: i + 2, Entitlement: e})
		}
		by := ledgertest.By()
		by.NewNames = true
		if err := s.Import(ctx, by, orders, nil); err != nil {
			b.Fatal(err)
		}
	}
	v := &grownVendor{mux: http.NewServeMux()}
	for i := range 60 {
		text := requestOf(b, uint32(i), fmt.Sprintf("INV-%08d", 100+i), fmt.Sprintf("ops%d@site.example", (100+i)/3))
		w, err := d.Add(ctx, desk.Waiting{Hash: sha256.Sum256([]byte(text)), Invoice: fmt.Sprint("X", i), Request: text, Word: "plan", Why: "so", Asked: now()}, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		v.number = w.Number
	}
	by := ledgertest.At(now())
	for i := range 120 {
		q, err := verify.OpenRequest([]byte(requestOf(b, uint32(1000+i), fmt.Sprintf("INV-%08d", 200+i), fmt.Sprintf("ops%d@site.example", (200+i)/3))))
		if err != nil {
			b.Fatal(err)
		}
		license, err := s.Book.Sign(ctx, by, q, activator.Issue(ctx, by))
		if err != nil {
			b.Fatal(err)
		}
		v.activation, v.license = license.Activation, license.ID.String()
	}
	pages := &staff.Pages{
		Service: s, Signing: activator,
		Door: &door.Door{Desk: d, Random: rand.Reader, Now: now, Log: log, SignedIn: func(*http.Request) (*desk.User, error) {
			return &desk.User{Name: "anna", Rights: desk.Rights}, nil
		}},
	}
	pages.Register(site{v.mux})
	return v
}

// path is one with the names of this vendor, and where it ends in @, that of the page so many
// pages later.
func (v *grownVendor) path(b *testing.B, path string) string {
	path, later, _ := strings.Cut(path, "@")
	path = strings.NewReplacer("NUMBER", v.number, "ACTIVATION", v.activation, "LICENSE", v.license).Replace(path)
	for range len(later) * 5 {
		_, rest, _ := strings.Cut(v.open(b, path), `<a class="button quiet" href="`)
		path, _, _ = strings.Cut(rest, `"`)
		path = strings.ReplaceAll(path, "&amp;", "&")
	}
	return path
}

func (v *grownVendor) open(b *testing.B, path string) string {
	w := httptest.NewRecorder()
	v.mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code >= 500 {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}
