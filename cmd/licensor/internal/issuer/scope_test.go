package issuer_test

import (
	"errors"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/verify"
)

// A refusal says what the key may sign and which other one may, in words to act on.
func TestRefusalNamesWhoMay(t *testing.T) {
	narrow := wide
	narrow.Types = []string{"development", "test", "nfr"}
	i := newIssuer(t, narrow)
	const ask = "ask the holder of the root key for a wider delegation"
	for _, test := range []struct {
		others map[string]bool // whether it may sign everything
		want   string
	}{
		{nil, ask},
		{map[string]bool{"carol": false}, ask},
		{map[string]bool{"bert": true}, ask + ", or use --key bert, who may"},
	} {
		i.Others = nil
		for name, may := range test.others {
			scope := narrow
			if may {
				scope = wide
			}
			i.Others = append(i.Others, issuer.Other{Name: name, Delegation: newIssuer(t, scope).Delegation})
		}
		_, file, err := i.Issue(grant(t, "production"), now)
		var refused *issuer.Error
		if !errors.As(err, &refused) || file != nil || !errors.Is(err, verify.OutOfScope) {
			t.Fatalf("%v: got %d bytes, %v", test.others, len(file), err)
		}
		if want := `the delegation of "anna" allows development, test and nfr; this is production`; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if refused.Hint() != test.want {
			t.Errorf("%v: got the hint %q, want %q", test.others, refused.Hint(), test.want)
		}
	}
}
