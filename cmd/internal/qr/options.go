package qr

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
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

// WritePicture writes a picture of the code of a text, for --qr-png, and returns its path.
// What does not fit a code that phones read well becomes several pictures, a part in each:
// code-1.png, code-2.png.
func WritePicture(env *cli.Env, path, text string) (written string, err error) {
	parts, err := Cut(text, roomOf(mostVersion), format.MaxParts)
	if err != nil {
		return "", err
	}
	if len(parts) == 1 {
		return path, writePart(env, path, text)
	}
	if path == "-" {
		return "", cli.Usagef("the QR code comes in %d pictures, and standard output is one", len(parts)).
			WithHint("give --qr-png the name of a file: code.png makes code-1.png, code-2.png, ...")
	}
	name := func(part int) string {
		ending := filepath.Ext(path)
		return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ending), part, ending)
	}
	for i, part := range parts {
		if err := writePart(env, name(i+1), part); err != nil {
			return "", err
		}
	}
	return name(1) + " to " + name(len(parts)), nil
}

func writePart(env *cli.Env, path, text string) error {
	picture, err := PNG(text, 0)
	if err != nil {
		return err
	}
	return env.WriteFile(path, picture, 0o644)
}
