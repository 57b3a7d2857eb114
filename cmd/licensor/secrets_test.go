package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// Over a whole session no passphrase and no private key gets into what the tool prints,
// into the ledger or into a license.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	const passphrase = "Tulip-Crocus-4711"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "passphrase"), []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var public bytes.Buffer
	session := func(args ...string) {
		t.Helper()
		r := licensor(t, dir, args...)
		public.WriteString(r.stdout + r.stderr)
	}
	session("init", "--home", "V", "--vendor", "acme.example", "--name", "anna", "--passphrase-file", "passphrase")
	session(entitleArgs("V")...)
	request := writeRequest(t, dir, 1, "INV0042-1")
	session("sign", "--home", "V", "--yes", "--out", "license.lic", "--passphrase-file", "passphrase", request)
	session("sign", "--home", "V", request)
	session("list", "--home", "V", "--json")
	session("list", "--home", "V")
	session("roots", "--home", "V")
	// Keys of colleagues, made here, by openssl, and for a standby.
	seed := sha256.Sum256([]byte("build"))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	build := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	if err := os.WriteFile(filepath.Join(dir, "build.pem"), build, 0o600); err != nil {
		t.Fatal(err)
	}
	session("key", "new", "--home", "V", "--name", "bert", "--passphrase-file", "passphrase", "--qr", "always")
	session("key", "new", "--name", "acme.example", "--out", "standby", "--passphrase-file", "passphrase")
	session("key", "import", "--home", "V", "--name", "build", "--passphrase-file", "passphrase", "build.pem")
	session("roots", "--home", "V", "--add", "standby.pub", "--yes")
	for _, name := range []string{"bert", "build"} {
		session("delegate", "--root-key", "V/root", "--vendor", "acme.example", "--public", "V/keys/"+name+".pub", "--name", name, "--products", "*",
			"--types", "*", "--max-term", "400d", "--until", "2027-11-21", "--out", name+".old", "--yes", "--passphrase-file", "passphrase")
		session("key", "add", "--home", "V", name+".old")
	}
	session("key", "list", "--home", "V")
	session("key", "list", "--home", "V", "--json")
	// Mistakes, with a secret in the wrong place.
	other := writeRequest(t, dir, 1, "INV0042-2")
	session(append(entitleArgs("V"), "--invoice", "INV0042-2")...)
	session("sign", "--home", "V", "--yes", "--passphrase-file", "V/keys/anna", other)
	session("sign", "--home", "V", "--yes", "passphrase")
	session("sign", "--home", "V", "--yes", "V/keys/anna")
	session("sign", "--home", "V", "--yes", "V/root")
	session("init", "--home", "W", "--vendor", "acme.example", "--root-key", "V/root", "--passphrase-file", "passphrase")
	session("key", "add", "--home", "V", "V/keys/bert")
	session("key", "add", "--home", "V", "build.pem")
	session("key", "add", "--home", "V", "bert.old", "--roots", "V/root")
	session("key", "import", "--home", "V", "--name", "third", "--passphrase-file", "build.pem", "passphrase")
	session("key", "import", "--home", "V", "--name", "third", "--insecure-no-passphrase", "V/keys/anna")
	session("roots", "--home", "V", "--add", "build.pem", "--yes")
	session("delegate", "--root-key", "V/root", "--vendor", "acme.example", "--public", "build.pem", "--name", "bert", "--products", "*",
		"--types", "*", "--max-term", "400d", "--until", "2027-11-21", "--yes", "--passphrase-file", "passphrase")
	session("delegate", "--root-key", "build.pem", "--vendor", "acme.example", "--public", "V/keys/bert.pub", "--name", "bert", "--products", "*",
		"--types", "*", "--max-term", "400d", "--until", "2027-11-21", "--yes", "--passphrase-file", "V/root")
	session("checkpoint", "--home", "V", "--key", "V/keys/bert.pub", "--passphrase-file", "passphrase")
	if !strings.Contains(public.String(), "INV0042-2") || !strings.Contains(public.String(), "this is a private key") {
		t.Fatalf("this was no session:\n%s", &public)
	}
	for _, name := range []string{"V/ledger.db", "license.lic", "V/root.pub", "V/keys/anna.pub", "V/delegations/anna.old",
		"V/keys/bert.pub", "V/keys/build.pub", "V/delegations/bert.old", "V/delegations/build.old", "standby.pub"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		public.Write(data)
		if text, _, found := bytes.Cut(data, []byte(":")); found && len(text) == 4 {
			_, raw, err := format.DecodeText(data)
			if err != nil {
				t.Fatal(err)
			}
			public.Write(raw)
		}
	}

	secrets := map[string][]byte{"the passphrase": []byte(passphrase)}
	for _, name := range []string{"V/root", "V/keys/anna", "V/keys/bert", "V/keys/build", "standby"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if !strings.HasPrefix(line, "-----") && i > 3 { // the first lines name the format, the cipher and the public key
				secrets["a line of "+name+": "+line] = []byte(line)
			}
		}
		key, err := keyfile.Read(filepath.Join(dir, name), func(int) ([]byte, error) { return []byte(passphrase), nil })
		if err != nil {
			t.Fatal(err)
		}
		seed := key.Seed()
		for piece := 0; piece+8 <= len(seed); piece += 8 { // a part would be bad enough
			part := seed[piece : piece+8]
			where := fmt.Sprintf("%s from byte %d, ", name, piece)
			secrets[where+"raw"] = part
			secrets[where+"hexadecimal"] = []byte(hex.EncodeToString(part))
		}
		secrets[name+", Base64"] = []byte(base64.StdEncoding.EncodeToString(seed))[:24]
	}
	secrets["the line of build.pem"] = bytes.Split(build, []byte("\n"))[1]
	for what, secret := range secrets {
		if bytes.Contains(public.Bytes(), secret) {
			t.Errorf("%s is where everybody can read it", what)
		}
	}
}

