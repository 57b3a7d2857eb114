package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// activation answers as it is told to.
type activation struct {
	activated *service.Activated
	released  *service.AutoReleased
	list      []byte
	err       error
	seen      chan []byte // what was posted
}

func (a *activation) Activate(_ context.Context, request []byte) (*service.Activated, error) {
	if a.seen != nil {
		a.seen <- request
	}
	return a.activated, a.err
}

func (a *activation) Release(context.Context, []byte) (*service.AutoReleased, error) {
	return a.released, a.err
}
func (a *activation) NewestList(context.Context) ([]byte, error) { return a.list, a.err }
func (a *activation) Stats() service.ActivatorStats              { return service.ActivatorStats{Signed: 3} }

// log keeps what is logged.
type logged struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

// open starts a public site, and the staff's.
func open(t *testing.T, a Activation) (public, staff string, log *logged) {
	t.Helper()
	log = new(logged)
	o := &Options{
		Activation: a, Ready: func(context.Context) error { return nil }, Waiting: func(context.Context) (int, error) { return 2, nil },
		Log: slog.New(slog.NewJSONHandler(log, nil)), Now: time.Now,
	}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	one, two := listen(), listen()
	o.Origin = &url.URL{Scheme: "http", Host: one.Addr().String()}
	o.StaffOrigin = &url.URL{Scheme: "http", Host: two.Addr().String()}
	site := Public(o)
	for l, s := range map[net.Listener]*Site{Limit(one, true): site, two: Staff(o, site)} {
		server := s.Server()
		go server.Serve(l)
		t.Cleanup(func() { server.Close() })
	}
	return one.Addr().String(), two.Addr().String(), log
}

// answerOf posts a text.
func answerOf(t *testing.T, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(body) < 10_000 {
		keep(t, exchange{t.Name(), method, r.URL.String(), body, r.Header, answer.StatusCode, answer.Header, string(text)})
	}
	return answer.StatusCode, answer.Header, string(text)
}

// wantProblem wants a refusal of RFC 9457.
func wantProblem(t *testing.T, status int, rule string, got int, h http.Header, body string) {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || got != status || p.Status != status || p.Rule != rule || p.Detail == "" || p.Next == "" || h.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s, want %d %s", got, body, status, rule)
	}
}

