package command

import (
	"bytes"
	"encoding/json"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// nothingCame says of standard input that it is empty: a program before it in a pipe has failed.
func nothingCame(text []byte, args []string) error {
	if len(bytes.TrimSpace(text)) > 0 || len(args) != 1 || args[0] != "-" {
		return nil
	}
	return cli.Failf("nothing came on standard input").WithHint(`leave -f out of "curl -sf": then this command says what the service has answered`)
}

// answered says what a vendor's service has answered in the place of a license, such as that a
// request waits: a problem as RFC 9457 has them, with what to do next. It is nil for anything
// else.
func answered(text []byte) error {
	const most = 4 << 10
	if text = bytes.TrimSpace(text); len(text) > most || !bytes.HasPrefix(text, []byte("{")) {
		return nil
	}
	var p struct{ Detail, Next, Number string }
	if json.Unmarshal(text, &p) != nil || p.Detail == "" {
		return nil
	}
	said := p.Detail
	if p.Number != "" {
		said += " Its number is " + p.Number + "."
	}
	return cli.Failf("the vendor's service answers: %s", cli.Clean(said)).WithHint("%s", cli.Clean(p.Next))
}
