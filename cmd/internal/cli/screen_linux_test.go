package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/spf13/pflag"
)

// TestScreen tells in colors and between the edges of a terminal, and plainly elsewhere.
func TestScreen(t *testing.T) {
	const (
		red, green, yellow, reset = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"

		folded = `ID   STATE   WHY
ONE  GREENactiveRESET  the server burned and was
             replaced by another
TWO  REDendedRESET   active
asker: YELLOWwarningRESET: the clock of this
    machine is an hour behind that of
    all the others
Recorded: it waits for the next list:
    licensor revocations --out list.olv
asker: REDerrorRESET: no seat is free
asker: hint: sell another one, or
    "licensor deactivate INV0042-1"
    frees one
`
		whole = `ID   STATE   WHY
ONE  active  the server burned and was replaced by another
TWO  ended   active
asker: warning: the clock of this machine is an hour behind that of all the others
Recorded: it waits for the next list: licensor revocations --out list.olv
asker: error: no seat is free
asker: hint: sell another one, or "licensor deactivate INV0042-1" frees one
`
	)
	colored := strings.NewReplacer("RED", red, "GREEN", green, "YELLOW", yellow, "RESET", reset).Replace(folded)
	plain := strings.NewReplacer("RED", "", "GREEN", "", "YELLOW", "", "RESET", "").Replace(folded)
	for name, c := range map[string]struct{ variable, want string }{
		"colors": {"TERM=xterm", colored}, "NO_COLOR": {"NO_COLOR=1", plain}, "dumb": {"TERM=dumb", plain},
	} {
		t.Run(name, func(t *testing.T) {
			user, tty := clitest.OpenPTY(t, 40, 24)
			cmd, _, _ := tool(t, "tell")
			cmd.Env = append(cmd.Env, "NO_COLOR=", "TERM=xterm", c.variable)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			tty.Close()
			user.SetReadDeadline(time.Now().Add(20 * time.Second))
			var shown strings.Builder
			for buffer := make([]byte, 4096); ; {
				n, err := user.Read(buffer)
				shown.Write(buffer[:n])
				if err != nil { // nobody holds the other side any more
					break
				}
			}
			cmd.Wait()
			if got := strings.ReplaceAll(shown.String(), "\r\n", "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s\n%q", got, c.want, got)
			}
		})
	}
	cmd, stdout, stderr := tool(t, "tell")
	if err := cmd.Run(); err == nil || stdout.String()+stderr.String() != whole {
		t.Errorf("without a terminal: %v\n%s%s", err, stdout, stderr)
	}
}

// TestTableFits has a table go between the edges of a terminal, as far as its words let it.
func TestTableFits(t *testing.T) {
	p := cli.Program{Name: "tool", Commands: []cli.Command{{Name: "list", Setup: func(*pflag.FlagSet) cli.Run {
		return func(env *cli.Env, _ []string) error {
			var t cli.Table
			t.Row("INVOICE", "CUSTOMER", "TERM")
			t.Row("INV0042-1", "The Site Company Limited", "until 2027-11-21")
			t.Row("  AAAA BBBB", "株式会社 株式会社", "x")
			_, err := t.WriteTo(env.Stdout)
			return err
		}
	}}}}
	for columns, want := range map[int]string{
		0: "INVOICE      CUSTOMER                  TERM\n" +
			"INV0042-1    The Site Company Limited  until 2027-11-21\n" +
			"  AAAA BBBB  株式会社 株式会社         x\n",
		40: "INVOICE      CUSTOMER       TERM\n" +
			"INV0042-1    The Site       until\n" +
			"             Company        2027-11-21\n" +
			"             Limited\n" +
			"  AAAA BBBB  株式会社       x\n" +
			"             株式会社\n",
		30: "INVOICE   CUSTOMER  TERM\n" +
			"INV0042-1 The Site  until\n" +
			"          Company   2027-11-21\n" +
			"          Limited\n" +
			"  AAAA    株式会社  x\n" +
			"  BBBB    株式会社\n",
		20: "INVOICE      CUSTOMER                  TERM\n" +
			"INV0042-1    The Site Company Limited  until 2027-11-21\n" +
			"  AAAA BBBB  株式会社 株式会社         x\n",
	} {
		var out strings.Builder
		cli.Main(p, &cli.Env{Args: []string{"list"}, Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" },
			Window: func() (int, int, bool) { return columns, 24, columns > 0 }})
		if strings.ReplaceAll(out.String(), "\x1b", "") != want {
			t.Errorf("in %d columns: got\n%s\nwant\n%s", columns, out.String(), want)
		}
	}
}
