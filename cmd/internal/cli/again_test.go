package cli

import (
	"testing"

	"github.com/spf13/pflag"
)

// A printed command says where, unless it does so already or is for another place.
func TestAgain(t *testing.T) {
	where := &Where{Commands: []string{"key list", "list", "amend"}, Flags: func(*pflag.FlagSet) string { return " --home 'my V'" }}
	again := where.again("licensor", nil)
	for text, want := range map[string]string{
		`"licensor list" shows them`:                       `"licensor list --home 'my V'" shows them`,
		"licensor amend A-1 --seats 2, or licensor list":   "licensor amend --home 'my V' A-1 --seats 2, or licensor list --home 'my V'",
		"licensor list --home W; then licensor amend A-1":  "licensor list --home W; then licensor amend --home 'my V' A-1",
		"licensor key list":                                "licensor key list --home 'my V'",
		"licensor key add anna.old; run licensor delegate": "licensor key add anna.old; run licensor delegate",
		"the licensor lists":                               "the licensor lists",
	} {
		if got := again(text); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
	where.Flags = func(*pflag.FlagSet) string { return "" }
	if where.again("licensor", nil) != nil || (*Where)(nil).again("licensor", nil) != nil {
		t.Error("nothing says where, and is written")
	}
}
