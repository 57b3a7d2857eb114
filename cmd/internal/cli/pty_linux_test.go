package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

// TestMain turns the test binary into a tool that asks, for the tests with a
// real terminal.
func TestMain(m *testing.M) {
	if os.Getenv("CLI_TEST_TOOL") != "" {
		os.Exit(cli.Main(asker, cli.System()))
	}
	os.Exit(m.Run())
}

var asker = cli.Program{Name: "asker", Commands: []cli.Command{
	{Name: "confirm", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			yes, err := env.Confirm("Sign?")
			fmt.Fprintln(env.Stdout, yes)
			return err
		}
	}},
	{Name: "read", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			secret, err := env.ReadPassphrase("Passphrase")
			fmt.Fprintf(env.Stdout, "%q\n", secret)
			return err
		}
	}},
	{Name: "new", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			secret, err := env.NewPassphrase("Passphrase")
			fmt.Fprintf(env.Stdout, "%q\n", secret)
			return err
		}
	}},
	{Name: "tell", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			var t cli.Table
			t.Row("ID", "STATE", "WHY")
			t.Row("ONE", "active", "the server burned and was replaced by another")
			t.Row("TWO", "ended", "active")
			t.WriteTo(env.Stdout)
			env.Warnf("the clock of this machine is an hour behind that of all the others")
			fmt.Fprintln(env.Stderr, "Recorded: it waits for the next list: licensor revocations --out list.olv")
			return cli.Failf("no seat is free").WithHint("sell another one, or \"licensor deactivate INV0042-1\" frees one")
		}
	}},
	{Name: "window", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			columns, rows, ok := env.OnTerminal()
			fmt.Fprintln(env.Stderr, columns, rows, ok)
			return nil
		}
	}},
}}

// tool starts the test binary as the asker, in a session of its own. Its
// standard input holds answers that it must not take.
func tool(t *testing.T, command string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command(os.Args[0], command)
	cmd.Env = append(os.Environ(), "CLI_TEST_TOOL=1",
		"GORACE=atexit_sleep_ms=0") // else each run takes a second under the race detector
	cmd.Stdin = strings.NewReader("y\nfrom stdin\nfrom stdin\n")
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, stdout, stderr
}

// pty is the user's side of a terminal.
type pty struct {
	t      *testing.T
	master *os.File
	tty    *os.File
	shown  strings.Builder
}

func openPTY(t *testing.T) *pty {
	t.Helper()
	master, tty := clitest.OpenPTY(t, 0, 0)
	return &pty{t: t, master: master, tty: tty}
}

// expect waits until the terminal has shown text since the last expect.
func (p *pty) expect(text string) {
	p.t.Helper()
	seen := p.shown.Len()
	p.master.SetReadDeadline(time.Now().Add(20 * time.Second))
	buffer := make([]byte, 1024)
	for !strings.Contains(p.shown.String()[seen:], text) {
		n, err := p.master.Read(buffer)
		p.shown.Write(buffer[:n])
		if err != nil {
			p.t.Fatalf("waiting for %q: %v; the terminal shows %q", text, err, p.shown.String())
		}
	}
}

func (p *pty) echo() bool {
	termios, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return termios.Lflag&unix.ECHO != 0
}

// typeSecret types once the echo is off: the prompt comes first, and a user
// is slower than the tool.
func (p *pty) typeSecret(text string) {
	p.t.Helper()
	for start := time.Now(); p.echo(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			p.t.Fatal("the echo stays on")
		}
	}
	p.typeText(text)
}

