package qr

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format/qr"
	"github.com/spf13/pflag"
)

// What the option --qr takes.
const (
	Auto   = "auto" // where a terminal has room for it, and shows it right
	Always = "always"
	Never  = "never"
)

// Flags are the options of a command whose result may travel as a code.
type Flags struct {
	Mode     string        // --qr
	Every    time.Duration // --qr-every: how long each part stays, over and over; 0: until a key
	PNG, SVG string        // --qr-png, --qr-svg: files; empty: none

	every string // as it was given
}

// Bounds of --qr-every: what a phone's camera catches, and what nobody waits for.
const (
	leastEvery = time.Second
	mostEvery  = time.Minute
)

// Add declares the options; mode is that without --qr, which alone is auto.
func (f *Flags) Add(flags *pflag.FlagSet, mode string) {
	flags.StringVar(&f.Mode, "qr", mode, "")
	cli.Choices(flags, "qr", Auto, Always, Never)
	cli.Bare(flags, "qr", Auto)
	flags.StringVar(&f.every, "qr-every", "", "")
	flags.StringVar(&f.PNG, "qr-png", "", "")
	flags.StringVar(&f.SVG, "qr-svg", "", "")
}

// Check reads what was given and refuses values that the options do not take, and two outputs in one place. out is
// where the text itself goes; what is a word for it.
func (f *Flags) Check(env *cli.Env, out, what string) error {
	switch f.Mode {
	case Auto, Always, Never:
	default:
		return cli.Usagef("--qr does not take %s", cli.Quote(f.Mode)).WithHint("one of auto, always, never")
	}
	if f.every != "" {
		every, err := time.ParseDuration(f.every)
		if err != nil || every < leastEvery || every > mostEvery {
			return cli.Usagef("--qr-every does not take %s", cli.Quote(f.every)).WithHint("a time from 1s to 60s, such as 3s")
		}
		f.Every = every
	}
	outputs := []output{{"--out", out}, {"--qr-png", f.PNG}, {"--qr-svg", f.SVG}}
	for i, second := range outputs[1:] {
		if second.path == "-" && env.JSON() {
			return cli.Usagef("--json and %s cannot both go to standard output", second.option)
		}
		for _, first := range outputs[:i+1] {
			switch {
			case first.path == "" || second.path == "":
			case first.path == "-" && second.path == "-":
				return cli.Usagef("%s and %s cannot both go to standard output", first.option, second.option)
			case samePath(first.path, second.path):
				if first.option != "--out" {
					what = "other"
				}
				return cli.Usagef("%s and %s name one file: %s", first.option, second.option, cli.Quote(first.path)).
					WithHint("the picture would take the place of the %s; give it another name", what)
			}
		}
	}
	return nil
}

type output struct{ option, path string }

func samePath(a, b string) bool {
	absoluteA, errA := filepath.Abs(a)
	absoluteB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absoluteA == absoluteB
}

// CheckOutputs refuses early what Write would refuse.
func (f *Flags) CheckOutputs(env *cli.Env) error {
	if f.PNG != "" {
		if err := env.CheckOutput(f.PNG, "\x89PNG"); err != nil {
			return err
		}
	}
	if f.SVG != "" {
		return env.CheckOutput(f.SVG, "<svg ")
	}
	return nil
}

// Asked returns the paths of the pictures that are asked for.
func (f *Flags) Asked() (paths []string) {
	for _, path := range [...]string{f.PNG, f.SVG} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

// Pictures reports whether any is asked for.
func (f *Flags) Pictures() bool { return len(f.Asked()) > 0 }

// ToStdout reports whether a picture goes to standard output.
func (f *Flags) ToStdout() bool { return f.PNG == "-" || f.SVG == "-" }

// Write writes the pictures of the code of a text, and returns their paths. What does not
// fit a code that phones read well becomes several pictures, a part in each: code-1.png,
// code-2.png.
func (f *Flags) Write(env *cli.Env, text string) (written []string, err error) {
	for _, p := range [...]struct {
		output
		draw func(*qr.Code) ([]byte, error)
	}{
		{output{"--qr-png", f.PNG}, func(c *qr.Code) ([]byte, error) { return c.PNG(0) }},
		{output{"--qr-svg", f.SVG}, func(c *qr.Code) ([]byte, error) { return c.SVG(), nil }},
	} {
		if p.path == "" {
			continue
		}
		files, err := p.write(env, text, p.draw)
		if err != nil {
			return nil, err
		}
		written = append(written, files...)
	}
	return written, nil
}

func (o output) write(env *cli.Env, text string, draw func(*qr.Code) ([]byte, error)) (files []string, err error) {
	parts, err := Whole(text)
	if err != nil {
		return nil, err
	}
	ending := filepath.Ext(o.path)
	if len(parts) > 1 && o.path == "-" {
		return nil, cli.Usagef("the QR code comes in %d pictures, and standard output is one", len(parts)).
			WithHint("give %s the name of a file: code%[2]s makes code-1%[2]s, code-2%[2]s, ...", o.option, "."+strings.TrimPrefix(o.option, "--qr-"))
	}
	for i, part := range parts {
		path := o.path
		if len(parts) > 1 {
			path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(o.path, ending), i+1, ending)
		}
		code, err := qr.Encode(part)
		if err != nil {
			return nil, err
		}
		picture, err := draw(code)
		if err != nil {
			return nil, err
		}
		if err := env.WriteFile(path, picture, 0o644); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}

// Names tells of files in a line: the first and the last of several parts.
func Names(files []string) string {
	var b strings.Builder
	for len(files) > 0 {
		n := 1
		for n < len(files) && filepath.Ext(files[n]) == filepath.Ext(files[0]) {
			n++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(files[0])
		if n > 1 {
			b.WriteString(" to " + files[n-1])
		}
		files = files[n:]
	}
	return b.String()
}
