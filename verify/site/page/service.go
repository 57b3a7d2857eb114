package page

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// patience is how long the service may take.
const patience = 30 * time.Second

// reply is what the service has answered.
type reply struct {
	text                       []byte // the license, or what came of a release; nil: none of it
	waits                      bool   // for the vendor's staff
	declined                   bool   // another request is needed
	rule, detail, next, number string
}

// problem is RFC 9457, as the service writes it.
type problem struct{ Detail, Rule, Next, Number string }

// call posts a statement, and wants a license file or, with false, a sentence. The fault says why there is none, and no
// number to wait with.
func (p *handler) call(ctx context.Context, path string, text []byte, license bool) (*reply, *fault) {
	if p.o.Service == "" {
		return nil, p.fault(NoService)
	}
	address, err := url.Parse(p.o.Service)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, p.fault(BadAddress, "{address}", p.service())
	}
	// Who closes the browser does not stop what was begun.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.JoinPath(path).String(), bytes.NewReader(text))
	if err != nil {
		return nil, p.fault(BadAddress, "{address}", p.service())
	}
	request.Header.Set("Content-Type", "text/plain")
	answer, body, err := p.exchange(request)
	if err != nil {
		return nil, p.unanswered(address, err)
	}
	_, notLicense := format.DecodeTextAs(body, format.LicenseFile)
	reply, failed := p.read(address, answer, body, !license || notLicense == nil)
	if reply != nil { // else it may be the clock of a proxy
		p.seeClock(answer.Header.Get("Date"))
	}
	return reply, failed
}

// exchange sends, and reads the answer. While the service takes its time, others can work on the page: what
// was sent is written down already, and what comes back is judged by what is there then.
func (p *handler) exchange(request *http.Request) (*http.Response, []byte, error) {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	answer, err := p.o.Client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	return answer, body, err
}

// host returns that of the service.
func (p *handler) host() string {
	if address, err := url.Parse(p.o.Service); err == nil && address.Host != "" {
		return address.Host
	}
	return p.service()
}

// service returns the address of the service without the password in it.
func (p *handler) service() string {
	if address, err := url.Parse(p.o.Service); err == nil {
		return address.Redacted()
	}
	return p.o.Service[strings.LastIndexByte(p.o.Service, '@')+1:]
}

// read tells what an answer says. Nothing of it is believed.
func (p *handler) read(address *url.URL, answer *http.Response, body []byte, wanted bool) (*reply, *fault) {
	var said problem
	kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	isProblem := kind == "application/problem+json" && json.Unmarshal(body, &said) == nil
	said = problem{line(said.Detail), line(said.Rule), line(said.Next), line(said.Number)}
	isProblem = isProblem && said.Detail != ""
	r := &reply{rule: said.Rule, detail: said.Detail, next: said.Next, number: said.Number}
	code := ServiceDeclined
	switch status := answer.StatusCode; {
	case status == http.StatusOK && kind == "text/plain" && wanted && len(body) <= maxBody:
		r.text = body
		return r, nil
	case status == http.StatusAccepted && isProblem:
		r.waits = true
		return r, nil
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status >= 300 && status < 400,
		status == http.StatusNetworkAuthenticationRequired: // a portal's own word
		if code = NotService; !isProblem {
			r.detail = fmt.Sprintf("%.60q", cmp.Or(answer.Header.Get("Location"), string(body)))
		}
	case isProblem && status == http.StatusUnprocessableEntity:
	case isProblem && status >= 400, status == http.StatusTooManyRequests || status >= 500:
		code, r.next = ServiceTrouble, cmp.Or(r.next, p.t.Later)
	default:
		code, r.detail = NotService, fmt.Sprintf("%.60q", body)
	}
	failed := p.fault(code, "{address}", p.service(), "{host}", address.Host, "{status}", answer.Status, "{detail}", r.detail, "{next}", r.next)
	if code != ServiceDeclined {
		return nil, failed // it decides nothing, and what was said before stands
	}
	r.declined = true
	return r, failed
}

// line is a text of the service in one line of a length that people read.
func line(s string) string {
	s = strings.Map(func(c rune) rune {
		if format.ValidText(string(c), 4) != nil {
			return ' '
		}
		return c
	}, s)
	if s = strings.TrimSpace(s); len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "..."
	}
	return s
}

// unanswered tells why nothing was answered.
func (p *handler) unanswered(address *url.URL, err error) *fault {
	pairs := []string{"{address}", p.service(), "{host}", address.Host, "{now}", p.t.Time(p.o.Now())}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	// That it takes too long comes as errors of several kinds.
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return p.fault(TooSlow, pairs...)
	}
	pairs = append(pairs, "{detail}", line(err.Error()))
	if name, ok := errors.AsType[*net.DNSError](err); ok && name.IsNotFound {
		return p.fault(UnknownHost, pairs...)
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired && bad.Cert != nil {
		return p.fault(CertificateDate, append(pairs, "{from}", p.t.Time(bad.Cert.NotBefore), "{until}", p.t.Time(bad.Cert.NotAfter))...)
	}
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		return p.fault(Certificate, pairs...)
	}
	if errors.As(err, new(tls.RecordHeaderError)) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return p.fault(NoTLS, pairs...)
	}
	return p.fault(Unreachable, pairs...)
}

// clockSeen is what the service's clock said, and this machine's.
type clockSeen struct{ here, there time.Time }

// farOff is how far two clocks may be apart before it is told: what is signed later is not accepted.
const farOff = verify.ClockTolerance

func (p *handler) seeClock(date string) {
	if there, err := http.ParseTime(date); err == nil {
		p.clock.Store(&clockSeen{p.o.Now(), there})
	}
}

// clockWarning tells of a clock that was not the service's when it was last asked, within a day.
func (p *handler) clockWarning() string {
	seen := p.clock.Load()
	if seen == nil {
		return ""
	}
	by := seen.here.Sub(seen.there)
	if age := p.o.Now().Sub(seen.here); by.Abs() < farOff || age < 0 || age > 24*time.Hour {
		return ""
	}
	text := p.t.ClockAhead
	if by < 0 {
		text = p.t.ClockBehind
	}
	return put(text, "{by}", fmt.Sprintf("%d h", int(by.Abs().Round(time.Hour).Hours())))
}
