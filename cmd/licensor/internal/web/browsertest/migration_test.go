package browsertest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// server is a running product: a site of the customer's.
type server struct {
	*house
	state string
	url   string
	cmd   *exec.Cmd
}

// start starts a product on a state directory; service is empty where there is no network.
func (h *house) start(state, service string, more ...string) *server {
	h.Helper()
	s := &server{house: h, state: h.path(state)}
	s.cmd = exec.Command(product, append([]string{"-state", s.state, "-roots", h.path("roots.pub"), "-service", service, "-host", state + ".site.example"}, more...)...)
	s.cmd.Env = append(os.Environ(), "OFFLICENSE_COMPONENTS=inventory=rack-7-"+strings.TrimSuffix(state, "-copy"))
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(s.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		h.Fatal(err)
	}
	s.url = strings.TrimSpace(line)
	return s
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// works reports what the product says at its front door.
func (s *server) works() (bool, string) {
	s.Helper()
	r, err := http.Get(s.url + "/")
	if err != nil {
		s.Fatal(err)
	}
	defer r.Body.Close()
	said, err := io.ReadAll(r.Body)
	if err != nil {
		s.Fatal(err)
	}
	return r.StatusCode == http.StatusOK, string(said)
}

func (s *server) wantWorks(want bool) {
	s.Helper()
	if works, said := s.works(); works != want {
		s.Fatalf("%s works: %v, %s", s.state, works, said)
	}
}

// settings opens the license page.
func (b *tab) settings(s *server) {
	b.Helper()
	b.visit(s.url + "/settings/license")
}

// addLicense goes through "Add license", as C19 and C22 have it.
func (b *tab) addLicense(kind, way string) {
	b.Helper()
	b.press("#add-license")
	b.fill("#type", kind)
	b.fill("#email", "ops@site.example")
	b.fill("#invoice", "inv0042-1 ")
	if value[bool](b, `Boolean(document.querySelector("#way-`+way+`"))`) {
		b.do(chromedp.Click(chromedp.CSS("#way-" + way)))
	}
	b.press("#add-submit")
}

// lastDay is when what is sold ends: within what a staff key may sign.
var lastDay = time.Now().UTC().AddDate(0, 11, 0).Format(time.DateOnly)

// sellOne sells one seat, and nothing else.
func sellOne(h *house) {
	h.sell("INV0042-1", "--seats", "1", "--binding", "operator", "--expires", lastDay)
}

// The migration of rules C16 to C24 by clicking, with a service and no staff.
func TestMigration(t *testing.T) {
	h := newHouse(t)
	sellOne(h)
	s := h.serve("--public", "127.0.0.1:0")
	old, fresh, b := h.start("old", s.public), h.start("new", s.public), open(t)

	b.settings(old)
	b.shot("nothing")
	b.accessible()
	b.addLicense("production", "automatic")
	b.want("Active", lastDay, "INV0042-1")
	b.accessible()
	b.shot("active")
	old.wantWorks(true)

	b.settings(fresh) // C19
	b.addLicense("development", "automatic")
	b.want("Active")
	fresh.wantWorks(true)
	old.wantWorks(true) // C16: at the same time
	h.copyState("old", "old-copy")

	b.settings(old) // C21
	b.press("#license-remove")
	b.accessible()
	b.press("#remove-submit")
	old.wantWorks(false)
	b.shot("removed")

	b.settings(fresh) // C22
	b.addLicense("production", "automatic")
	b.want("Active", lastDay)
	b.shot("both")
	b.accessible()
	b.press("#earlier-1-remove") // C23
	b.press("#remove-submit")
	b.settings(fresh) // C24
	b.want("Active", lastDay)
	fresh.wantWorks(true)

	story := h.run(licensor, "history", "--home", "V", "INV0042-1")
	for _, want := range []string{"signed a bridge", "was released by its server", "took over the seat", "signed again"} {
		if !strings.Contains(story, want) {
			t.Errorf("the story does not say %q:\n%s", want, story)
		}
	}
	h.run(licensor, "audit", "--home", "V")
	h.copyRuns(b, story)
	h.run(licensor, "audit", "--home", "V")
}

// copyState copies a state directory, as a backup or a clone of a machine does.
func (h *house) copyState(from, to string) {
	h.Helper()
	if err := os.CopyFS(h.path(to), os.DirFS(h.path(from))); err != nil {
		h.Fatal(err)
	}
}

// copyRuns shows what nobody can know offline: the copy of an old directory runs until its license
// ends, or until a list that names the license reaches it.
func (h *house) copyRuns(b *tab, story string) {
	h.Helper()
	twin := h.start("old-copy", "")
	twin.wantWorks(true)
	ended := h.start("old-copy", "", "-ahead", "8760h")
	ended.wantWorks(false)
	id := regexp.MustCompile(`activated: license (\S+)`).FindStringSubmatch(story)
	h.run(licensor, "revoke", "--home", "V", "--license", id[1], "--why", "a copy of the old server is known to run", "--yes")
	h.run(licensor, "revocations", "--home", "V", "--root-key", "V/root", "--out", "list.olv", "--yes")
	b.settings(twin)
	b.press("#install-license")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#install-file"), []string{h.path("list.olv")}))
	b.press("#install-submit")
	twin.wantWorks(false)
	b.settings(twin)
	b.want("evoked")
	b.shot("copy")
}

// carrier carries statements between a server without a network and the vendor's public page.
type carrier func(b *tab, from *server, site string)

// byFile takes the file of a request, hands it in, and takes the text of the license back.
func byFile(b *tab, s *server, site string) {
	b.Helper()
	name := filepath.Join(b.TempDir(), "statement.olq")
	b.fetch(value[string](b, `document.querySelector("#statement-file").href`), name)
	release := value[bool](b, `!document.querySelector("#install-text")`)
	b.visit(site)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{name}))
	b.press("#statement-form button:not([type])")
	if release {
		b.want("seat is free")
		return
	}
	license := value[string](b, `document.querySelector("#license").value`)
	b.settings(s)
	b.press("#install-license")
	b.fill("#install-text", license)
	b.press("#install-submit")
}

