// Package browsertest shows the desk and the customers' pages to a real Chromium, over the real
// tools: what a person does is done here by clicking. It is a module of its own, so that the
// project depends on nothing that only these tests need.
//
// axe-core, in testdata, is the accessibility checker of Deque Systems, version 4.14.1, from the
// npm package of that name, unchanged, under the MPL 2.0.
package browsertest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var licensor, offlicense, product string // the built tools, and a product with a license page

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "browsertest")
	if err == nil {
		licensor, offlicense = filepath.Join(dir, "licensor"), filepath.Join(dir, "offlicense")
		build := exec.Command("go", "build", "-o", dir+"/", "./cmd/licensor", "./cmd/offlicense")
		build.Dir, build.Stderr = "../../../../..", os.Stderr
		err = build.Run()
	}
	if err == nil {
		product = filepath.Join(dir, "product")
		build := exec.Command("go", "build", "-o", product, "./product")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// house is a vendor with what it has sold, in a directory of its own.
type house struct {
	testing.TB
	dir string
}

const vendorName = "acme.example"

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t, t.TempDir()}
	h.run(licensor, "init", "--home", "V", "--vendor", vendorName, "--insecure-no-passphrase")
	h.write("roots.pub", h.run(licensor, "roots", "--home", "V"))
	return h
}

// run runs a tool in the directory, and returns its standard output.
func (h *house) run(tool string, args ...string) string {
	h.Helper()
	cmd := exec.Command(tool, args...)
	var out, told bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = h.dir, &out, &told
	if err := cmd.Run(); err != nil {
		h.Fatalf("%s %s: %v\n%s%s", filepath.Base(tool), strings.Join(args, " "), err, &out, &told)
	}
	return out.String()
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) write(name, text string) {
	h.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

func (h *house) read(name string) string {
	h.Helper()
	text, err := os.ReadFile(h.path(name))
	if err != nil {
		h.Fatal(err)
	}
	return string(text)
}

// sell sells with licensor entitle; more options change what is sold.
func (h *house) sell(invoice string, more ...string) {
	h.Helper()
	h.run(licensor, append([]string{"entitle", "--home", "V", "--invoice", invoice, "--email", "ops@site.example", "--customer", "Site Ltd",
		"--product", "evoq", "--type", "production", "--binding", "key", "--expires", lastDay}, more...)...)
}

// request makes the request of a server, and returns its text. The server's directory is state.
func (h *house) request(state, invoice string, more ...string) string {
	h.Helper()
	name := state + ".olq"
	h.run(offlicense, append([]string{"request", "--state", state, "--product", "evoq", "--invoice", invoice, "--email", "ops@site.example",
		"--type", "production", "--out", name, "--qr", "never"}, more...)...)
	return h.read(name)
}

// service is a running licensor serve.
type service struct {
	staff, public string // under which the sites are reached
	cmd           *exec.Cmd
	log           *bytes.Buffer
}

var listening = regexp.MustCompile(`(?m)^(staff|public): .*?(127\.0\.0\.1:\d+)$`)

// serve starts the service, and ends it with the test.
func (h *house) serve(args ...string) *service {
	h.Helper()
	s := &service{log: new(bytes.Buffer)}
	s.cmd = exec.Command(licensor, append([]string{"serve", "--home", "V", "--staff", "127.0.0.1:0"}, args...)...)
	s.cmd.Dir = h.dir
	out, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		h.Fatal(err)
	}
	ready, ended := make(chan bool, 1), make(chan bool)
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(io.TeeReader(out, s.log))
		for lines.Scan() {
			if at := listening.FindStringSubmatch(lines.Text()); at != nil {
				url := "http://localhost" + at[2][strings.Index(at[2], ":"):]
				if at[1] == "public" {
					s.public = url
					continue
				}
				s.staff = url
				ready <- true
			}
		}
	}()
	h.Cleanup(func() { s.stop(); <-ended })
	select {
	case <-ready:
	case <-ended:
		h.Fatalf("serve has ended:\n%s", s.log)
	case <-time.After(time.Minute):
		h.Fatal("serve does not listen")
	}
	return s
}

func (s *service) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

// login returns a link that signs a user in, once.
func (h *house) login(user string) string {
	h.Helper()
	return strings.TrimSpace(h.run(licensor, "desk", "login", "--home", "V", "--operator", user))
}
