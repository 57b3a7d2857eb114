package keyfile

import (
	"bytes"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl runs the real openssl and returns its standard output.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: no openssl on the path, so no key of its making was read: install the package openssl")
	}
	command := exec.Command(program, args...)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("openssl %q: %v: %s", args, err, complaint.String())
	}
	return out
}

func TestReadsOpenSSLs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "my key.pem")
	openssl(t, "genpkey", "-algorithm", "ed25519", "-out", path)
	key, err := ReadPKCS8(path)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := pem.Decode(openssl(t, "pkey", "-in", path, "-pubout"))
	if !bytes.HasSuffix(public.Bytes, key.Public().Bytes()) {
		t.Errorf("got %v, openssl has %x", key, public.Bytes)
	}

	// Encrypted, and opened by what the hint says, but for the passphrase on the terminal.
	encrypted := filepath.Join(t.TempDir(), "encrypted.pem")
	openssl(t, "pkcs8", "-topk8", "-in", path, "-out", encrypted, "-passout", "pass:tulip")
	_, err = ReadPKCS8(encrypted)
	command, _, found := strings.Cut(hintOf(err), " | ")
	if !found || command != "openssl pkey -in "+encrypted {
		t.Fatalf("got %v, hint %q", err, hintOf(err))
	}
	text := openssl(t, append(strings.Fields(command)[1:], "-passin", "pass:tulip")...)
	if again, err := ParsePKCS8(text); err != nil || again.Public() != key.Public() {
		t.Errorf("%s: got %v, %v, want %v", command, again, err, key)
	}
}

func TestOtherTypesOfOpenSSL(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-algorithm", "RSA"}, {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}, {"-algorithm", "x25519"},
		{"-algorithm", "ed448"},
	} {
		key, err := ParsePKCS8(openssl(t, append([]string{"genpkey"}, args...)...))
		if err == nil || !key.IsZero() {
			t.Errorf("%q: got %v, %v, want an error", args, key, err)
		}
	}
}
