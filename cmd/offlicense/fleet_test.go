package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// writeFleet writes the license and the attestation of n sites. Of a hundred, one is cloned, one
// uses too much, two have ended, and the others end over four years.
func writeFleet(t testing.TB, dir string, n int) {
	var group sync.WaitGroup
	now := time.Now()
	for worker := range 4 {
		group.Go(func() {
			for i := worker; i < n; i += 4 {
				writeSite(t, dir, i, now)
			}
		})
	}
	group.Wait()
}

func writeSite(t testing.TB, dir string, i int, now time.Time) {
	seed := make([]byte, keys.SeedSize)
	binary.BigEndian.PutUint64(seed, uint64(i)+1)
	key, err := keys.FromSeed(seed)
	if err != nil {
		t.Error(err)
		return
	}
	hash := func(what string, i int) []byte { return fmt.Appendf(nil, "%.1s%07d", what, i) }
	machine := func(i, uuid int) []format.Component {
		return []format.Component{{Label: format.LabelMachineID, Hash: hash("m", i)}, {Label: format.LabelProductUUID, Hash: hash("p", uuid)}}
	}
	l := sitetest.License()
	binary.BigEndian.PutUint64(l.ID[:], uint64(i)+1)
	l.Activation, l.Terms.Invoice = fmt.Sprintf("A%06d", i), fmt.Sprintf("INV%05d-1", i/4)
	l.Terms.Customer, l.Terms.Site, l.Terms.Seats = fmt.Sprintf(`<b onclick="x">Müller & Söhne %d</b>`, i/4), "", 4
	l.Terms.GraceDays = uint64(i % 3)
	l.IssuedAt = now.AddDate(-2, 0, 0).Unix()
	l.Expires = now.AddDate(0, 0, i*37%1400+70).Unix()
	if i%50 == 9 {
		l.Expires = now.AddDate(0, 0, -i%90-1).Unix()
	}
	l.Binding = &format.Binding{Key: key.Public().Bytes(), Need: 1, Components: machine(i, i)}
	license, err := sitetest.Seal(l)
	if err != nil {
		t.Error(err)
		return
	}
	raw, err := format.DecodeTextAs(license, format.LicenseFile)
	if err != nil {
		t.Error(err)
		return
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		t.Error(err)
		return
	}
	attest := func(name string, at time.Time, components []format.Component) {
		c := format.AttestationClaims{
			Activation: l.Activation, Vendor: l.Issuer, IssuedAt: at.Unix(), Key: key.Public().Bytes(), License: l.ID, Digest: file.License.Digest(),
			Product: l.Product, Components: components, Version: "9.2.0", Use: map[string]uint64{"users": 42},
		}
		if i%100 == 5 {
			c.Use["users"] = 201
		}
		payload, err := c.Marshal()
		if err != nil {
			t.Error(err)
			return
		}
		signed, err := format.Seal(format.Attestation, key.Public().ID(), payload, key.Sign)
		if err != nil {
			t.Error(err)
			return
		}
		write(t, filepath.Join(dir, name), format.EncodeFile(format.Attestation, signed))
	}
	write(t, filepath.Join(dir, fmt.Sprintf("%06d.lic", i)), license)
	attest(fmt.Sprintf("%06d.ola", i), now.AddDate(0, 0, -40), machine(i, i))
	if i%100 == 3 {
		attest(fmt.Sprintf("%06d-b.ola", i), now.AddDate(0, 0, -40), machine(i, i+1<<20))
	}
}

// TestFleet runs the tool over a fleet and reads what it says.
func TestFleet(t *testing.T) {
	dir := t.TempDir()
	roots, page := filepath.Join(dir, "roots.pub"), filepath.Join(dir, "fleet.html")
	write(t, roots, sitetest.Roots())
	all := filepath.Join(dir, "all")
	if err := os.Mkdir(all, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFleet(t, all, 200)
	write(t, filepath.Join(all, "notes.txt"), []byte("OLA1 is what they start with"))
	write(t, filepath.Join(all, "machine.key"), []byte("OLK1:AAAA\n"))
	var report struct {
		Sites    []struct{ State, Customer string }
		Seats    []struct{ Bought, Used uint64 }
		Findings []struct{ Word, Severity, Text, Hint string }
	}
	cmd := exec.Command(build(t, ".", ""), "fleet", "--roots", roots, "--out", page, "--json", all)
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for _, f := range report.Findings {
		count[f.Word]++
	}
	if len(report.Sites) != 200 || len(report.Seats) != 50 || count["clone"] != 2 || count["over-limit"] != 2 || count["ended"] != 4 || len(count) != 3 {
		t.Errorf("%d sites, %d invoices, found %v", len(report.Sites), len(report.Seats), count)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, active := range []string{"<script", "<b onclick", "http:", "https:", "src=", "url(", "@import", "<link"} {
		if bytes.Contains(html, []byte(active)) {
			t.Errorf("the page has %s", active)
		}
	}
	if n := strings.Count(string(html), "<tr>"); n != 201 {
		t.Errorf("the page has %d rows, want 201", n)
	}
}

// BenchmarkFleet looks at 10,000 sites.
func BenchmarkFleet(b *testing.B) {
	const sites = 10_000
	dir := b.TempDir()
	roots := filepath.Join(dir, "roots.pub")
	write(b, roots, sitetest.Roots())
	all := filepath.Join(dir, "all")
	if err := os.Mkdir(all, 0o755); err != nil {
		b.Fatal(err)
	}
	writeFleet(b, all, sites)
	binary := build(b, ".", "-s -w")
	for b.Loop() {
		cmd := exec.Command(binary, "fleet", "--roots", roots, "--out", filepath.Join(dir, "fleet.html"), "--json", all)
		if out, err := cmd.Output(); cmd.ProcessState.ExitCode() != 3 {
			b.Fatalf("%v: %.200s", err, out)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/fleet")
}
