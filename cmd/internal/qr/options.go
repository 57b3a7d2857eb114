package qr

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// What the option --qr takes.
const (
	Auto   = "auto" // where a terminal has room for it
	Always = "always"
	Never  = "never"
)

// AddMode declares the option --qr.
func AddMode(flags *pflag.FlagSet, mode *string) {
	flags.StringVar(mode, "qr", Auto, "")
	cli.Choices(flags, "qr", Auto, Always, Never)
}

// CheckMode refuses what --qr does not take.
func CheckMode(mode string) error {
	switch mode {
	case Auto, Always, Never:
		return nil
	}
	return cli.Usagef("--qr does not take %s", cli.Quote(mode)).WithHint("one of auto, always, never")
}

// WritePicture writes a picture of the code of a text, for --qr-png.
func WritePicture(env *cli.Env, path, text string) error {
	picture, err := PNG(text, 0)
	if err != nil {
		return err
	}
	return env.WriteFile(path, picture, 0o644)
}
