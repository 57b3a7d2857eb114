package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// build builds a package of this directory as a vendor does, and returns the binary.
func build(t testing.TB, pkg, ldflags string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "binary")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", ldflags, "-o", binary, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// TestVerifyDecodesOnce counts, by the coverage of a real run, how often one verify decodes
// the license: what is read twice could be two things to two readers.
func TestVerifyDecodesOnce(t *testing.T) {
	dir := t.TempDir()
	roots := filepath.Join(dir, "roots.pub")
	write(t, roots, sitetest.Roots())
	state := benchState(t, filepath.Join(dir, "S"))
	binary, counters := filepath.Join(dir, "binary"), filepath.Join(dir, "counters")
	if out, err := exec.Command("go", "build", "-cover", "-covermode=count", "-coverpkg=.,../../format", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Mkdir(counters, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "verify", "--state", state, "--roots", roots, "--product", "evoq", "--component", "cluster=abc123")
	cmd.Env = append(os.Environ(), "GOCOVERDIR="+counters)
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.HasPrefix(out, []byte("valid")) {
		t.Fatalf("%v: %s", err, out)
	}
	profile := filepath.Join(dir, "profile")
	if out, err := exec.Command("go", "tool", "covdata", "textfmt", "-i="+counters, "-o="+profile).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	for file, function := range map[string]string{
		"file.go":    "func ParseFile(",
		"license.go": "func UnmarshalLicense(",
	} {
		source, err := os.ReadFile(filepath.Join("../../format", file))
		if err != nil {
			t.Fatal(err)
		}
		before, _, found := strings.Cut(string(source), function)
		if !found {
			t.Fatalf("%s is not in %s", function, file)
		}
		// The profile names blocks as FILE:LINE.COLUMN,LINE.COLUMN STATEMENTS COUNT.
		first := fmt.Sprintf("/format/%s:%d.", file, strings.Count(before, "\n")+1)
		count := "none"
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, first) {
				count = line[strings.LastIndex(line, " ")+1 : len(line)-1]
				break
			}
		}
		if count != "1" {
			t.Errorf("%s was called %s times, want 1", function, count)
		}
	}
}

func TestBinaryIsSmall(t *testing.T) {
	const most = 5_000_000
	info, err := os.Stat(build(t, ".", "-s -w"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > most {
		t.Errorf("the binary has %d bytes, want at most %d", info.Size(), most)
	}
}

// The customer's tool has no code of the vendor's, and none that talks to a network.
func TestBinaryLinksNothingOfVendors(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, "github.com/offlicense/offlicense/verify/site") {
		t.Fatalf("go list does not name what is linked: %q", packages)
	}
	for _, p := range packages {
		for _, bad := range []string{
			"database/sql", "modernc.org", "pgx", "gozxing", "crypto/ssh", "net/http", "crypto/tls", "os/exec",
			"image/png", "image/jpeg", "image/gif", "golang.org/x/image", "offlicense/keys/keyfile", "offlicense/cmd/licensor", "regexp",
		} {
			if strings.Contains(p, bad) {
				t.Errorf("links %s", p)
			}
		}
	}
	// pflag imports net for flags that hold addresses, which the linker leaves out.
	symbols, err := exec.Command("go", "tool", "nm", build(t, ".", "")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(symbols, []byte("command.(*verifyFlags).run\n")) {
		t.Fatal("go tool nm does not name the functions")
	}
	for line := range strings.Lines(string(symbols)) {
		name := strings.TrimSpace(line[strings.LastIndexByte(strings.TrimRight(line, "\n"), ' ')+1:])
		for _, bad := range []string{"net.Dial", "net.Listen", "net.(*Resolver)", "net.(*Dialer)", "net.socket", "net.(*netFD)", "syscall.Socket", "syscall.connect"} {
			if strings.HasPrefix(name, bad) {
				t.Errorf("links %s", name)
			}
		}
	}
}

// writeVolumeLicense writes a license for any machine into volume.lic, and returns when it
// was issued. It is perpetual, for the binary goes by the real clock.
func writeVolumeLicense(t *testing.T, dir string) (issued int64) {
	t.Helper()
	license := sitetest.License()
	license.IssuedAt, license.Expires = time.Now().Add(-time.Hour).Unix(), 0
	text, err := sitetest.Seal(license)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "volume.lic"), text)
	return license.IssuedAt
}