// TestAnswers: each outcome of a statement has its status and its words.
func TestAnswers(t *testing.T) {
	a := &activation{activated: &service.Activated{License: []byte("OLL1:ABC\n")}, released: &service.AutoReleased{Activation: "A1"}, list: []byte("OLV1:X\n")}
	public, staff, _ := open(t, a)
	at := "http://" + public
	if status, h, body := answerOf(t, "POST", at+"/v1/activations", "OLQ1:X"); status != 200 || body != "OLL1:ABC\n" || h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %s", status, body)
	}
	if status, _, body := answerOf(t, "POST", at+"/v1/releases", "OLR1:X"); status != 200 || !strings.HasPrefix(body, "released: ") {
		t.Errorf("got %d %s", status, body)
	}
	if status, _, body := answerOf(t, "GET", at+"/v1/revocations/newest", ""); status != 200 || body != "OLV1:X\n" {
		t.Errorf("got %d %s", status, body)
	}
	for _, site := range []string{public, staff} {
		if status, _, body := answerOf(t, "GET", "http://"+site+"/v1/openapi.yaml", ""); status != 200 || body != string(openapi) {
			t.Errorf("got %d %s", status, body)
		}
	}
	a.activated = &service.Activated{Waits: true, Number: "ABCD-EFGH", Word: "plan", Detail: "It waits.", Next: "Send it again."}
	status, h, body := answerOf(t, "POST", at+"/v1/activations", "OLQ1:X")
	wantProblem(t, 202, "plan", status, h, body)
	if h.Get("Retry-After") == "" || !strings.Contains(body, "ABCD-EFGH") {
		t.Errorf("got %v %s", h, body)
	}
	a.err = &service.Declined{Rule: "claim", Detail: "Nothing was sold.", Next: "Compare both."}
	status, h, body = answerOf(t, "POST", at+"/v1/activations", "OLQ1:X")
	wantProblem(t, 422, "claim", status, h, body)
	a.err = errors.New("the database at postgres://anna:secret@db is gone")
	status, h, body = answerOf(t, "POST", at+"/v1/releases", "OLR1:X")
	wantProblem(t, 503, "trouble", status, h, body)
	if strings.Contains(body, "postgres") {
		t.Errorf("the customer is told %s", body)
	}
	a.err, a.list = nil, nil
	status, h, body = answerOf(t, "GET", at+"/v1/revocations/newest", "")
	wantProblem(t, 404, "no-list", status, h, body)
	status, h, body = answerOf(t, "POST", at+"/v1/activations", "")
	wantProblem(t, 400, "empty", status, h, body)

	if status, _, body := answerOf(t, "GET", "http://"+staff+"/livez", ""); status != 200 || body != "ok\n" {
		t.Errorf("got %d %s", status, body)
	}
	if status, _, _ := answerOf(t, "GET", at+"/metrics", ""); status != 404 {
		t.Errorf("metrics are public: %d", status)
	}
	status, _, body = answerOf(t, "GET", "http://"+staff+"/metrics", "")
	if status != 200 || !strings.Contains(body, `licensor_http_requests_total{site="public",route="POST /v1/activations",status="202"} 1`) || !strings.Contains(body, "licensor_queue_waiting 2\n") {
		t.Errorf("got %d %s", status, body)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(body)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestAttacks: names, paths and headers of another kind than ours get nothing, and no page of
// another site gets anything.
func TestAttacks(t *testing.T) {
	public, staff, log := open(t, &activation{activated: &service.Activated{License: []byte("OLL1:ABC\n")}})
	at := "http://" + public
	check := func(status int, rule, method, path, body string, header ...string) {
		t.Helper()
		got, h, text := answerOf(t, method, path, body, header...)
		wantProblem(t, status, rule, got, h, text)
	}
	check(421, "host", "POST", at+"/v1/activations", "x", "Host", "evil.example")
	check(421, "host", "GET", "http://"+staff+"/metrics", "", "Host", "evil.example")
	check(403, "cross-origin", "POST", at+"/v1/activations", "x", "Sec-Fetch-Site", "cross-site")
	check(403, "cross-origin", "POST", at+"/v1/activations", "x", "Origin", "https://evil.example")
	for _, path := range []string{"//v1/activations", "/v1/../v1/activations", "/v1/activations/", "/v1/./activations", "/v1/%2e%2e/v1/activations", "/V1/activations", "/v1/activations%00", "/", "/v1/a%0d%0alevel=ERROR"} {
		check(404, "path", "POST", at+path, "x")
	}
	check(405, "method", "GET", at+"/v1/activations", "")
	check(405, "method", "DELETE", at+"/v1/revocations/newest", "")
	check(413, "too-large", "POST", at+"/v1/activations", strings.Repeat("A", MaxBody+1))

	// Smuggling, and floods, by hand.
	for name, c := range map[string]struct{ send, want string }{
		"two lengths":      {"POST /v1/activations HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "HTTP/1.1 400 "},
		"length and chunk": {"POST /v1/activations HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: H\r\n\r\n", "HTTP/1.1 400 "},
		"odd coding":       {"POST /v1/activations HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 501 "},
		"folded header":    {"POST /v1/activations HTTP/1.1\r\nHost : H\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 "},
		"no host":          {"POST /v1/activations HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 "},
		"many headers":     {"POST /v1/activations HTTP/1.1\r\nHost: H\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 40) + "\r\n", "HTTP/1.1 431 "},
		"endless chunks":   {"POST /v1/activations HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("4000\r\n"+strings.Repeat("a", 0x4000)+"\r\n", 6), "HTTP/1.1 413 "},
	} {
		conn, err := net.Dial("tcp", public)
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(conn, strings.ReplaceAll(c.send, "Host: H", "Host: "+public))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if !strings.HasPrefix(line, c.want) {
			t.Errorf("%s: got %q, want %s", name, line, c.want)
		}
	}
	// Each line of the log is one object, whatever was asked for, and has nothing of it.
	for line := range strings.Lines(log.text()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["level"] == "ERROR" {
			t.Errorf("got %s", line)
		}
		if strings.Contains(line, "evil") || strings.Contains(line, "127.0.0.1") {
			t.Errorf("the log has %s", line)
		}
	}
}

// TestOneClientIsLimited: a client that sends without end is told to wait, and others are not.
func TestOneClientIsLimited(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	c := newClients(func() time.Time { return now })
	for i := range burst {
		if !c.allow("2001:db8:1:2::1") {
			t.Fatalf("refused after %d", i)
		}
	}
	for _, same := range []string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "[2001:db8:1:2::1]:80"} {
		if c.allow(same) {
			t.Errorf("%s is let in", same)
		}
	}
	for _, other := range []string{"2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.2", "192.0.2.3:4711"} {
		if !c.allow(other) {
			t.Errorf("%s is kept out", other)
		}
	}
	now = now.Add(time.Minute)
	if !c.allow("2001:db8:1:2::1") {
		t.Error("it is kept out a minute later")
	}
	for i := range maxClients + 1000 { // one that has many addresses fills no memory
		c.allow(fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&0xff))
	}
	if n := len(c.newer) + len(c.older); n > maxClients {
		t.Errorf("%d are remembered", n)
	}
	if !c.allow("192.0.2.77") {
		t.Error("one that comes late is kept out")
	}
}

// faulty has a fault in the answer to a request.
type faulty struct{ activation }

func (*faulty) Activate(context.Context, []byte) (*service.Activated, error) { panic("a fault") }

// TestFault: a fault is answered, and the log has it.
func TestFault(t *testing.T) {
	public, _, log := open(t, &faulty{})
	status, h, body := answerOf(t, "POST", "http://"+public+"/v1/activations", "OLQ1:X")
	wantProblem(t, 500, "fault", status, h, body)
	if !strings.Contains(log.text(), `"error":"a fault"`) || !strings.Contains(log.text(), `"status":500`) {
		t.Errorf("the log has %s", log.text())
	}
}

// TestNotReadyAtTheEnd: a site that is about to finish is not ready, and answers all the same.
func TestNotReadyAtTheEnd(t *testing.T) {
	o := &Options{Ready: func(context.Context) error { return nil }, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	o.StaffOrigin = &url.URL{Scheme: "http", Host: at}
	r := Staff(o, nil).Serve(Limit(l, false), nil)
	for _, want := range []int{200, 503} {
		if status, _, body := answerOf(t, "GET", "http://"+at+"/readyz", ""); status != want {
			t.Errorf("got %d %s, want %d", status, body, want)
		}
		r.Ends()
		if status, _, _ := answerOf(t, "GET", "http://"+at+"/livez", ""); status != 200 {
			t.Errorf("not alive: %d", status)
		}
	}
	r.Finish(t.Context())
}

// TestSlowClients: a thousand that send a byte now and then hold up nobody.
func TestSlowClients(t *testing.T) {
	public, _, _ := open(t, &activation{activated: &service.Activated{License: []byte("OLL1:ABC\n")}})
	_, port, _ := net.SplitHostPort(public)
	opened := 0
	for i := range 1000 {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/50))}}
		conn, err := from.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Skipf("SKIPPED: this system has not so many addresses: %v", err)
		}
		defer conn.Close()
		io.WriteString(conn, "POST /v1/activations HTTP/1.1\r\nHost: "+public+"\r\nContent-Length: 500\r\n\r\nO")
		opened++
	}
	for range 5 {
		if status, _, body := answerOf(t, "POST", "http://"+public+"/v1/activations", "OLQ1:X"); status != 200 || body != "OLL1:ABC\n" {
			t.Fatalf("with %d slow clients: got %d %s", opened, status, body)
		}
	}
}

