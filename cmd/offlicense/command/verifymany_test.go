package command

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// collection is a directory as an auditor gets it: licenses in folders, in mails and as
// bytes, a list, and what has nothing to do with them.
func collection(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	license := func(n byte, change func(*format.LicenseClaims)) []byte {
		l := sitetest.License()
		l.ID, l.Activation = format.ID{n}, "A"+string('0'+rune(n))
		if change != nil {
			change(l)
		}
		text, err := sitetest.Seal(l)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	list := func(number uint64, revoked byte) []byte {
		text, err := sitetest.List(sitetest.ListKey, number, func(c *format.RevocationClaims) {
			c.ID = format.ID{byte(number)}
			c.Licenses = format.NewSet([16]byte(format.ID{revoked}))
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	put := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("a/good.lic", license(1, nil))
	put("a/revoked.lic", license(2, nil))
	put("b/mail.eml", []byte("Subject: licenses\r\n\r\nHello,\r\n\r\n> "+string(license(3, nil))+"\r\n\r\nand\r\n\r\n> "+string(license(4, nil))+"\r\n"))
	put("b/ended.lic", license(5, func(l *format.LicenseClaims) { l.Expires = l.IssuedAt + 60; l.Terms.Customer = "=cmd|x" }))
	put("c/list.olv", list(7, 2))
	put("b/damaged.lic", license(6, nil)[:200])
	put("README", []byte("Licenses of the plant.\n"))
	put(".hidden/key", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"))
	return dir
}

// TestVerifyCollection: a list that was met anywhere counts for all files of the run, and
// nothing but the answers is printed.
func TestVerifyCollection(t *testing.T) {
	dir := collection(t)
	status, stdout, stderr := runAt("verify", "--any-machine", dir)
	want := []string{
		"a/good.lic: valid until", "a/revoked.lic: revoked: the vendor has revoked this license", "b/damaged.lic: malformed: ",
		"b/ended.lic: expired: ", "b/mail.eml: valid until", "b/mail.eml: valid until",
		"3 valid, 3 not; acme.example: revocation list 7 of 2026-11-21, less than a day old; 2 other files",
	}
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != len(want) || status != 3 || stderr != "" {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	for i, line := range lines {
		if !strings.HasPrefix(strings.TrimPrefix(line, dir+"/"), want[i]) {
			t.Errorf("got %q, want %q", line, want[i])
		}
	}

	// Without the list among them nobody knows of the revocation.
	_, stdout, _ = runAt("verify", "--any-machine", "--quiet", filepath.Join(dir, "a"))
	if stdout != "2 valid, 0 not\n" {
		t.Errorf("got %s", stdout)
	}
	status, stdout, _ = runAt("verify", "--any-machine", "--quiet", filepath.Join(dir, "a"), filepath.Join(dir, "c", "list.olv"))
	if want := "revoked.lic: revoked: "; status != 3 || strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, want) {
		t.Errorf("status %d: %s, want one line with %s", status, stdout, want)
	}
}

// TestVerifyAllSorts: what has the name of a license is one; other files are pictures and what is
// large, too. A directory that cannot be read stops no other, and a file of a Secret counts once.
func TestVerifyAllSorts(t *testing.T) {
	dir := collection(t)
	good, err := os.ReadFile(filepath.Join(dir, "a", "good.lic"))
	if err != nil {
		t.Fatal(err)
	}
	all := t.TempDir()
	for name, data := range map[string]string{
		"empty.lic": "", "text.LIC": "not yet", "code.png": "\x89PNG\r\n\x1a\n", "secret/..2026_11_21/a.lic": string(good), "large.iso": "",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(all, name)), 0o755), os.WriteFile(filepath.Join(all, name), []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"empty.lic: malformed: ", "gone.lic: could not be checked: ", "loop.lic: could not be checked: ", "secret/a.lic: valid until", "text.LIC: malformed: ", "1 valid, 2 not, 2 could not be checked; 2 other files"}
	if err := errors.Join(
		os.Truncate(filepath.Join(all, "large.iso"), 1<<30), os.Symlink("..2026_11_21", filepath.Join(all, "secret", "..data")),
		os.Symlink("..data/a.lic", filepath.Join(all, "secret", "a.lic")), os.Symlink("loop.lic", filepath.Join(all, "loop.lic")), os.Symlink("nowhere", filepath.Join(all, "gone.lic")), os.Symlink("nowhere", filepath.Join(all, "gone.txt")), os.Symlink("..", filepath.Join(all, "up")),
	); err != nil {
		t.Skip(err) // a system without links
	}
	status, stdout, stderr := runAt("verify", "--any-machine", all)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if status != 3 || stderr != "" || len(lines) != len(want) {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	for i, line := range lines {
		if !strings.HasPrefix(strings.TrimPrefix(line, all+"/"), want[i]) {
			t.Errorf("got %q, want %q", line, want[i])
		}
	}
	if status, stdout, _ = runAt("verify", "--any-machine", filepath.Join(all, "secret", "..data")); status != 0 || !strings.Contains(stdout, "1 valid, 0 not") {
		t.Errorf("the directory of the Secret itself: status %d: %s", status, stdout)
	}
}

// TestAttachedListCounts: the list in one license file tells of another file's license.
func TestAttachedListCounts(t *testing.T) {
	dir := collection(t)
	good, list := filepath.Join(dir, "a/good.lic"), filepath.Join(dir, "c/list.olv")
	text, err := attach(good, list)
	if err == nil {
		err = os.Remove(list)
	}
	if err == nil {
		err = os.WriteFile(good, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, stdout, stderr := runAt("verify", "--any-machine", dir); !strings.Contains(stdout, "a/revoked.lic: revoked: ") {
		t.Errorf("got %s%s", stdout, stderr)
	}
}

// TestForeignListInCollection: a list that no root stands behind changes nothing, and is told.
func TestForeignListInCollection(t *testing.T) {
	dir := collection(t)
	text, err := sitetest.List(sitetest.Stranger, 9, func(c *format.RevocationClaims) {
		c.Issuer, c.Licenses = "acme.example", format.NewSet([16]byte(format.ID{1}))
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "a/foreign.olv"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, stdout, _ := runAt("verify", "--any-machine", filepath.Join(dir, "a"))
	for _, want := range []string{"good.lic: valid", "foreign.olv: unknown-key: ", "2 valid, 1 not\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got %s, want %s", stdout, want)
		}
	}
}

// TestVerifyCollectionAsTable: --csv has a row for each license, no formula, and the closing
// line elsewhere.
func TestVerifyCollectionAsTable(t *testing.T) {
	status, stdout, stderr := runAt("verify", "--any-machine", "--csv", collection(t))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(stdout, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 7 || status != 3 || !strings.HasPrefix(stderr, "3 valid, 3 not") {
		t.Fatalf("status %d, %v\n%s%s", status, err, stdout, stderr)
	}
	for i, name := range rows[0] {
		if name == "invoice" && rows[1][i] != "INV0042-1" || name == "list" && rows[1][i] != "7" || name == "reason" && rows[2][i] != "revoked" {
			t.Errorf("%s: got %q", name, rows[1][i])
		}
	}
}

func TestVerifyCollectionRefused(t *testing.T) {
	empty := t.TempDir()
	for want, args := range map[string][]string{
		"no license in":                        {empty},
		"no such file":                         {filepath.Join(empty, "a.lic"), empty},
		"standard input can be read only once": {"-", "-"},
		"--json and --csv exclude each other":  {"--json", "--csv", empty},
		"--edition needs --product":            {"--edition", "engage", empty},
	} {
		if status, stdout, stderr := runAt(append([]string{"verify", "--any-machine"}, args...)...); status == 0 || !strings.Contains(stdout+stderr, want) {
			t.Errorf("status %d: %s%s, want %s", status, stdout, stderr, want)
		}
	}
}
