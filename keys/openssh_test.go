package keys

import (
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

const (
	goodLine = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
	rsaLine  = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC8 somebody"
)

// sshKeygen runs the real ssh-keygen and returns its standard output.
func sshKeygen(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("SKIPPED: no ssh-keygen on the path, so nothing was compared with OpenSSH")
	}
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("ssh-keygen %q: %v", args, err)
	}
	return string(out)
}

func TestOpenSSHLineIsSSHKeygens(t *testing.T) {
	private := filepath.Join(t.TempDir(), "key")
	sshKeygen(t, "-q", "-t", "ed25519", "-N", "", "-C", "acme.example root", "-f", private)
	theirs, err := os.ReadFile(private + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	named, err := ParsePublicFile(theirs)
	if err != nil || len(named) != 1 || named[0].Comment != "acme.example root" {
		t.Fatalf("ParsePublicFile: got %v, %v", named, err)
	}
	if got := named[0].MarshalLine(named[0].Comment) + "\n"; got != string(theirs) {
		t.Errorf("MarshalLine: got %q, ssh-keygen wrote %q", got, theirs)
	}
	if got := sshKeygen(t, "-y", "-f", private); got != named[0].MarshalLine("acme.example root")+"\n" {
		t.Errorf("ssh-keygen -y: got %q, want the same line", got)
	}

	ours := filepath.Join(t.TempDir(), "ours.pub")
	key := testKey(t, 3).Public()
	if err := os.WriteFile(ours, []byte(key.MarshalLine("ours")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := sshKeygen(t, "-l", "-f", ours); !strings.HasPrefix(got, "256 "+key.Fingerprint()+" ours ") {
		t.Errorf("ssh-keygen -l: got %q, want %q in it", got, key.Fingerprint())
	}
}

func TestMarshalLine(t *testing.T) {
	key, err := NewPublicKey(unhex(t, rfc8032[0].public))
	if err != nil {
		t.Fatal(err)
	}
	if got := key.MarshalLine(""); got != goodLine {
		t.Errorf("got %q, want %q", got, goodLine)
	}
	for comment, want := range map[string]string{
		"":                          "",
		"acme.example":              "acme.example",
		"two  words ":               "two  words",
		"Bär & Söhne":               "Bär & Söhne",
		"a PRIVATE KEY":             "a PRIVATE KEY",
		"x\n" + rsaLine:             "x " + rsaLine,
		"\r\n":                      "",
		"\x1b[2Jescape":             "[2Jescape",
		"not UTF-8 \xff\xfe":        "not UTF-8",
		"right to left \u202e name": "right to left   name",
	} {
		named, err := ParsePublicLine(key.MarshalLine(comment))
		if err != nil || named.PublicKey != key || named.Comment != want {
			t.Errorf("comment %q: got %v, %q, %v, want %q", comment, named.PublicKey, named.Comment, err, want)
		}
		file, err := ParsePublicFile([]byte(key.MarshalLine(comment)))
		if err != nil || len(file) != 1 {
			t.Errorf("comment %q: got %d keys, %v", comment, len(file), err)
		}
	}
}

func TestParsePublicLine(t *testing.T) {
	for _, line := range []string{
		goodLine, "  " + goodLine + "\r\n", goodLine + " x", strings.Replace(goodLine, " ", "  ", 1),
	} {
		key, err := ParsePublicLine(line)
		if err != nil || key.MarshalLine("") != goodLine {
			t.Errorf("%q: got %v, %v", line, key, err)
		}
	}
	blob := strings.TrimPrefix(goodLine, "ssh-ed25519 ")
	for _, c := range []struct{ line, want string }{
		{"", "does not start"},
		{"ssh-ed25519", "not an Ed25519 key"},
		{blob, "does not start"},
		{"command=\"x\" " + goodLine, "does not start"},
		{rsaLine, `"ssh-rsa"`},
		{"sk-ssh-ed25519@openssh.com AAAA", `"sk-ssh-ed25519@openssh.com"`},
		{"SSH-ED25519 " + blob, "does not start"},
		{"ssh-ed25519\t" + blob, "another type"},
		{goodLine[:50] + "\n" + goodLine[50:], "do not print"},
		{goodLine[:50] + "\r" + goodLine[50:], "do not print"},
		{goodLine + " a\x1b[2J", "do not print"},
		{goodLine + " a\xff", "do not print"},
		{goodLine + "=", "not base64"},
		{goodLine[:len(goodLine)-1], "not base64"},
		{goodLine[:len(goodLine)-4], "malformed public key"},
		{goodLine + "AAAA", "malformed public key"},
		{"ssh-ed25519 " + strings.TrimPrefix(rsaLine, "ssh-rsa "), "not an Ed25519 key"},
		{"-----BEGIN OPENSSH PRIVATE KEY-----", "this is a private key"},
		{"-----BEGIN PRIVATE KEY-----", "this is a private key"},
		{"PuTTY-User-Key-File-3: ssh-ed25519", "this is a PuTTY private key"},
		{"OLL1:AAAA", "this is a license"},
		{"oll1/2-5:AAAA", "this is a license"},
		{"OLQ1:AAAA", "this is a request"},
		{"OLD1:AAAA", "this is a delegation"},
	} {
		key, err := ParsePublicLine(c.line)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, %v, want an error with %q", c.line, key, err, c.want)
		}
	}
}

func TestWeakLineRefused(t *testing.T) {
	for _, p := range lowOrderPoints(t) {
		line := "ssh-ed25519 " + base64.StdEncoding.EncodeToString(append(sshPrefix(), p.encode()...))
		if _, err := ParsePublicLine(line); !errors.Is(err, ErrWeakKey) {
			t.Errorf("ParsePublicLine: got %v, want ErrWeakKey", err)
		}
		if _, err := ParsePublicFile([]byte(goodLine + "\n" + line)); !errors.Is(err, ErrWeakKey) {
			t.Errorf("ParsePublicFile: got %v, want ErrWeakKey", err)
		}
	}
}

// TestPrivateKeyGivenAsPublic: the mistake is named with its hint, and a secret that
// stands where a key belongs does not come back in the error.
func TestPrivateKeyGivenAsPublic(t *testing.T) {
	_, err := ParsePublicFile([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n"))
	var hint interface{ Hint() string }
	if !errors.As(err, &hint) || !strings.Contains(hint.Hint(), ".pub") {
		t.Errorf("got %v, want a hint that names the .pub file", err)
	}
	for _, secret := range []string{rfc8032[0].seed, "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="} {
		_, err := ParsePublicFile([]byte(secret))
		if err == nil || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("got %v, want an error that does not repeat the file", err)
		}
	}
}

// TestOtherFormsOfPublicKeys: what other programs make of a public key is named, with what to do.
func TestOtherFormsOfPublicKeys(t *testing.T) {
	for text, want := range map[string]string{
		"---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"256-bit ED25519\"\nAAAA\n": "ssh-keygen -i -f FILE",
		"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n":                        "as OpenSSH writes it",
		"ssh\u2010ed25519 AAAA": "type that dash again",
		"OLA1:AAAA":             "lines that start with ssh-ed25519",
	} {
		_, err := ParsePublicFile([]byte(text))
		var hint interface{ Hint() string }
		if !errors.As(err, &hint) || !strings.Contains(hint.Hint(), want) {
			t.Errorf("%q: got %v, want a hint with %q", text, err, want)
		}
	}
}

func TestParsePublicFile(t *testing.T) {
	var lines []string
	for i := range 17 {
		lines = append(lines, testKey(t, byte(i)).Public().MarshalLine(""))
	}
	full := strings.Join(lines[:16], "\n")
	for text, want := range map[string]int{
		goodLine:                                1,
		"\xef\xbb\xbf" + goodLine:               1,
		"# roots\r\n\r\n" + goodLine + " x\r\n": 1,
		full:                                    16,
		strings.Join(lines, "\n"):               0,
		goodLine + "\n" + goodLine + " again":   0,
		"":                                      0,
		"# nothing":                             0,
		goodLine + "\nrubbish":                  0,
		"#" + strings.Repeat("x", MaxPublicFile-len(goodLine)-2) + "\n" + goodLine:        1,
		"#" + strings.Repeat("x", MaxPublicFile-len(goodLine)-2) + "\n" + goodLine + "\n": 0,
	} {
		named, err := ParsePublicFile([]byte(text))
		if len(named) != want || (err == nil) != (want > 0) {
			t.Errorf("%.80q: got %d keys, %v, want %d", text, len(named), err, want)
		}
	}
	named, err := ParsePublicFile([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range named {
		if key.MarshalLine("") != lines[i] {
			t.Errorf("key %d is not the one on line %d", i, i+1)
		}
	}
}

// checkNamed asserts what holds for every accepted key: it is strong, it writes back as
// an equal one, and its comment is safe to print.
func checkNamed(t *testing.T, named NamedKey) {
	t.Helper()
	if key, err := NewPublicKey(named.Bytes()); err != nil || key != named.PublicKey {
		t.Errorf("accepted a key that NewPublicKey refuses: %v", err)
	}
	again, err := ParsePublicLine(named.MarshalLine(named.Comment))
	if err != nil || again != named {
		t.Errorf("written and read again: got %v, %v, want %v", again, err, named)
	}
	if i := strings.IndexFunc(named.Comment, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("comment %q does not print", named.Comment)
	}
}

func FuzzParsePublicLine(f *testing.F) {
	for _, seed := range []string{"", goodLine, goodLine + " a comment", rsaLine, "OLL1:AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if named, err := ParsePublicLine(line); err == nil {
			checkNamed(t, named)
		} else if named != (NamedKey{}) {
			t.Errorf("a key together with an error: %v", named)
		}
	})
}

func FuzzParsePublicFile(f *testing.F) {
	two := testKey(f, 1).Public().MarshalLine("one") + "\n" + testKey(f, 2).Public().MarshalLine("two")
	for _, seed := range []string{"", goodLine, "# roots\r\n" + goodLine + "\r\n", two} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		named, err := ParsePublicFile(text)
		if err == nil && (len(named) == 0 || len(named) > maxPublicLines) || err != nil && named != nil {
			t.Errorf("got %d keys and error %v", len(named), err)
		}
		seen := make(map[PublicKey]bool)
		for _, key := range named {
			checkNamed(t, key)
			if seen[key.PublicKey] {
				t.Error("the same key twice")
			}
			seen[key.PublicKey] = true
		}
	})
}
