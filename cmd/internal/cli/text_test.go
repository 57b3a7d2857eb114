package cli_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// hostile are texts that act on a terminal or hide what they are.
var hostile = []string{
	"\x1b[2J\x1b]0;title\x07", "\u009b2J", "\u202egnp.exe", "\u2066x\u2069", "\u200b\u200d\ufeff",
	"a\r\nb\tc\x00\x7f", "\xff\xfe\xc3", "\u2028\u2029", "\U000e0041\U000e007f", "\u00a0",
}

// inert fails where text could act on a terminal.
func inert(t *testing.T, text, allowed string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q is not valid UTF-8", text)
	}
	for _, r := range text {
		isBidiOrFormat := r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f ||
			r == 0xfeff || r >= 0xe0000 && r <= 0xe007f
		if (r < ' ' || r >= 0x7f && r <= 0xa0 || isBidiOrFormat) && !strings.ContainsRune(allowed, r) {
			t.Errorf("%q lets %U through", text, r)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, s := range hostile {
		inert(t, cli.Quote(s), "")
		inert(t, cli.Clean(s), "")
	}
	for s, want := range map[string]string{
		"":                             `""`,
		`Ünï "Ltd" 株式会社`:               `"Ünï \"Ltd\" 株式会社"`,
		"\x1b\u202e\xff":               `"\x1b\u202e\xff"`,
		strings.Repeat("x", 64):        `"` + strings.Repeat("x", 64) + `"`,
		strings.Repeat("x", 65):        `"` + strings.Repeat("x", 64) + `"...`,
		strings.Repeat("x", 63) + "é.": `"` + strings.Repeat("x", 63) + `"...`,
	} {
		if got := cli.Quote(s); got != want {
			t.Errorf("Quote(%q) is %s, want %s", s, got, want)
		}
	}
	if long := cli.Quote(strings.Repeat("\x80", 1<<20)); len(long) > 64*4+5 {
		t.Errorf("1 MiB of broken UTF-8 is quoted in %d bytes", len(long))
	}
}

func TestCleanKeepsPaths(t *testing.T) {
	const path = `C:\new "directory"\株式会社`
	if got := cli.Clean(path); got != path {
		t.Errorf("got %s", got)
	}
	if got := cli.Clean("a\nb\xffc\u202ed"); got != `a\nb\xffc\u202ed` {
		t.Errorf("got %s", got)
	}
}

func TestAnswer(t *testing.T) {
	answer := func(v any) (stdout string, failed error) {
		var out strings.Builder
		p := cli.Program{Name: "tool", Commands: []cli.Command{{Name: "show", Setup: func(flags *pflag.FlagSet) cli.Run {
			flags.Bool("json", false, "")
			return func(env *cli.Env, _ []string) error {
				failed = env.Answer(v)
				return cli.ErrNotValid
			}
		}}}}
		cli.Main(p, &cli.Env{Args: []string{"show", "--json"}, Stdout: &out, Stderr: io.Discard})
		return out.String(), failed
	}
	got, err := answer(map[string]any{"a": "<&>", "b": []int{1}})
	if want := "{\n  \"a\": \"<&>\",\n  \"b\": [\n    1\n  ]\n}\n"; err != nil || got != want {
		t.Errorf("got %q, want %q: %v", got, want, err)
	}
	for _, s := range hostile {
		text, err := answer(map[string]string{"name": s})
		if err != nil {
			t.Fatal(err)
		}
		inert(t, text, "\n")
		var got map[string]string
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && got["name"] != want {
			t.Errorf("read back %q, want %q", got["name"], want)
		}
	}
	if got, err := answer(map[string]any{"a": "x", "f": func() {}}); err == nil || got != "" {
		t.Errorf("a value that JSON cannot hold: %v, wrote %q", err, got)
	}
}

func TestTable(t *testing.T) {
	var table cli.Table
	table.Row("INVOICE", "CUSTOMER", "SEATS")
	table.Row("INV1", "株式会社", "1")
	table.Row("INV0042-1", "e\u0301", "2")
	table.Row("x", "")
	table.Row("evil\x1b\n", strings.Repeat("長", 50), "3")
	var b strings.Builder
	if _, err := table.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	pad := func(n int) string { return strings.Repeat(" ", n) }
	// The widest cells: 10 columns of evil\x1b\n, 28 double ones and "...".
	want := "INVOICE" + pad(5) + "CUSTOMER" + pad(53) + "SEATS\n" +
		"INV1" + pad(8) + "株式会社" + pad(53) + "1\n" +
		"INV0042-1" + pad(3) + "e\u0301" + pad(60) + "2\n" +
		"x\n" +
		`evil\x1b\n` + pad(2) + strings.Repeat("長", 28) + "...  3\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
