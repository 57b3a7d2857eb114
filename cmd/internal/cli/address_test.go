package cli_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// An address of a database stands where none belongs: its password is not shown.
func TestPasswordInAQuotedArgument(t *testing.T) {
	for _, argument := range []string{"postgres://u:S3cret@h/db", "POSTGRESQL://u:S3cret@h", "host=h password=S3cret", "İ Password = S3cret"} {
		var stderr bytes.Buffer
		program := cli.Program{Name: "tool", Commands: []cli.Command{{Name: "fail", Summary: "fail", Setup: func(*pflag.FlagSet) cli.Run {
			return func(*cli.Env, []string) error {
				return errors.New("unexpected argument \"" + argument + "\" in the end")
			}
		}}}}
		cli.Main(program, &cli.Env{Args: []string{"fail"}, Stdout: &stderr, Stderr: &stderr})
		if said := stderr.String(); strings.Contains(said, "S3cret") || !strings.Contains(said, `..." in the end`) {
			t.Errorf("%s: %s", argument, said)
		}
	}
}
