package command

import (
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// loadRoots returns a verifier that trusts the roots of the build, or those in a file.
func (t tool) loadRoots(env *cli.Env, path string) (*verify.Verifier, error) {
	if t.build.Roots != "" {
		if path != "" {
			return nil, cli.Usagef("--roots: this tool was built with the vendor's root keys and takes no others").
				WithHint("leave --roots out, or check with an offlicense that was built without roots")
		}
		v, err := verify.ParseRoots([]byte(t.build.Roots))
		if err != nil {
			return nil, fmt.Errorf("the root keys that this tool was built with: %w", err)
		}
		return v, nil
	}
	if path == "" {
		return nil, cli.Usagef("no root keys: nothing can be trusted without them").
			WithHint("give --roots FILE, with the public keys that the vendor ships with the product")
	}
	text, err := env.ReadPublicFile(path)
	if err != nil {
		return nil, err
	}
	v, err := verify.ParseRoots(text)
	if err != nil {
		err = fmt.Errorf("cannot use \"%s\": %w", path, err)
		if hint.Of(err) == "" {
			err = cli.Fail(err).WithHint("give the file that \"licensor roots --out FILE\" wrote, with nothing else in it")
		}
		return nil, err
	}
	return v, nil
}

// delegations returns the texts of delegations that need not be carried: those of the build, and
// those in files.
func (t tool) delegations(env *cli.Env, paths []string) (texts [][]byte, err error) {
	const prefix = "OLD1:"
	for i, one := range strings.Split(t.build.Delegations, prefix) {
		if i > 0 {
			texts = append(texts, []byte(prefix+one))
		}
	}
	for _, path := range paths {
		text, err := env.ReadStatement(path, format.Delegation)
		if err != nil {
			return nil, err
		}
		if _, err := format.DecodeTextAs(text, format.Delegation); err != nil {
			return nil, cli.Fail(fmt.Errorf("cannot use \"%s\": %w", cli.Clean(path), err)).
				WithHint("give the delegation of the key that signs, as it came with the product")
		}
		texts = append(texts, text)
	}
	return texts, nil
}
