package key

import (
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// makeNew makes a key where it will sign: the private half never travels.
func (c *keyCommand) makeNew(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	k, err := c.place(env)
	if err != nil {
		return err
	}
	key, err := keys.Generate(env.Rand)
	if err != nil {
		return err
	}
	return c.write(env, k, key)
}

// report prints the public line, and says on standard error what to do with it.
func (c *keyCommand) report(env *cli.Env, k *newKey, public keys.PublicKey) error {
	line := public.MarshalLine(k.comment)
	if _, err := fmt.Fprintln(env.Stdout, line); err != nil {
		return err
	}
	// No table: it would cut the paths.
	fmt.Fprintf(env.Stderr, "private key  %s\npublic key   %s\n             %s\ncode         %s\n", cli.Clean(k.file), cli.Clean(k.file+".pub"), public, service.KeyCode(public))
	if k.home != "" {
		first := ""
		if _, err := (home.Home{Dir: k.home}).NamedRoots(); err != nil {
			first = " --roots root.pub"
		}
		fmt.Fprintf(env.Stderr, "Send the public line, or the file, to the holder of the root key, and compare\nits code or SHA256:... by phone. With the delegation that comes back:\n    licensor key add%s %s.old%s\n", c.FlagsText(), c.name, first)
	} else {
		fmt.Fprintf(env.Stderr, "As a standby root key, it becomes known by:\n    licensor roots%s --add %s\n", c.FlagsText(), cli.ShellPath(k.file+".pub"))
	}
	c.passphrase.WarnIfPlain(env, "the private key is", k.file)
	code := service.KeyCode(public)
	if err := c.qr.Show(env, line, "public key", code); err != nil {
		return err
	}
	return env.Answer(keyMade{1, c.name, public.Fingerprint(), code, line, k.file, k.file + ".pub"})
}

// keyMade is what key new --json and key import --json print.
type keyMade struct {
	Version     int    `json:"version"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Code        string `json:"code"`   // the comparison code of the public key
	Public      string `json:"public"` // the line that goes to the holder of the root key
	File        string `json:"file"`   // the private key
	PublicFile  string `json:"public_file"`
}

// importKey makes a key of the home from one that openssl has made.
func (c *keyCommand) importKey(env *cli.Env, args []string) error {
	switch {
	case len(args) == 0:
		return cli.Usagef("no key file is named").WithHint("a PKCS#8 file with an Ed25519 key, as openssl genpkey -algorithm ed25519 writes it; - is standard input")
	case len(args) > 1:
		return cli.Usagef("unexpected argument %s", cli.Quote(args[1])).WithHint("import one key at a time")
	case args[0] == "-" && c.passphrase.File == "-":
		return cli.Usagef("the key and --passphrase-file cannot both be standard input")
	}
	k, err := c.place(env)
	if err != nil {
		return err
	}
	key, err := readPKCS8(env, args[0])
	if err != nil {
		return err
	}
	if err := c.write(env, k, key); err != nil {
		return err
	}
	if args[0] != "-" {
		env.Warnf("%s still holds the same private key, not encrypted: destroy it, and every copy of it", cli.Quote(args[0]))
	}
	return nil
}

func readPKCS8(env *cli.Env, path string) (keys.PrivateKey, error) {
	if path != "-" {
		key, err := keyfile.ReadPKCS8(path)
		return key, common.ReadError(err)
	}
	text, err := env.ReadFile(path, keyfile.MaxFile)
	if err != nil {
		return keys.PrivateKey{}, err
	}
	defer clear(text)
	return keyfile.ParsePKCS8(text)
}
