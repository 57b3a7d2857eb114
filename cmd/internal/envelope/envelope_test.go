package envelope

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/offlicense/offlicense/format"
)

// sample is a statement by its form alone, of a given size.
func sample(kind format.Kind, seed uint64, size int) Statement {
	r := rand.New(rand.NewPCG(seed, seed))
	raw := make([]byte, size)
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	raw[0] = 0x10 // no CBOR that could be a statement
	return Statement{kind, raw}
}

func utf16Bytes(text string, little bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return b
}

// around puts a text into a letter whose words are all Base32.
func around(text string) string {
	return "Dear Sir,\n\nplease find it below:\n\n" + text + "\nKind regards\nAnna Berger\nSales\n\n" +
		"CONFIDENTIAL NOTICE\nThis message is meant for whom it may concern: call +49 89 1234567 at 10:30 or visit https://acme.example/a/b.\n"
}

// carriers are all ways in which a text arrives that need no mail.
var carriers = map[string]func(file string) []byte{
	"as it is":       func(f string) []byte { return []byte(f) },
	"CRLF":           func(f string) []byte { return []byte(strings.ReplaceAll(around(f), "\n", "\r\n")) },
	"letter":         func(f string) []byte { return []byte(around(f)) },
	"no blank lines": func(f string) []byte { return []byte("Here it is\n" + f + "Regards\nAnna\n") },
	"quoted": func(f string) []byte {
		return []byte("> > " + strings.ReplaceAll(strings.TrimSpace(around(f)), "\n", "\n> > "))
	},
	"quoted tight":  func(f string) []byte { return []byte(">" + strings.ReplaceAll(f, "\n", "\n>")) },
	"bars":          func(f string) []byte { return []byte("| " + strings.ReplaceAll(f, "\n", "\n| ")) },
	"double spaced": func(f string) []byte { return []byte("Hello!\n" + strings.ReplaceAll(f, "\n", "\n\n") + "Bye\n") },
	"wrapped at 40": func(f string) []byte { return []byte(around(wrap(f, 40))) },
	"one line":      func(f string) []byte { return []byte(around(strings.ReplaceAll(f, "\n", " "))) },
	"lower case":    func(f string) []byte { return []byte(around(strings.ToLower(f))) },
	"smart quotes":  func(f string) []byte { return []byte("Text: “" + strings.TrimSpace(f) + "”. Bye.") },
	"guillemets":    func(f string) []byte { return []byte("Text: «\u00a0" + strings.TrimSpace(f) + "\u00a0».") },
	"no-break spaces": func(f string) []byte {
		return []byte(around("\u00a0\u00a0" + strings.ReplaceAll(f, "\n", "\u00a0\n\u00a0\u00a0")))
	},
	"zero width": func(f string) []byte { return []byte(around(strings.Join(strings.SplitAfter(f, "A"), "\u200b"))) },
	"windows-1252": func(f string) []byte {
		return []byte("Gr\xfc\xdfe: \x93" + strings.ReplaceAll(strings.TrimSpace(f), "\n", "\xa0\n") + "\x94, Anna")
	},
	"BOM":             func(f string) []byte { return []byte("\ufeff" + f) },
	"UTF-16LE BOM":    func(f string) []byte { return utf16Bytes("\ufeff"+strings.ReplaceAll(f, "\n", "\r\n"), true) },
	"UTF-16BE BOM":    func(f string) []byte { return utf16Bytes("\ufeff"+f, false) },
	"UTF-16LE":        func(f string) []byte { return utf16Bytes(f, true) },
	"UTF-16BE":        func(f string) []byte { return utf16Bytes(f, false) },
	"UTF-16 letter":   func(f string) []byte { return utf16Bytes("\ufeff"+around(f), true) },
	"UTF-16 odd":      func(f string) []byte { return append(utf16Bytes("\ufeff"+f, true), '\n') },
	"literal \\n":     func(f string) []byte { return []byte("LICENSE=" + strings.ReplaceAll(f, "\n", `\n`)) },
	"literal \\r\\n":  func(f string) []byte { return []byte(`'` + strings.ReplaceAll(f, "\n", `\r\n`) + `'`) },
	"base64 one line": func(f string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(f))) },
	"base64 for links": func(f string) []byte {
		return []byte("token: " + base64.RawURLEncoding.EncodeToString([]byte(f)) + "\nother: 1\n")
	},
	"base64 wrapped": func(f string) []byte {
		return []byte("Here it is\n" + wrap(base64.StdEncoding.EncodeToString([]byte(f)), 76) + "\nRegards\n")
	},
	"base64 twice": func(f string) []byte {
		return []byte(base64.StdEncoding.EncodeToString([]byte(wrap(base64.StdEncoding.EncodeToString([]byte(f)), 76))))
	},
	"base64 of UTF-16": func(f string) []byte {
		return []byte(base64.StdEncoding.EncodeToString(utf16Bytes("\ufeff"+f, true)))
	},
	"JSON": func(f string) []byte {
		b, _ := json.MarshalIndent(map[string]any{"license": f, "version": 1, "url": "https://acme.example"}, "", "  ")
		return b
	},
	"JSON in JSON": func(f string) []byte {
		b, _ := json.Marshal(map[string]any{"license": f, "more": "text"})
		b, _ = json.Marshal(map[string]any{"body": string(b)})
		return b
	},
	"JSON lines": func(f string) []byte {
		b, _ := json.MarshalIndent(map[string]any{"license": strings.Split(f, "\n"), "z": 3}, "", "  ")
		return b
	},
	"JSON base64": func(f string) []byte {
		b, _ := json.Marshal(map[string]any{"data": []byte(f)})
		return b
	},
	"YAML": func(f string) []byte {
		return []byte("app:\n  license: |\n    " + strings.ReplaceAll(strings.TrimSpace(f), "\n", "\n    ") + "\n  replicas: 3\n")
	},
	"YAML folded": func(f string) []byte {
		return []byte("license: >-\n  " + strings.ReplaceAll(strings.TrimSpace(f), "\n", "\n  ") + "\nreplicas: 3\n")
	},
	"YAML secret": func(f string) []byte {
		return []byte("kind: Secret\ndata:\n  license: " + base64.StdEncoding.EncodeToString([]byte(f)) + "\n  other: QUJD\n")
	},
	"link": func(f string) []byte {
		return []byte("https://acme.example/i?l=" + strings.NewReplacer(":", "%3A", "\n", "%0A").Replace(f) + "&b=c")
	},
	"Go source": func(f string) []byte {
		return []byte("const l = \"" + strings.ReplaceAll(strings.TrimSpace(f), "\n", "\" +\n\t\"") + "\"\n")
	},
	"shell": func(f string) []byte {
		return []byte("export L=\"" + strings.ReplaceAll(strings.TrimSpace(f), "\n", "\\\n") + "\"\necho done\n")
	},
	"markdown":       func(f string) []byte { return []byte("Hi,\n\n```\n" + f + "```\n\n*Anna*\n") },
	"angle brackets": func(f string) []byte { return []byte("See <" + strings.TrimSpace(f) + ">, please.") },
	"HTML": func(f string) []byte {
		return []byte("<html><head><style>p { color: red }</style></head><body><p>Hi,</p><p class=\"x\">" +
			strings.ReplaceAll(strings.TrimSpace(f), "\n", "<br/>\n") + "</p>Regards<a href=\"https://acme.example/\">us</a></body></html>")
	},
	"HTML spans": func(f string) []byte {
		return []byte("<div>" + strings.ReplaceAll(f, "\n", "&nbsp;</span></div><div dir=\"ltr\"><span style=\"font-size:10pt\">") + "</span>Bye</div>")
	},
	"HTML quoted": func(f string) []byte {
		return []byte("<pre>&gt; " + strings.ReplaceAll(strings.TrimSpace(f), "\n", "\n&gt; ") + "</pre><p>Regards</p>")
	},
	"HTML breaks in words": func(f string) []byte {
		return []byte("<td>" + strings.ReplaceAll(strings.TrimSpace(f), "E", "E<wbr>") + "</td>")
	},
}

