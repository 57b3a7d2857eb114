package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/offlicense/command"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/rogpeppe/go-internal/testscript"
)

// clockVariable holds the time that the tools of the tests live in, as RFC 3339. Only
// these tests read it: the tools themselves have no such door.
const clockVariable = "OFFLICENSE_TEST_CLOCK"

// now is when the tests take place, unless one says otherwise.
var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// TestMain lets the test binary be both tools, so that each runs as a process.
func TestMain(m *testing.M) {
	testscript.Main(stopping{m}, map[string]func(){
		"licensor": func() { os.Exit(tool(start)) },
		"offlicense": func() {
			os.Exit(tool(func(env *cli.Env) int { return cli.Main(command.Program(command.Build{}), env) }))
		},
		"enqueue": enqueue,
	})
}

// enqueue leaves a request or a release to the staff, as the service does: enqueue HOME FILE
// WORD WHY.
func enqueue() {
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	waits := desk.Waiting{Hash: sha256.Sum256(text), Invoice: "INV0042-1", Request: string(text), Word: os.Args[3], Why: os.Args[4], Asked: time.Now()}
	if request, err := verify.OpenRequest(text); err == nil { // else it is a release
		waits.Hash, waits.Invoice = request.Hash, request.Invoice
	}
	d, err := desk.Open(context.Background(), home.Home{Dir: os.Args[1]}, os.Getenv("LICENSOR_LEDGER"))
	if err != nil {
		panic(err)
	}
	defer d.Close()
	w, err := d.Add(context.Background(), waits, rand.Reader)
	if err != nil {
		panic(err)
	}
	fmt.Println(w.Number)
}

// stopping ends the database server that tests may have started.
type stopping struct{ *testing.M }

func (s stopping) Run() int {
	defer ledgertest.Stop()
	return s.M.Run()
}

func tool(start func(*cli.Env) int) int {
	env := cli.System()
	if text := os.Getenv(clockVariable); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		env.Now = func() time.Time { return at }
	}
	return start(env)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(clockVariable, now.Format(time.RFC3339))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"answer":   scriptAnswer,
			"blank":    scriptBlank,
			"code":     scriptCode,
			"drawn":    scriptDrawn,
			"mailed":   scriptMailed,
			"known":    scriptKnown,
			"sold":     scriptSold,
			"ask":      scriptAsk,
			"parts":    scriptParts,
			"scan":     scriptScan,
			"serving":  scriptServing,
			"sparse":   scriptSparse,
			"strip":    scriptStrip,
			"tutorial": scriptTutorial,
			"utf16":    scriptUTF16,
		},
	})
}

// utf16 FROM TO writes a text as spreadsheets do that call it Unicode.
func scriptUTF16(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: utf16 FROM TO")
	}
	wide := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(ts.ReadFile(args[0]))) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), wide, 0o644))
}

// sold HOME makes a vendor's home in which the invoice INV0042-1 has one seat.
func scriptSold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sold HOME")
	}
	ts.Check(ts.Exec("licensor", initArgs(args[0])...))
	ts.Check(ts.Exec("licensor", entitleArgs(args[0])...))
}

// ask FILE [OPTION...] makes a request for what was sold, with a state directory beside it.
func scriptAsk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: ask FILE [OPTION...]")
	}
	file := args[0]
	if nameless() && !slices.Contains(args, "--component") {
		args = append(args, "--key-only")
	}
	ts.Check(ts.Exec("offlicense", append([]string{"request", "--state", file + ".state", "--product", "evoq",
		"--invoice", "INV0042-1", "--email", "ops@site.example", "--type", "production", "--qr", "never", "--out", file}, args[1:]...)...))
}

// known FILE NUMBER [LABEL=VALUE...] makes the request of a machine of which that is known
// and nothing else, wherever the test runs. The number stands for its site's key.
func scriptKnown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: known FILE NUMBER [LABEL=VALUE...]")
	}
	number, err := strconv.Atoi(args[1])
	ts.Check(err)
	var components []format.Component
	var unreadable []string
	for _, arg := range args[2:] {
		label, value, _ := strings.Cut(arg, "=")
		if readable := strings.TrimPrefix(label, "!"); readable != label { // who checks cannot read it
			label = readable
			unreadable = append(unreadable, label)
		}
		hash := sha256.Sum256([]byte(value))
		components = append(components, format.Component{Label: label, Hash: hash[:8]})
	}
	text, err := requestText(number, "INV0042-1", components, unreadable...)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o644))
}

// nameless reports whether nothing identifies this machine, as in a container.
func nameless() bool {
	identity, err := machine.Read(machine.Options{Product: "evoq"})
	return err == nil && len(identity.Components) == 0
}

// scan PICTURE FILE writes the text of a QR code into a file, as a phone would.
func scriptScan(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: scan PICTURE FILE")
	}
	picture, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer picture.Close()
	img, err := png.Decode(picture)
	ts.Check(err)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	ts.Check(err)
	// A picture that was never photographed is read exactly; finding a code in it, as a
	// phone does, fails on some of random content.
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(result.GetText()), 0o644))
}

// sparse FILE BYTES makes a file of that many zeros that take no place.
func scriptSparse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sparse FILE BYTES")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o644))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// strip LICENSE FILE writes a license file without its revocation list, as somebody would
// who has one that was revoked.
func scriptStrip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: strip LICENSE FILE")
	}
	raw, err := format.DecodeTextAs([]byte(ts.ReadFile(args[0])), format.LicenseFile)
	ts.Check(err)
	file, err := format.ParseFile(raw)
	ts.Check(err)
	if file.List == nil {
		ts.Fatalf("%s brings no revocation list along", args[0])
	}
	// [delegation, license, list]: the array's head counts one less, and the list goes.
	raw = append([]byte{raw[0] - 1}, raw[1:len(raw)-len(file.RawList)]...)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), format.EncodeFile(format.LicenseFile, raw), 0o644))
}

