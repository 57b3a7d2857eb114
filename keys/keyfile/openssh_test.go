package keyfile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/keys"
)

// sshKeygen runs the real ssh-keygen and returns its standard output.
func sshKeygen(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("SKIPPED: no ssh-keygen on the path, so nothing was compared with OpenSSH")
	}
	command := exec.Command(program, args...)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("ssh-keygen %q: %v: %s", args, err, complaint.String())
	}
	return string(out)
}

func readWith(t *testing.T, path, passphrase string) keys.PublicKey {
	t.Helper()
	ask, asked := answers(t, passphrase)
	key, err := Read(path, ask)
	if err != nil {
		t.Fatalf("passphrase %q: %v", passphrase, err)
	}
	if want := min(len(passphrase), 1); *asked != want {
		t.Errorf("passphrase %q: asked %d times, want %d", passphrase, *asked, want)
	}
	return key.Public()
}

func TestSSHKeygenReadsOurs(t *testing.T) {
	t.Parallel()
	for _, passphrase := range []string{"", "right"} {
		path := filepath.Join(t.TempDir(), "key")
		key := testKey(t, 5)
		var phrase []byte
		if passphrase != "" {
			phrase = []byte(passphrase)
		}
		if err := Write(path, key, "acme.example\nroot", phrase); err != nil {
			t.Fatal(err)
		}
		want := key.Public().MarshalLine("acme.example root") + "\n"
		if got := sshKeygen(t, "-y", "-P", passphrase, "-f", path); got != want {
			t.Errorf("ssh-keygen -y: got %q, want %q", got, want)
		}
		if err := WritePublic(path+".pub", key.Public(), "acme.example"); err != nil {
			t.Fatal(err)
		}
		if got := sshKeygen(t, "-l", "-f", path+".pub"); !strings.Contains(got, key.Public().Fingerprint()) {
			t.Errorf("ssh-keygen -l: got %q, want %s in it", got, key.Public().Fingerprint())
		}
	}
}

func TestSSHKeygenChangesPassphrase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	key := testKey(t, 6)
	mustWrite(t, path, key, []byte("first"))
	old := "first"
	for _, next := range []string{"second", "", "third"} {
		sshKeygen(t, "-q", "-p", "-P", old, "-N", next, "-f", path)
		if got := readWith(t, path, next); got != key.Public() {
			t.Errorf("passphrase %q: got %v, want %v", next, got, key.Public())
		}
		old = next
	}
	ask, _ := answers(t, "first", "second", "right")
	if _, err := Read(path, ask); !errors.Is(err, ErrPassphrase) {
		t.Errorf("old passphrases: got %v, want ErrPassphrase", err)
	}
}

func TestReadsSSHKeygens(t *testing.T) {
	t.Parallel()
	for _, cipher := range []string{"aes256-ctr", "aes256-cbc"} {
		path := filepath.Join(t.TempDir(), "key")
		sshKeygen(t, "-q", "-t", "ed25519", "-Z", cipher, "-N", "right", "-C", "", "-f", path)
		line, err := os.ReadFile(path + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		if got := readWith(t, path, "right").MarshalLine(""); got != strings.TrimSpace(string(line)) {
			t.Errorf("%s: got %q, want %q", cipher, got, line)
		}
	}
}

// TestCipherHintMends runs the command that the hint names.
func TestCipherHintMends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "my key")
	sshKeygen(t, "-q", "-t", "ed25519", "-Z", "chacha20-poly1305@openssh.com", "-N", "right", "-f", path)
	_, err := Read(path, nil)
	args, found := strings.CutPrefix(hintOf(err), "ssh-keygen ")
	args, quoted := strings.CutSuffix(args, " -f '"+path+"'")
	if !found || !quoted {
		t.Fatalf("got %v, hint %q, want a command for this file", err, hintOf(err))
	}
	sshKeygen(t, append(strings.Fields(args), "-q", "-P", "right", "-N", "right", "-f", path)...)
	readWith(t, path, "right")
}

func TestOtherTypesOfSSHKeygen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, format, want string }{
		{"rsa", "RFC4716", "ssh-rsa"},
		{"ecdsa", "RFC4716", "ecdsa-sha2-nistp256"},
		{"rsa", "PEM", "an RSA key"},
		{"ecdsa", "PEM", "an ECDSA key"},
		{"ecdsa", "PKCS8", "PKCS#8"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		sshKeygen(t, "-q", "-t", c.kind, "-m", c.format, "-N", "", "-f", path)
		if key, err := Read(path, nil); err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s as %s: got %v, %v, want an error with %q", c.kind, c.format, key, err, c.want)
		}
		_, err := Read(path+".pub", nil)
		if err == nil || hintOf(err) != "give "+path {
			t.Errorf("%s.pub: got %v, hint %q, want %q", c.kind, err, hintOf(err), "give "+path)
		}
	}
}
