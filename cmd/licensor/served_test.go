package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// served is a "licensor serve" that runs, and clients who reach it through a proxy.
type served struct {
	cmd           *exec.Cmd
	log           string // its file
	public, staff string // addresses
	host          string // by which customers know it
	client        *http.Client
	clients       atomic.Uint32 // each request comes from an address of its own
}

var sites = regexp.MustCompile(`(?ms)^public: http://(\S+), listening at (\S+)$.*^staff: http://(\S+), listening at \S+$`)

// newServed starts a service for the home V of a directory. It runs until it is told to end, or the
// test is over.
func newServed(t testing.TB, dir string, args ...string) *served {
	t.Helper()
	return startServed(t, dir, process(dir, slices.Concat(serveArgs, []string{"--public", "127.0.0.1:0"}, args)...))
}

var serveArgs = []string{"serve", "--home", "V", "--staff", "127.0.0.1:0", "--trust-proxy", "--max-per-hour", "1000000"}

// startServed starts a command that serves.
func startServed(t testing.TB, dir string, cmd *exec.Cmd) *served {
	t.Helper()
	log, err := os.CreateTemp(dir, "*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s := &served{log: log.Name(), cmd: cmd}
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.kill()
		}
		s.wantQuiet(t)
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if said := sites.FindStringSubmatch(s.said(t)); said != nil {
			s.host, s.public, s.staff = said[1], said[2], said[3]
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not start: %s", s.said(t))
		}
	}
	s.client = s.newClient(true)
	return s
}

// newClient returns a client that keeps its connections, or makes one for each request.
func (s *served) newClient(keep bool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.public)
		},
		DisableKeepAlives: !keep, MaxIdleConnsPerHost: 100,
	}}
}

func (s *served) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// end tells it to end, and wants that it does so in peace.
func (s *served) end(t testing.TB) {
	t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, s.said(t))
	}
}

func (s *served) said(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantQuiet wants that the log has nothing of a statement, a person or a client, that no line
// of it is a goroutine's end, and that nothing raced.
func (s *served) wantQuiet(t testing.TB) {
	t.Helper()
	for line := range strings.Lines(s.said(t)) {
		for _, never := range []string{"OLQ1", "OLL1", "OLR1", "site.example", `10\.[0-9]+\.`, "panic", "goroutine ", "DATA RACE"} {
			if regexp.MustCompile(never).MatchString(line) {
				t.Errorf("the log has %s: %s", never, line)
			}
		}
	}
}

// answer is what a client got.
type answer struct {
	status int // 0: no answer
	header http.Header
	body   string
	err    error
}

func (a answer) String() string { return fmt.Sprintf("%d %v %s", a.status, a.err, a.body) }

// told reports whether a site of a load was told that it has its license, or that it waits
// since the other one has the seat.
func (a answer) told() bool {
	return a.status == http.StatusOK && strings.HasPrefix(a.body, "OLL1") || a.status == http.StatusAccepted && strings.Contains(a.body, `"rule":"seats"`)
}

// post sends a statement.
func (s *served) post(path string, text []byte) answer { return s.postBy(s.client, path, text) }

func (s *served) postBy(client *http.Client, path string, text []byte) answer {
	r, err := http.NewRequest(http.MethodPost, "http://"+s.host+path, bytes.NewReader(text))
	if err != nil {
		return answer{err: err}
	}
	r.GetBody = nil // or it would be sent again on another connection
	r.Header.Set("X-Forwarded-For", netip.AddrFrom4([4]byte{10, byte(s.clients.Add(1) >> 16), byte(s.clients.Load() >> 8), byte(s.clients.Load())}).String())
	return got(client.Do(r))
}

// ask asks the staff's site.
func (s *served) ask(path string) answer { return got(http.Get("http://" + s.staff + path)) }

func got(r *http.Response, err error) answer {
	if err != nil {
		return answer{err: err}
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{err: err}
	}
	r.Header.Del("Date")
	return answer{r.StatusCode, r.Header, string(body), nil}
}

// ready waits until the service is.
func (s *served) ready(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); s.ask("/readyz").status != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is not ready: %s", s.said(t))
		}
	}
}

// load is what clients have asked for. Each invoice has one seat, and two sites want it:
// number 2i and 2i+1 that of invoice i.
type load struct {
	next atomic.Int64
	mu   sync.Mutex
	got  map[int]answer
}

// many sites that a test may have, and that is what was sold to them.
const many = 4000

// soldToMany makes a directory with a vendor's home V for a load.
func soldToMany(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	entitleMany(t, dir, many/2)
	return dir
}

func (s *served) activate(text []byte) answer { return s.post("/v1/activations", text) }

// run has clients that ask for a new license each time, until stop says so of an answer. It
// returns when all have stopped. What was answered before is forgotten.
func (l *load) run(t testing.TB, clients int, stop func(site int, a answer) bool, services ...func([]byte) answer) {
	t.Helper()
	l.next.Store((l.next.Load() + 1) &^ 1) // both of an invoice
	l.got = make(map[int]answer)
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			for {
				site := int(l.next.Add(1) - 1)
				if site >= many {
					t.Error("there are no more sites")
					return
				}
				text, err := siteText(site)
				if err != nil {
					t.Error(err)
					return
				}
				a := services[client%len(services)](text)
				l.mu.Lock()
				l.got[site] = a
				l.mu.Unlock()
				if stop(site, a) {
					return
				}
			}
		})
	}
	wait.Wait()
}

// siteText is the request of a site of a load.
func siteText(site int) ([]byte, error) {
	return requestText(site, invoice(site/2), components(site))
}

// again has all ask again. Who had a license gets the same one, who had none gets one unless
// the other site has it, and each seat is one site's.
func (l *load) again(t testing.TB, post func([]byte) answer) (unanswered int) {
	t.Helper()
	for site, before := range l.got {
		text, err := siteText(site)
		if err != nil {
			t.Fatal(err)
		}
		now := post(text)
		switch {
		case !now.told():
			t.Errorf("site %d is answered %v", site, now)
		case !before.told():
			unanswered++
		case now.status != before.status || now.body != before.body:
			t.Errorf("site %d was answered %v, and then %v", site, before, now)
		}
		l.got[site] = now
	}
	for site, a := range l.got {
		other, asked := l.got[site^1]
		if has, its := a.status == http.StatusOK, other.status == http.StatusOK; has && its || !has && !(asked && its) {
			t.Errorf("sites %d and %d have a license: %t, %t", site, site^1, has, its)
		}
	}
	return unanswered
}

// wantClean wants that the ledger's history is judged right.
func wantClean(t testing.TB, dir string, args ...string) {
	t.Helper()
	if r := licensor(t, dir, append([]string{"audit", "--home", "V"}, args...)...); r.exit != 0 {
		t.Errorf("audit: %s", r)
	}
}

// wantTrouble wants that an answer is a problem that says what is wrong.
func wantTrouble(t testing.TB, a answer) {
	t.Helper()
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"rule":"trouble"`) || !strings.Contains(a.body, `"next":"`) || a.header.Get("Retry-After") == "" {
		t.Errorf("got %v", a)
	}
}