// wantOutput runs a binary in a directory, and wants a text in what it prints.
func wantOutput(t *testing.T, dir, want, binary string, args ...string) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), want) {
		t.Errorf("%q: got %s, want %s", args, out, want)
	}
}

func TestEmbeddedRoots(t *testing.T) {
	roots := "# made on 2026-11-21\n" + string(sitetest.OtherRoots()) + string(sitetest.Roots())
	binary := build(t, ".", "-s -w -X 'main.embeddedRoots="+roots+"'")
	dir := t.TempDir()
	writeVolumeLicense(t, dir)
	write(t, filepath.Join(dir, "roots.pub"), sitetest.Roots())
	run := func(args ...string) (string, string) {
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		return stdout.String(), stderr.String()
	}
	stdout, stderr := run("verify", "--any-machine", "--product", "evoq", "volume.lic")
	if !strings.HasPrefix(stdout, "valid: ") || stderr != "" {
		t.Errorf("the roots are not used: %s%s", stdout, stderr)
	}
	_, stderr = run("verify", "--any-machine", "--product", "evoq", "--roots", "roots.pub", "volume.lic")
	if !strings.Contains(stderr, "error: --roots: this tool was built with the vendor's root keys and takes no others\n") {
		t.Errorf("got %s", stderr)
	}
	_, stderr = run("install", "--state", "S", "--roots", "roots.pub", "volume.lic")
	if !strings.Contains(stderr, "takes no others\n") {
		t.Errorf("got %s", stderr)
	}
}

// TestEmbeddedStandbyRoot: of two roots that are built in the second one may revoke the
// first, not the reverse.
func TestEmbeddedStandbyRoot(t *testing.T) {
	binary := build(t, ".", "-s -w -X 'main.embeddedRoots="+string(sitetest.TwoRoots())+"'")
	dir := t.TempDir()
	issued := writeVolumeLicense(t, dir)
	for file, c := range map[string]struct{ by, revoked sitetest.Signer }{
		"standby.olv": {sitetest.Standby, sitetest.Root}, "active.olv": {sitetest.Root, sitetest.Standby},
	} {
		text, err := sitetest.List(c.by, 1, func(l *format.RevocationClaims) {
			l.IssuedAt = issued
			l.Keys = []format.RevokedKey{{Thumbprint: c.revoked.Thumbprint()}}
		})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), text)
	}
	run := func(want string, args ...string) {
		t.Helper()
		wantOutput(t, dir, want, binary, args...)
	}
	run("installed: evoq", "install", "--state", "S", "volume.lic")
	run("out-of-scope", "install", "--state", "S", "active.olv")
	run("valid: ", "verify", "--state", "S", "--product", "evoq")
	run("no longer valid: revoked: the vendor has revoked the root key", "install", "--state", "S", "standby.olv")
	run("revoked: the vendor has revoked the root key", "verify", "--state", "S", "--product", "evoq")
}

