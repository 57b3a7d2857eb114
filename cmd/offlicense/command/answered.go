package command

import (
	"bytes"
	"encoding/json"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

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
