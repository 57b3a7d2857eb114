package page

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
)

// FaultCode is one word for what stands in the way of a press. Codes are stable; there may be new ones.
type FaultCode string

const (
	NotAllowed FaultCode = "not-allowed"
	CrossSite  FaultCode = "cross-site" // {origin}, {host}
	BadMethod  FaultCode = "method"
	BadForm    FaultCode = "form"
	TooLarge   FaultCode = "too-large"
	NotFound   FaultCode = "not-found"
	Changed    FaultCode = "changed" // what was to be removed is not there any more

	BadField   FaultCode = "field" // {detail}
	BadEmail   FaultCode = "email"
	BadInvoice FaultCode = "invoice"
	BadType    FaultCode = "type"

	Unidentified FaultCode = "unidentified"
	OtherProduct FaultCode = "other-product"
	NotState     FaultCode = "not-state"     // {path}
	NotWritable  FaultCode = "not-writable"  // {path}
	NotReadable  FaultCode = "not-readable"  // {path}
	DiskFull     FaultCode = "disk-full"     // {path}
	NoDirectory  FaultCode = "no-directory"  // {path}: its parent is missing
	NothingGiven FaultCode = "nothing-given" // no file and no text
	Picture      FaultCode = "picture"
	NotLicense   FaultCode = "not-license" // {detail}, {next}
	NoRequest    FaultCode = "no-request"
	NoKey        FaultCode = "no-key"
	GivenUp      FaultCode = "given-up"
	Refused      FaultCode = "refused" // {word}, {detail}, {next}
	Trouble      FaultCode = "trouble" // {detail}

	// Of the service. {address} is its address, {host} the host in it.
	NoService       FaultCode = "no-service"
	BadAddress      FaultCode = "service-address"
	Unreachable     FaultCode = "service-unreachable" // {detail}
	UnknownHost     FaultCode = "service-unknown-host"
	TooSlow         FaultCode = "service-slow"
	CertificateDate FaultCode = "service-certificate-date" // {from}, {until}, {now}
	Certificate     FaultCode = "service-certificate"      // {detail}
	NoTLS           FaultCode = "service-no-tls"
	NotService      FaultCode = "service-other"    // {status}, {detail}: what it has answered
	ServiceTrouble  FaultCode = "service-trouble"  // {status}, {detail}, {next}
	ServiceDeclined FaultCode = "service-declined" // {detail}, {next}
)

// statuses are those of HTTP; what is not in it is 422.
var statuses = map[FaultCode]int{
	NotAllowed: http.StatusForbidden, CrossSite: http.StatusForbidden, BadMethod: http.StatusMethodNotAllowed,
	BadForm: http.StatusBadRequest, TooLarge: http.StatusRequestEntityTooLarge, NotFound: http.StatusNotFound, Changed: http.StatusConflict,
	NotState: 500, NotWritable: 500, NotReadable: 500, DiskFull: 500, NoDirectory: 500, NoKey: 500, Trouble: 500,
	NoService: 500, BadAddress: 500, Unreachable: http.StatusBadGateway, UnknownHost: http.StatusBadGateway, TooSlow: http.StatusGatewayTimeout,
	CertificateDate: http.StatusBadGateway, Certificate: http.StatusBadGateway, NoTLS: http.StatusBadGateway,
	NotService: http.StatusBadGateway, ServiceTrouble: http.StatusBadGateway,
}

// fault is what stands in the way, and what to do about it.
type fault struct {
	Code       FaultCode
	Status     int
	What, Next string
	Field      string // of the form; "": of none
}

// fault returns the words for a code. pairs are placeholders and what takes their place.
func (p *handler) fault(code FaultCode, pairs ...string) *fault {
	says, status := p.t.Faults[code], statuses[code]
	if status == 0 {
		status = http.StatusUnprocessableEntity
	}
	r := strings.NewReplacer(pairs...)
	return &fault{Code: code, Status: status, What: r.Replace(says.What), Next: cmp.Or(r.Replace(says.Next), p.t.AskVendor)}
}

// explain finds the words for an error of the state directory.
func (p *handler) explain(err error) *fault {
	if refusal, ok := errors.AsType[*verify.Refusal](err); ok {
		return p.refused(refusal)
	}
	if field, ok := errors.AsType[*site.FieldError](err); ok {
		code, name := BadField, ""
		switch field.Field {
		case "e-mail":
			code, name = BadEmail, "email"
		case "invoice":
			code, name = BadInvoice, "invoice"
		case "type":
			code, name = BadType, "type"
		}
		f := p.fault(code, "{detail}", err.Error())
		f.Field = name
		return f
	}
	dir := p.o.Gate.State().Dir()
	for _, known := range [...]struct {
		err  error
		code FaultCode
	}{
		{site.ErrUnidentified, Unidentified}, {site.ErrOtherProduct, OtherProduct}, {site.ErrNotState, NotState},
		{site.ErrNoRequest, NoRequest}, {site.ErrNoSite, NoRequest}, {site.ErrNoKey, NoKey},
		{fs.ErrPermission, NotWritable}, {syscall.EROFS, NotWritable}, {syscall.ENOSPC, DiskFull}, {fs.ErrNotExist, NoDirectory},
	} {
		if errors.Is(err, known.err) {
			if path, ok := errors.AsType[*fs.PathError](err); ok {
				dir = path.Path
				if known.code == NotWritable && (path.Op == "read" || path.Op == "open") {
					known.code = NotReadable
				}
			}
			return p.fault(known.code, "{path}", dir, "{detail}", err.Error())
		}
	}
	return p.fault(Trouble, "{path}", dir, "{detail}", err.Error())
}

// refused finds the words for a judgement.
func (p *handler) refused(r *verify.Refusal) *fault {
	word, next := p.reason(r)
	return p.fault(Refused, "{word}", word, "{detail}", detailOf(r), "{next}", next)
}

// reason returns the word for a judgement, and what to do about it.
func (p *handler) reason(r *verify.Refusal) (word, next string) {
	says := p.t.Reasons[r.Reason]
	if r.Undecided {
		says = p.t.Undecided
	}
	word, next = says.What, says.Next
	if word == "" {
		word = string(r.Reason)
	}
	if next == "" {
		next = r.Hint()
	}
	return word, sentence(next)
}

// detailOf says what was judged, in English.
func detailOf(r *verify.Refusal) string {
	detail := r.Message
	if r.Expected != "" && r.Reason != verify.Released {
		detail += fmt.Sprintf(" (expected: %s; found: %s)", r.Expected, r.Found)
	}
	return sentence(detail)
}

// sentence begins a message with a capital, and gives a day in it its zone.
func sentence(s string) string {
	words := strings.Split(s, " ")
	for i, word := range words {
		day := strings.Trim(word, "(),.;:")
		if _, err := time.Parse(time.DateOnly, day); err == nil && (i+1 == len(words) || !strings.Contains(words[i+1], ":")) {
			words[i] = strings.Replace(word, day, day+" UTC", 1)
		}
	}
	s = strings.Join(words, " ")
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