// TestEmbeddedMinList: a tool that was built after a theft wants the list that tells of it,
// whatever the state directory has or has lost.
func TestEmbeddedMinList(t *testing.T) {
	roots := "-s -w -X 'main.embeddedRoots=" + string(sitetest.TwoRoots()) + "' -X main.embeddedMinList="
	binary, broken := build(t, ".", roots+"2"), build(t, ".", roots+"two")
	dir := t.TempDir()
	issued := writeVolumeLicense(t, dir)
	for number, file := range []string{1: "one.olv", 2: "two.olv"} {
		if file == "" {
			continue
		}
		text, err := sitetest.List(sitetest.Root, uint64(number), func(l *format.RevocationClaims) { l.IssuedAt = issued })
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), text)
	}
	run := func(binary, want string, args ...string) {
		t.Helper()
		wantOutput(t, dir, want, binary, args...)
	}
	const asks = "this program asks for revocation list 2 or later"
	run(binary, asks, "verify", "--any-machine", "--product", "evoq", "volume.lic")
	run(binary, asks, "verify", "--any-machine", "--product", "evoq", "--min-list", "1", "--revocations", "one.olv", "volume.lic")
	run(binary, "valid: ", "verify", "--any-machine", "--product", "evoq", "--revocations", "two.olv", "volume.lic")
	run(binary, "list 3 or later", "verify", "--any-machine", "--product", "evoq", "--min-list", "3", "--revocations", "two.olv", "volume.lic")
	run(binary, asks, "install", "--state", "S", "volume.lic")
	run(broken, `got "two", want a number`, "verify", "--any-machine", "--product", "evoq", "volume.lic")

	old := build(t, ".", strings.TrimSuffix(roots, " -X main.embeddedMinList="))
	run(old, "installed: evoq", "install", "--state", "S", "volume.lic")
	run(binary, "superseded: this program asks for a later revocation list", "install", "--state", "S", "one.olv")
	run(binary, asks, "verify", "--state", "S", "--product", "evoq")
	run(binary, "revocation list 2 of", "install", "--state", "S", "two.olv")
	run(binary, "valid: ", "verify", "--state", "S", "--product", "evoq")
}

// BenchmarkVerifyVsBare runs "offlicense verify" and the bare program by turns.
func BenchmarkVerifyVsBare(b *testing.B) {
	ratio, tool, bare := verifyVsBare(b, max(b.N, 200))
	b.ReportMetric(ratio, "x-bare")
	b.ReportMetric(float64(tool.Microseconds()), "tool-µs")
	b.ReportMetric(float64(bare.Microseconds()), "bare-µs")
}

// verifyVsBare returns the medians of as many runs of each, and their ratio.
func verifyVsBare(t testing.TB, runs int) (ratio float64, tool, bare time.Duration) {
	t.Helper()
	dir := t.TempDir()
	key, err := keys.FromSeed(bytes.Repeat([]byte{1}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 600) // as long as a license
	signature, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	signed := filepath.Join(dir, "signed")
	write(t, signed, slices.Concat(key.Public().Bytes(), signature, message))
	roots := filepath.Join(dir, "roots.pub")
	write(t, roots, sitetest.Roots())
	state := benchState(t, filepath.Join(dir, "S"))

	const ldflags = "-s -w"
	toolArgs := []string{build(t, ".", ldflags), "verify", "--state", state, "--roots", roots, "--product", "evoq", "--component", "cluster=abc123"}
	bareArgs := []string{build(t, "./testdata/bare", ldflags), signed}
	var took [2][]time.Duration
	for range runs {
		for i, args := range [][]string{toolArgs, bareArgs} {
			cmd := exec.Command(args[0], args[1:]...)
			start := time.Now()
			out, err := cmd.Output()
			took[i] = append(took[i], time.Since(start))
			if err != nil || !bytes.HasPrefix(out, []byte("valid")) {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	median := func(d []time.Duration) time.Duration {
		slices.Sort(d)
		return d[len(d)/2]
	}
	tool, bare = median(took[0]), median(took[1])
	return float64(tool) / float64(bare), tool, bare
}

// benchState makes a state directory with a license that holds now.
func benchState(t testing.TB, dir string) string {
	t.Helper()
	now := time.Now()
	components, err := site.ParseComponents("cluster=abc123")
	if err != nil {
		t.Fatal(err)
	}
	state := site.At(dir)
	r, err := state.Request(site.RequestOptions{
		Product: "evoq", Invoice: "INV0042-1", Email: "ops@site.example", Type: "production",
		Components: components, Now: now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := sitetest.SignAt(r.Text, now.Add(-time.Hour), now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	v := sitetest.Verifier(t)
	if _, err := state.Install(v, text, site.InstallOptions{Components: components, Now: now}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
