package browsertest

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demo is a running licensor demo --desk: a year of sales.
type demo struct {
	testing.TB
	dir    string
	link   string // signs anna in, once
	staff  string
	public string
}

var (
	signInLink   = regexp.MustCompile(`^\s*((http://\S+)/sign-in/\S+)$`)
	customersSee = regexp.MustCompile(`^Customers see\s+(\S+)$`)
)

func newDemo(t testing.TB) *demo {
	t.Helper()
	d := &demo{TB: t, dir: t.TempDir()}
	cmd := exec.Command(licensor, "demo", "--desk", "--dir", "year")
	var told bytes.Buffer
	cmd.Dir, cmd.Stderr = d.dir, &told
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan bool, 1), make(chan bool)
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if at := signInLink.FindStringSubmatch(lines.Text()); at != nil {
				d.link, d.staff = at[1], at[2]
			}
			if at := customersSee.FindStringSubmatch(lines.Text()); at != nil {
				d.public = at[1]
				ready <- true
				io.Copy(io.Discard, out)
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		cmd.Wait()
	})
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("the demo has ended:\n%s", &told)
	case <-time.After(2 * time.Minute):
		t.Fatal("the demo does not get ready")
	}
	return d
}

// signIn goes through the link.
func (b *tab) signIn(link string) {
	b.Helper()
	b.visit(link)
	b.press("main button")
}

// largest is the most bytes of a page with all that it loads, but for what scans.
const largest = 100 << 10

// crawl opens one page of each kind that links lead to, and returns the kinds.
func (b *tab) crawl(site string, look func(kind string)) (all []string) {
	b.Helper()
	seen := map[string]bool{}
	next := []string{site + "/"}
	for len(next) > 0 {
		url := next[0]
		next = next[1:]
		path, query, _ := strings.Cut(strings.TrimPrefix(url, site), "?")
		kind := kindOf(path)
		if path == "/sell" && query != "" {
			kind += "?plan" // the form, and not the list of plans
		}
		if seen[kind] || strings.HasSuffix(kind, "/sheet") { // which is no page of the desk, but paper
			continue
		}
		seen[kind] = true
		b.visit(url)
		look(kind)
		for _, link := range value[[]string](b, `[...document.querySelectorAll("a[href]:not([download])")].map(a => a.href.split("#")[0])`) {
			if strings.HasPrefix(link, site+"/") && !strings.Contains(link, "/assets/") {
				next = append(next, link)
			}
		}
	}
	all = slices.Sorted(maps.Keys(seen))
	b.Logf("looked at pages of the kinds %q", all)
	for _, want := range []string{"/", "/queue", "/queue/*", "/entitlements", "/entitlements/*", "/activations/*", "/licenses/*", "/customers", "/customers/*", "/renewals", "/ledger", "/sell", "/sell?plan"} {
		if !seen[want] {
			b.Errorf("no link leads to %s", want)
		}
	}
	return all
}

// Each page of the desk, found by following its links: axe-core finds nothing on it, nothing
// violates its policy, nothing stands beside a narrow window, and it is small.
func TestEveryPageOfTheDesk(t *testing.T) {
	d, b := newDemo(t), open(t)
	b.signIn(d.link)
	b.crawl(d.staff, func(kind string) {
		if strings.Contains(b.text(), "Not now") || value[int](b, `document.querySelectorAll("h1").length`) != 1 {
			t.Errorf("%s:\n%s", kind, b.text())
		}
		b.shot(strings.NewReplacer("/", "-", "*", "one", "?", "-").Replace(strings.Trim(kind, "/")))
		b.accessible()
		b.narrow()
		if high := value[int](b, `Math.max(0, ...[...document.querySelectorAll("tbody tr:has(:nth-child(4))")].map(r => r.offsetHeight))`); high > 120 {
			t.Errorf("%s has a row that is %d pixels high in a narrow window", kind, high)
		}
		b.wide()
		if size := value[int](b, `performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).filter(e => !e.name.includes("/qr/")).reduce((n, e) => n + e.decodedBodySize, 0)`); size > largest {
			t.Errorf("%s loads %d bytes, more than %d", kind, size, largest)
		}
	})
}

var names = regexp.MustCompile(`^/(queue|entitlements|activations|licenses|customers)/[^/]+`)

// kindOf is a path without the name in it.
func kindOf(path string) string { return names.ReplaceAllString(path, "/$1/*") }