// Who else has an account on the workstation reads no key and no customer's name.
func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no modes on windows")
	}
	dir := t.TempDir()
	mustRun(t, dir, append(initArgs("V"), "--root-key", "stick")...)
	mustRun(t, dir, initArgs("W")...)
	request := writeRequest(t, dir, 1, "INV0042-1")
	for _, home := range []string{"V", "W"} {
		mustRun(t, dir, entitleArgs(home)...)
		mustRun(t, dir, "sign", "--home", home, "--yes", "--out", home+".lic", request)
	}
	want := map[string]fs.FileMode{
		"stick": 0o600, "stick.pub": 0o644, "W/root": 0o600,
		"V.lic": 0o644, "W.lic": 0o644,
	}
	for _, home := range []string{"V", "W"} {
		for name, mode := range map[string]fs.FileMode{
			"": 0o700 | fs.ModeDir, "/keys": 0o700 | fs.ModeDir, "/delegations": 0o700 | fs.ModeDir,
			"/root.pub": 0o644, "/keys/anna": 0o600, "/keys/anna.pub": 0o644, "/delegations/anna.old": 0o644, "/ledger.db": 0o600,
		} {
			want[home+name] = mode
		}
	}
	want[request] = 0o644 // the test's own
	got := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		got[name] = true
		if mode, known := want[name]; !known || info.Mode() != mode {
			t.Errorf("%s has the mode %s, want %s", name, info.Mode(), mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if !got[name] {
			t.Errorf("%s is not there", name)
		}
	}
	// While a command runs, the log beside the ledger has customers' names in it as well.
	db := openDatabase(t, filepath.Join(dir, "V", "ledger.db"))
	if _, err := db.Exec("UPDATE entitlements SET seats_used = 2"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if info, err := os.Stat(filepath.Join(dir, "V", "ledger.db"+suffix)); err != nil || info.Mode() != 0o600 {
			t.Errorf("ledger.db%s: %v, %v", suffix, info, err)
		}
	}
}

// The fields of list --json are what other programs rely on.
func TestListJSON(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	request := writeRequest(t, dir, 1, "INV0042-1")
	signed := mustRun(t, dir, "sign", "--home", "V", "--yes", "--operator", "berta", "--out", "license.lic", request)
	var got any
	if err := json.Unmarshal([]byte(mustRun(t, dir, "list", "--home", "V", "--json").stdout), &got); err != nil {
		t.Fatal(err)
	}
	list := got.(map[string]any)
	if list["version"] != float64(1) || len(list) != 2 {
		t.Errorf("got %v", list)
	}
	entitlement := list["entitlements"].([]any)[0].(map[string]any)
	activation := entitlement["activations"].([]any)[0].(map[string]any)
	license := activation["license"].(map[string]any)
	for _, test := range []struct {
		object map[string]any
		field  string
		want   any
	}{
		{entitlement, "invoice", "INV0042-1"},
		{entitlement, "email", "ops@site.example"},
		{entitlement, "customer", "Site Ltd"},
		{entitlement, "product", "evoq"},
		{entitlement, "edition", "engage"},
		{entitlement, "type", "production"},
		{entitlement, "seats", 1.0},
		{entitlement, "seats_used", 1.0},
		{entitlement, "expires", "2027-11-22T00:00:00Z"},
		{entitlement, "updates_until", "2027-11-21T23:59:59Z"},
		{activation, "host", "web1"},
		{activation, "since", "2026-11-21T12:00:00Z"},
		{activation, "machine_key", machineKey(t, 1).Public().Fingerprint()},
		{license, "epoch", 1.0},
		{license, "issued", "2026-11-21T12:00:00Z"},
		{license, "signed_by", "anna"},
	} {
		if test.object[test.field] != test.want {
			t.Errorf("%s: got %v, want %v", test.field, test.object[test.field], test.want)
		}
	}
	// An id is the one that sign has printed and offlicense shows.
	for _, id := range []any{activation["id"], license["id"]} {
		if text, _ := id.(string); len(text) < 13 || !strings.Contains(signed.stdout, text) {
			t.Errorf("id %v is not in what sign printed:\n%s", id, signed.stdout)
		}
	}
}