// byScreenshot reads the codes of both sides off the screen, as a camera does.
func byScreenshot(b *tab, s *server, site string) {
	b.Helper()
	codes := b.codes(".qr")
	release := value[bool](b, `!document.querySelector("#install-text")`)
	b.visit(site)
	b.fill("#statement", codes)
	b.press("#statement-form button:not([type])")
	if release {
		b.want("seat is free")
		return
	}
	codes = b.codes("svg.qr")
	b.settings(s)
	b.press("#install-license")
	b.fill("#install-text", codes)
	b.press("#install-submit")
}

func (b *tab) fetch(url, name string) {
	b.Helper()
	r, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = os.WriteFile(name, text, 0o600)
	}
	if err != nil || r.StatusCode != http.StatusOK {
		b.Fatal(r.Status, err)
	}
}

// codes reads the codes of the page from pictures of them.
func (b *tab) codes(selector string) string {
	b.Helper()
	if _, err := exec.LookPath("zbarimg"); err != nil {
		b.Skipf("SKIPPED: no zbarimg: %v", err)
	}
	nodes, err := chromedp.Run(b.ctx, chromedp.Nodes(chromedp.CSSAll(selector)))
	if err != nil {
		b.Fatal(err)
	}
	var all []string
	for i, node := range nodes {
		picture, err := chromedp.Run(b.ctx, chromedp.ScreenshotNodes([]*chromedp.Node{node}, 2))
		name := filepath.Join(b.TempDir(), fmt.Sprint("code-", i, ".png"))
		if err == nil {
			err = os.WriteFile(name, picture, 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
		text, err := exec.Command("zbarimg", "-q", "--raw", name).Output()
		if err != nil {
			b.shot("code")
			b.Fatalf("zbarimg reads nothing of code %d: %v", i+1, err)
		}
		all = append(all, strings.TrimSpace(string(text)))
	}
	return strings.Join(all, "\n")
}

// The same migration with no network between the servers and the vendor.
func TestMigrationWithoutNetwork(t *testing.T) {
	for name, carry := range map[string]carrier{"by file": byFile, "by screenshots": byScreenshot} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			sellOne(h)
			public := h.serve("--public", "127.0.0.1:0").public
			old, fresh, b := h.start("old", ""), h.start("new", ""), open(t)

			b.settings(old)
			b.addLicense("production", "manual")
			b.accessible()
			carry(b, old, public)
			old.wantWorks(true)

			b.settings(fresh)
			b.addLicense("development", "manual")
			b.shot("request")
			carry(b, fresh, public)
			fresh.wantWorks(true)
			old.wantWorks(true)

			b.settings(old)
			b.press("#license-remove")
			b.press("#remove-submit")
			old.wantWorks(false)
			carry(b, old, public)

			b.settings(fresh)
			b.addLicense("production", "manual")
			carry(b, fresh, public)
			b.settings(fresh)
			b.want("Active", lastDay)
			b.press("#earlier-1-remove")
			b.press("#remove-submit")
			b.settings(fresh)
			b.want("Active", lastDay)
			fresh.wantWorks(true)
			h.run(licensor, "audit", "--home", "V")
		})
	}
}
