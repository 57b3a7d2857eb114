package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"testing"
)

// What a customer takes out of the mail is the license file, byte for byte, whatever the
// customer is called.
func TestLetterBringsTheLicense(t *testing.T) {
	t.Parallel()
	const customer = `Müller, "Søn" & Cie <a@b.example>`
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	entitle := entitleArgs("V")
	for i := range entitle {
		if entitle[i] == "Site Ltd" {
			entitle[i] = customer
		}
	}
	mustRun(t, dir, entitle...)
	text, err := requestText(1, "INV0042-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "request.olq"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "licenses"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "sign", "--home", "V", "request.olq", "--out", "licenses/license.lic", "--yes")
	mustRun(t, dir, "letters", "--home", "V", "--licenses", "licenses", "--sender", "sales@acme.example", "--out", "mail")
	names := directory(t, dir, "mail")
	if len(names) != 1 {
		t.Fatalf("letters: %q", names)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "mail", names[0]))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != customer || to[0].Address != "ops@site.example" {
		t.Errorf("to %v, %v", to, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	if _, err := parts.NextPart(); err != nil {
		t.Fatal(err)
	}
	part, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(dir, "licenses", "license.lic"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("attached is\n%s\nand the license\n%s", got, want)
	}
}