// tutorial OUTPUT SCRIPT writes the commands that the demo has printed into a shell
// script, in which the first one that fails ends the script.
func scriptTutorial(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tutorial OUTPUT SCRIPT")
	}
	script := "set -e\n"
	commands := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if command, found := strings.CutPrefix(line, "$ "); found {
			script += command
			commands++
		}
	}
	if commands < 6 {
		ts.Fatalf("the demo prints %d commands, too few for the whole way", commands)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(script), 0o644))
}

func TestUsage(t *testing.T) {
	if err := clitest.CheckUsage(program()); err != nil {
		t.Error(err)
	}
	// A text that no command shows is one that somebody forgot.
	texts, err := filepath.Glob("command/*/usage/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	manuals, err := filepath.Glob("../internal/manual/usage/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	texts = append(texts, manuals...)
	if want := len(program().Commands); len(texts) != want {
		t.Errorf("%d usage texts for %d commands", len(texts), want)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	for _, c := range program().Commands {
		for _, args := range [][]string{{c.Name, "--help"}, {c.Name, "-h"}, {"help", c.Name}} {
			got := licensor(t, ".", args...)
			if got.exit != 0 || got.stderr != "" || !strings.Contains(got.stdout, "licensor "+c.Name) {
				t.Errorf("%q: %s", args, got)
			}
			texts[got.stdout] = true
		}
	}
	if len(texts) != len(program().Commands) {
		t.Errorf("%d commands have %d texts of help", len(program().Commands), len(texts))
	}
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		got := licensor(t, ".", args...)
		if got.exit != 0 || got.stderr != "" {
			t.Errorf("%q: %s", args, got)
		}
		for _, c := range program().Commands {
			if !strings.Contains(got.stdout, "\n    "+c.Name+" ") {
				t.Errorf("%q does not name %s", args, c.Name)
			}
		}
	}
	if got := licensor(t, ".", "--version"); got.exit != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, "licensor ") {
		t.Errorf("--version: %s", got)
	}
	if got := licensor(t, "."); got.exit != 2 || got.stdout != "" {
		t.Errorf("no command: %s", got)
	}
}

// result is what a process has left behind.
type result struct {
	exit           int
	stdout, stderr string
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\n-- standard output --\n%s-- standard error --\n%s", r.exit, r.stdout, r.stderr)
}

// licensor runs the tool as a process in a directory.
func licensor(t testing.TB, dir string, args ...string) result {
	t.Helper()
	return run(t, process(dir, args...))
}

// process prepares a licensor that nobody can ask anything.
func process(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("licensor", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), clockVariable+"="+now.Format(time.RFC3339),
		"GORACE=atexit_sleep_ms=0") // else each process takes a second under the race detector
	return cmd
}

func run(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func mustRun(t testing.TB, dir string, args ...string) result {
	t.Helper()
	r := licensor(t, dir, args...)
	if r.exit != 0 {
		t.Fatalf("licensor %q: %s", args, r)
	}
	return r
}

func initArgs(home string) []string {
	return []string{"init", "--home", home, "--vendor", "acme.example", "--name", "anna", "--insecure-no-passphrase"}
}

func entitleArgs(home string) []string {
	return []string{"entitle", "--home", home, "--invoice", "INV0042-1", "--email", "ops@site.example", "--customer", "Site Ltd",
		"--product", "evoq", "--edition", "engage", "--type", "production", "--seats", "1", "--binding", "key",
		"--expires", "2027-11-21", "--updates-until", "2027-11-21", "--feature", "sso", "--limit", "cores=16", "--limit", "users=200"}
}

// newHome makes a directory with a vendor's home V in which INV0042-1 has one seat.
func newHome(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	mustRun(t, dir, entitleArgs("V")...)
	return dir
}

// directory returns the names in a directory.
func directory(t testing.TB, path ...string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// serving NAME starts "licensor serve" with the options behind it, in the background, and waits
// until it is ready. $PUBLIC and $STAFF are its addresses. serving -TERM NAME tells it to end,
// and wants that it does so in peace.
func scriptServing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: serving NAME OPTIONS..., or serving -TERM NAME")
	}
	if args[0] == "-TERM" {
		cmd := serving[ts.Getenv("WORK")+args[1]]
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
		ts.Check(cmd.Wait())
		return
	}
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer l.Close()
		return l.Addr().String()
	}
	public, staff := free(), free()
	ts.Setenv("PUBLIC", public)
	ts.Setenv("STAFF", staff)
	path, err := exec.LookPath("licensor")
	ts.Check(err)
	log, err := os.Create(ts.MkAbs(args[0] + ".log"))
	ts.Check(err)
	cmd := exec.Command(path, append([]string{"serve", "--public", public, "--staff", staff, "--origin", "http://" + public}, args[1:]...)...)
	cmd.Dir, cmd.Stderr, cmd.Env = ts.Getenv("WORK"), log, append(os.Environ(), "LICENSOR_LEDGER="+ts.Getenv("LICENSOR_LEDGER"))
	if clock := ts.Getenv(clockVariable); clock != "" {
		cmd.Env = append(cmd.Env, clockVariable+"="+clock)
	}
	ts.Check(cmd.Start())
	serving[ts.Getenv("WORK")+args[0]] = cmd
	ts.Defer(func() { cmd.Process.Kill() })
	for range 600 {
		if answer, err := http.Get("http://" + staff + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("it is not ready: %s", ts.ReadFile(args[0]+".log"))
}

// serving are the services that scripts have started. No two scripts share a directory.
var serving = map[string]*exec.Cmd{}