func (p *pty) typeText(text string) {
	p.t.Helper()
	if _, err := p.master.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// onTerminal runs the asker on a terminal while user types.
func onTerminal(t *testing.T, command string, user func(*pty)) (exit int, stdout, stderr, shown string) {
	t.Helper()
	p := openPTY(t)
	cmd, out, errs := tool(t, command)
	cmd.ExtraFiles = []*os.File{p.tty}
	cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, 3
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	user(p)
	cmd.Wait()
	if !p.echo() {
		t.Error("the terminal no longer echoes")
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String(), p.shown.String()
}

func TestConfirmOnTerminal(t *testing.T) {
	for typed, want := range map[string]string{"y\n": "true\n", "yes\n": "true\n", "\n": "false\n", "n\n": "false\n", "\x04": "false\n"} {
		exit, stdout, stderr, _ := onTerminal(t, "confirm", func(p *pty) {
			p.expect("Sign? [y/N] ")
			p.typeText(typed)
		})
		if exit != 0 || stdout != want || stderr != "" {
			t.Errorf("typed %q: exit %d, %q, %q; want %q", typed, exit, stdout, stderr, want)
		}
	}
}

func TestPassphraseIsNotEchoed(t *testing.T) {
	exit, stdout, _, shown := onTerminal(t, "read", func(p *pty) {
		p.expect("Passphrase: ")
		p.typeSecret("tulip\n")
		p.expect("\n")
	})
	if exit != 0 || stdout != "\"tulip\"\n" {
		t.Errorf("exit %d, %q", exit, stdout)
	}
	if shown != "Passphrase: \r\n" {
		t.Errorf("the terminal shows %q", shown)
	}
}

func TestNewPassphraseOnTerminal(t *testing.T) {
	exit, stdout, _, shown := onTerminal(t, "new", func(p *pty) {
		p.expect("Passphrase: ")
		p.typeSecret("tulip\n")
		p.expect("The same again: ")
		p.typeSecret("tulpi\n")
		p.expect("The two differ. Passphrase: ")
		p.typeSecret("rose\n")
		p.expect("The same again: ")
		p.typeSecret("rose\n")
		p.expect("\n")
	})
	if exit != 0 || stdout != "\"rose\"\n" {
		t.Errorf("exit %d, %q", exit, stdout)
	}
	for _, secret := range []string{"tulip", "tulpi", "rose"} {
		if strings.Contains(shown, secret) {
			t.Errorf("the terminal shows %q", shown)
		}
	}
}

// onTerminal fails if a terminal is left without echo.
func TestInterruptedPassphrase(t *testing.T) {
	exit, stdout, stderr, _ := onTerminal(t, "read", func(p *pty) {
		p.expect("Passphrase: ")
		p.typeSecret("tul\x03")
		p.expect("\n")
	})
	if exit != 130 || stderr != "asker: error: interrupted\n" || strings.Contains(stdout, "tul") {
		t.Errorf("exit %d, %q, %q", exit, stdout, stderr)
	}
}

func TestWithoutTerminal(t *testing.T) {
	for command, hint := range map[string]string{
		"confirm": "use --yes to go on without being asked",
		"read":    "use --passphrase-file",
		"new":     "use --passphrase-file",
	} {
		cmd, _, stderr := tool(t, command)
		cmd.Run()
		want := "asker: error: no terminal to ask on\nasker: hint: " + hint + "\n"
		if exit := cmd.ProcessState.ExitCode(); exit != 1 || stderr.String() != want {
			t.Errorf("%s: exit %d\n%swant\n%s", command, exit, stderr, want)
		}
	}
}

func TestWindow(t *testing.T) {
	p := openPTY(t)
	for _, c := range []struct {
		columns, rows int
		want          string
	}{{100, 30, "100 30 true\n"}, {0, 0, "80 24 true\n"}} {
		clitest.ResizePTY(t, p.tty, c.columns, c.rows)
		cmd, _, stderr := tool(t, "window")
		cmd.Stdout = p.tty
		if err := cmd.Run(); err != nil || stderr.String() != c.want {
			t.Errorf("got %q, %v; want %q", stderr, err, c.want)
		}
	}
	cmd, _, stderr := tool(t, "window")
	if err := cmd.Run(); err != nil || stderr.String() != "0 0 false\n" {
		t.Errorf("without a terminal: got %q, %v", stderr, err)
	}
}