// TestConnectionsOfOneClient: a client has so many at once, and those that it closes free their
// places.
func TestConnectionsOfOneClient(t *testing.T) {
	l := Limit(nil, true)
	one, other := networkOf(netip.MustParseAddr("2001:db8:1:2::1")), networkOf(netip.MustParseAddr("::ffff:192.0.2.2"))
	if same := networkOf(netip.MustParseAddr("2001:db8:1:2:3::4")); same != one || other != networkOf(netip.MustParseAddr("192.0.2.2")) {
		t.Errorf("%s and %s are two clients", one, same)
	}
	for i := range maxOfOne {
		if !l.enter(one) {
			t.Fatalf("refused after %d", i)
		}
	}
	if l.enter(one) || !l.enter(other) {
		t.Error("the limit is not that of one address")
	}
	l.leave(one)
	if !l.enter(one) || l.enter(one) {
		t.Error("one place is not free again")
	}
	for l.all > 0 {
		if l.of[one] > 0 {
			l.leave(one)
		} else {
			l.leave(other)
		}
	}
	if len(l.of) != 0 {
		t.Errorf("%d addresses are remembered", len(l.of))
	}
	proxied := Limit(nil, false)
	for i := range maxConnections {
		if !proxied.enter(one) {
			t.Fatalf("behind a proxy: refused after %d", i)
		}
	}
	if proxied.enter(other) {
		t.Error("there is no limit of all")
	}
}
