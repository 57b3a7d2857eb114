package letter

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Mail is a message as RFC 5322 and MIME have it.
type Mail struct {
	From, To    mail.Address
	Subject     string
	Text        string
	Attachments []Attachment
	Date        time.Time
}

// Attachment is a file in a mail.
type Attachment struct {
	Name    string // of letters, digits and . _ -
	Content []byte
}

// Start is how the bytes of every mail begin: the header by which mail programs open it
// as one that is still to be sent.
const Start = "X-Unsent: 1\r\n"

// Bytes returns the bytes of the .eml file. The same mail has the same bytes. The error is
// about an address or a name that no header can have.
func (m *Mail) Bytes() ([]byte, error) {
	from, err := address(&m.From)
	if err != nil {
		return nil, fmt.Errorf("the sender: %w", err)
	}
	to, err := address(&m.To)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(m.Subject, unicode.IsControl) || !utf8.ValidString(m.Subject) {
		return nil, errors.New("a subject with a control character")
	}
	parts, err := m.parts()
	if err != nil {
		return nil, err
	}
	date := m.Date.UTC().Format(time.RFC1123Z)
	all := sha256.New()
	for _, text := range append([]string{from, to, m.Subject, date}, parts...) {
		fmt.Fprintf(all, "%d %s", len(text), text)
	}
	id := hex.EncodeToString(all.Sum(nil))[:32]
	_, domain, _ := strings.Cut(m.From.Address, "@")

	var b bytes.Buffer
	b.WriteString(Start)
	header(&b, "From", from)
	header(&b, "To", to)
	header(&b, "Subject", mime.QEncoding.Encode("utf-8", m.Subject))
	header(&b, "Date", date)
	header(&b, "Message-ID", "<"+id+"@"+domain+">")
	header(&b, "MIME-Version", "1.0")
	if len(parts) == 1 {
		b.WriteString(parts[0])
		return b.Bytes(), nil
	}
	boundary := "part-" + id // no line of a part begins with -- and that
	header(&b, "Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	b.WriteString("\r\n")
	for _, part := range parts {
		b.WriteString("--" + boundary + "\r\n" + part + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.Bytes(), nil
}

// address writes an address for a header. What is not ASCII in the address itself needs
// newer servers than all have, and what is in quotes there is nobody's.
func address(a *mail.Address) (string, error) {
	if strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`",;:<>()[]\`, r) }) {
		return "", fmt.Errorf("the address %.64q is not in plain letters", a.Address)
	}
	if strings.ContainsFunc(a.Name, unicode.IsControl) || !utf8.ValidString(a.Name) {
		return "", fmt.Errorf("the name %.64q has a control character", a.Name)
	}
	text := a.String()
	if again, err := mail.ParseAddress(text); err != nil || again.Address != a.Address {
		return "", fmt.Errorf("the address %.64q is none", a.Address)
	}
	return text, nil
}

// header writes one header, folded where it has spaces: RFC 5322, section 2.2.3.
func header(b *bytes.Buffer, name, value string) {
	const most = 76
	line := name + ":"
	for _, word := range strings.Split(value, " ") {
		if len(line)+1+len(word) > most && line != name+":" {
			b.WriteString(line + "\r\n")
			line = ""
		}
		line += " " + word
	}
	b.WriteString(line + "\r\n")
}

// parts are the text and the attachments, each with its headers.
func (m *Mail) parts() ([]string, error) {
	var b bytes.Buffer
	header(&b, "Content-Type", "text/plain; charset=utf-8")
	header(&b, "Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(m.Text)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	parts := []string{b.String()}
	for _, a := range m.Attachments {
		if a.Name == "" || strings.ContainsFunc(a.Name, func(r rune) bool {
			return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
		}) {
			return nil, fmt.Errorf("the name %.64q of an attachment", a.Name)
		}
		b.Reset()
		header(&b, "Content-Type", `application/octet-stream; name="`+a.Name+`"`)
		header(&b, "Content-Disposition", `attachment; filename="`+a.Name+`"`)
		header(&b, "Content-Transfer-Encoding", "base64")
		b.WriteString("\r\n")
		const line = 76
		for text := base64.StdEncoding.EncodeToString(a.Content); text != ""; {
			n := min(line, len(text))
			b.WriteString(text[:n] + "\r\n")
			text = text[n:]
		}
		parts = append(parts, b.String())
	}
	return parts, nil
}
