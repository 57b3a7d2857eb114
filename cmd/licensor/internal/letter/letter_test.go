package letter_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/letter"
)

var date = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func message() letter.Mail {
	return letter.Mail{
		From: mail.Address{Name: "Acme, Sales", Address: "sales@acme.example"}, To: mail.Address{Name: "Müller & Søn", Address: "ops@site.example"},
		Subject: "acme.example: Lizenzen für Müller & Søn, 株式会社例, and more that is longer than a line has room for",
		Text:    "Hello,\n\nGrüße = 1\n.\nFrom here on\n" + strings.Repeat("long ", 40) + "\nlast \n", Date: date,
		Attachments: []letter.Attachment{{"A-web1.lic", []byte("OLL1:" + strings.Repeat("ABCD", 100))}, {"B.lic", []byte{}}},
	}
}

// A mail reads as it was written, with other tools than those that wrote it.
func TestMail(t *testing.T) {
	m := message()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if bare, crlf := strings.CutSuffix(line, "\r"); line != "" && !crlf || len(bare) > 78 || strings.ContainsFunc(bare, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("a line that is not plain, or longer than 78: %q", line)
		}
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]mail.Address{"From": m.From, "To": m.To} {
		all, err := read.Header.AddressList(name)
		if err != nil || len(all) != 1 || *all[0] != want {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); got != m.Subject {
		t.Errorf("subject %q, %v", got, err)
	}
	if got, err := read.Header.Date(); err != nil || !got.Equal(date) {
		t.Errorf("date %v, %v", got, err)
	}
	if id := read.Header.Get("Message-ID"); !strings.HasSuffix(id, "@acme.example>") || len(id) != len("<@acme.example>")+32 {
		t.Errorf("message id %q", id)
	}
	kind, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	text, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(quotedprintable.NewReader(text)); err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != m.Text+"\n" && strings.ReplaceAll(string(body), "\r\n", "\n") != m.Text {
		t.Errorf("text %q, %v", body, err)
	}
	for _, want := range m.Attachments {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil || part.FileName() != want.Name || !bytes.Equal(content, want.Content) {
			t.Errorf("%s: %q, %v", part.FileName(), content, err)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
	again := message()
	if same, _ := again.Bytes(); !bytes.Equal(raw, same) {
		t.Error("the same mail has other bytes")
	}
	again.Text += "x"
	if other, _ := again.Bytes(); bytes.Contains(other, []byte(read.Header.Get("Message-ID"))) {
		t.Error("another mail has the same id")
	}
}

// No name makes a header of its own, or another addressee.
func TestInjection(t *testing.T) {
	for _, hostile := range []string{"x\r\nBcc: thief@evil.example", "x\nBcc: thief@evil.example", "x\x00y", "x\u0085y", "\xff"} {
		for name, change := range map[string]func(*letter.Mail){
			"name":       func(m *letter.Mail) { m.To.Name = hostile },
			"address":    func(m *letter.Mail) { m.To.Address = "ops@site.example" + hostile },
			"sender":     func(m *letter.Mail) { m.From.Name = hostile },
			"subject":    func(m *letter.Mail) { m.Subject = hostile },
			"attachment": func(m *letter.Mail) { m.Attachments[0].Name = hostile },
		} {
			m := message()
			change(&m)
			if raw, err := m.Bytes(); err == nil {
				t.Errorf("%s %q is taken:\n%s", name, hostile, raw)
			}
		}
	}
	for _, name := range []string{`a" <thief@evil.example>, "`, "a, thief@evil.example", `a\`, "=?utf-8?q?=0D=0ABcc:_thief=40evil.example?="} {
		m := message()
		m.To.Name, m.Subject = name, name
		raw, err := m.Bytes()
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		read, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		to, err := read.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "ops@site.example" || read.Header.Get("Bcc") != "" {
			t.Errorf("%q: to %v, %v", name, to, err)
		}
	}
	for _, address := range []string{"ops", "a b@site.example", "ops@site.example,thief@evil.example", "öps@site.example", ""} {
		m := message()
		m.To.Address = address
		if raw, err := m.Bytes(); err == nil {
			t.Errorf("the address %q is taken:\n%s", address, raw)
		}
	}
}

// The vendor's own template says what it wants of what is known, and a wrong one is
// refused before a letter is written.
func TestTemplate(t *testing.T) {
	tmpl, err := letter.Parse("Subject: {{.Customer}}, {{len .Endings}}\r\n\r\n{{range .Endings}}{{.Invoice}} {{.On}}\n{{end}}")
	if err != nil {
		t.Fatal(err)
	}
	about, text, err := tmpl.Write(&letter.Letter{Customer: "<Müller> & Søn", Endings: []letter.Ending{{Invoice: "A-1", On: "2027-11-21"}}})
	if err != nil || about != "<Müller> & Søn, 1" || text != "A-1 2027-11-21\n" {
		t.Errorf("%q, %q, %v", about, text, err)
	}
	if _, _, err := tmpl.Write(&letter.Letter{Customer: strings.Repeat("x", 300)}); err == nil {
		t.Error("a subject of 300 bytes is taken")
	}
	if about, text, err := tmpl.Write(&letter.Letter{Customer: "a\nBcc: b"}); err == nil && strings.Contains(about, "Bcc") {
		t.Errorf("the subject %q goes over the line; text %q", about, text)
	}
	for _, wrong := range []string{"", "Hello", "Subject: \n\nHello", "Subject: a{{.Nothing}}", "Subject: {{", "Subject: {{range .Endings}}{{.Nothing}}{{end}}",
		"Subject: a\tb\x01", "Subject: a\n{{range $i := .Endings}}{{printf \"%2000000s\" \"x\"}}{{end}}"} {
		if _, err := letter.Parse(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	if _, err := letter.Parse(letter.Default); err != nil {
		t.Error(err)
	}
}