func wrap(text string, n int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		for len(line) > n {
			b.WriteString(line[:n] + "\n")
			line = line[n:]
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func TestFindsInEveryCarrier(t *testing.T) {
	for _, size := range []int{40, 333, 1001} {
		want := sample(format.LicenseFile, uint64(size), size)
		for name, carry := range carriers {
			got, err := Pick(carry(string(want.Text())), format.LicenseFile)
			if err != nil {
				t.Errorf("%s, %d bytes: %v", name, size, err)
				continue
			}
			raw, err := format.DecodeTextAs(got, format.LicenseFile)
			if err != nil || !bytes.Equal(raw, want.Raw) {
				t.Errorf("%s, %d bytes: got %.80q, %v", name, size, got, err)
			}
		}
	}
}

// What stands in parts is put together in every carrier, too, and a part that is missing is
// named.
func TestFindsParts(t *testing.T) {
	want := sample(format.SignedRequest, 7, 333)
	parts, err := format.EncodeParts(want.Kind, want.Raw, 210)
	if err != nil || len(parts) != 3 {
		t.Fatal(len(parts), err)
	}
	for name, carry := range carriers {
		all := carry(parts[1] + "\n" + parts[0] + "\n" + parts[2] + "\n")
		got, err := Pick(all)
		raw, wrong := format.DecodeTextAs(got, want.Kind)
		if err != nil || wrong != nil || !bytes.Equal(raw, want.Raw) {
			t.Errorf("%s: got %.80q, %v, %v", name, got, err, wrong)
		}
		some, err := Pick(carry(parts[0] + "\n" + parts[1] + "\n"))
		var malformed *format.MalformedError
		if _, _, wrong := format.DecodeText(some); err != nil || !errors.As(wrong, &malformed) || !slices.Equal(malformed.Missing(), []int{3}) {
			t.Errorf("%s: of a missing part: %v, %v (%.80q)", name, err, wrong, some)
		}
	}
}

// A damaged statement is never found, in whatever it is.
func TestRefusesDamaged(t *testing.T) {
	want := sample(format.LicenseFile, 3, 333)
	text := []byte(want.Text())
	text[100] = map[bool]byte{true: 'B', false: 'A'}[text[100] == 'A']
	cut := want.Text()[:400]
	for name, carry := range carriers {
		for _, bad := range [][]byte{text, cut} {
			got, err := Pick(carry(string(bad)))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, _, err := format.DecodeText(got); err == nil {
				t.Errorf("%s: a damaged statement was found", name)
			}
		}
	}
}

func TestChoice(t *testing.T) {
	one, two := sample(format.LicenseFile, 1, 200), sample(format.LicenseFile, 2, 200)
	other := sample(format.Release, 3, 100)
	mail := around(string(one.Text())) + "\nOn Monday Anna wrote:\n> " + strings.ReplaceAll(around(string(two.Text())+"\n"+string(other.Text())), "\n", "\n> ")
	_, err := Pick([]byte(mail), format.LicenseFile, format.RevocationFile)
	var ambiguous *AmbiguousError
	if !errors.As(err, &ambiguous) || len(ambiguous.Choices) != 2 {
		t.Fatalf("got %v", err)
	}
	for i, want := range []Statement{one, two} {
		if !bytes.Equal(ambiguous.Choices[i].Text, want.Text()) {
			t.Errorf("choice %d is not the statement", i)
		}
	}
	// The same one twice is one, and another kind is not asked about.
	if got, err := Pick([]byte(mail), format.Release); err != nil || !bytes.Equal(got, other.Text()) {
		t.Errorf("got %.40q, %v", got, err)
	}
	twice := around(string(one.Text())) + "> " + strings.ReplaceAll(string(one.Text()), "\n", "\n> ")
	if got, err := Pick([]byte(twice)); err != nil || !bytes.Equal(got, one.Text()) {
		t.Errorf("got %.40q, %v", got, err)
	}
}

// Of the kind that is wanted, what is wrong is told, also where another kind is whole.
func TestTellsOfTheWantedKind(t *testing.T) {
	license, request := sample(format.LicenseFile, 1, 200), sample(format.SignedRequest, 2, 100)
	damaged := string(license.Text()[:200])
	mail := []byte(around(damaged) + "> " + strings.ReplaceAll(string(request.Text()), "\n", "\n> "))
	got, err := Pick(mail, format.LicenseFile)
	if err != nil || string(got[:5]) != "OLL1:" {
		t.Errorf("got %.40q, %v", got, err)
	}
	if _, _, err := format.DecodeText(got); err == nil {
		t.Error("a damaged license was found")
	}
	if got, err := Pick(mail, format.Delegation); err != nil || !bytes.Equal(got, request.Text()) {
		t.Errorf("got %.40q, %v", got, err)
	}
}

// A private key is not looked into, whatever else is there.
func TestPrivateKeyStays(t *testing.T) {
	one := sample(format.LicenseFile, 1, 200)
	for _, key := range []string{"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "OLK1:AAAA\n"} {
		data := []byte(around(string(one.Text())) + key)
		if got, err := Pick(data); err != nil || !bytes.Equal(got, data) {
			t.Errorf("got %.40q, %v", got, err)
		}
		if got, err := PickPublic([]byte(key)); err != nil || string(got) != key {
			t.Errorf("got %.40q, %v", got, err)
		}
	}
}

func allParts(count, symbols int) []byte {
	var b bytes.Buffer
	for n := 1; n <= count; n++ {
		fmt.Fprintf(&b, "OLV1/%d-%d:%s\n", n, count, strings.Repeat("A ", symbols))
	}
	return b.Bytes()
}

func nested() []byte {
	data := bytes.Repeat([]byte("A"), MaxSize/4)
	for range 8 {
		if out := []byte(base64.StdEncoding.EncodeToString(data)); len(out) < MaxSize {
			data = out
		}
	}
	return data
}

// Accepted means that it is the one text of its bytes.
func FuzzPick(f *testing.F) {
	one := sample(format.LicenseFile, 1, 60)
	parts, err := format.EncodeParts(one.Kind, one.Raw, 60)
	if err != nil {
		f.Fatal(err)
	}
	for _, carry := range carriers {
		f.Add(carry(string(one.Text())))
		f.Add(carry(strings.Join(parts, "\n")))
	}
	for _, l := range layouts {
		f.Add([]byte(typeThrough(l, strings.ToLower(strings.Join(parts, "")))))
	}
	if lines, err := format.Spell(one.Kind, one.Raw); err == nil {
		f.Add([]byte(strings.Join(lines, "\n")))
	}
	f.Add([]byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGlAkGgnwVvzp6LIWAXQ0AnhnlV6aQN3fEGhYUhE6lCe anna\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Pick(data)
		if ambiguous, ok := err.(*AmbiguousError); ok {
			for _, c := range ambiguous.Choices {
				checkCanonical(t, c.Text)
			}
		} else if _, nothing := errors.AsType[*NothingError](err); nothing {
		} else if _, parts := err.(*PartsError); err != nil && !parts {
			t.Fatal(err)
		} else if _, _, err := format.DecodeText(data); err != nil {
			if _, _, err := format.DecodeText(got); err == nil {
				checkCanonical(t, got)
			}
		}
		PickPublic(data)
	})
}

func checkCanonical(t *testing.T, text []byte) {
	kind, raw, err := format.DecodeText(text)
	if err != nil || !bytes.Equal(format.EncodeFile(kind, raw), text) {
		t.Fatalf("found %.80q, which is no text of a statement: %v", text, err)
	}
}
