// Package letter has the command that writes mails to customers.
package letter

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "letters", Summary: "write mails to customers: what ends, or license files", Setup: letters},
})

//go:embed usage
var usage embed.FS

const (
	ending      = ".eml"
	maxTemplate = 1 << 20 // bytes
	maxLicenses = 100_000
)

type lettersCommand struct {
	common.Options
	expiring ledger.Window
	licenses string // a directory
	out      string
	sender   string
	template string // a file
	print    bool
}

func letters(flags *pflag.FlagSet) cli.Run {
	var c lettersCommand
	c.AddLedgerOrCopy(flags)
	common.AddWindow(flags, &c.expiring, "expiring")
	flags.StringVar(&c.licenses, "licenses", "", "")
	flags.StringVar(&c.out, "out", "", "")
	flags.StringVar(&c.sender, "sender", "", "")
	flags.StringVar(&c.template, "template", "", "")
	flags.BoolVar(&c.print, "print-template", false, "")
	common.AddJSON(flags)
	return common.OptionsOnly(c.run)
}

func (c *lettersCommand) run(env *cli.Env) error {
	expiring := c.Flags.Changed("expiring")
	switch {
	case c.print && (expiring || c.licenses != "" || c.out != ""):
		return cli.Usagef("--print-template writes no letters").WithHint("give it alone")
	case c.print:
		return c.printTemplate(env)
	case expiring == (c.licenses != ""):
		return cli.Usagef("want --expiring or --licenses, one of them").WithHint("--expiring 60d tells what ends, --licenses DIR sends the files in DIR")
	case c.out == "" || c.out == "-":
		return cli.Usagef("--out is missing").WithHint("name a directory for the letters; it is made if it does not exist")
	case c.sender == "":
		return cli.Usagef("--sender is missing").WithHint(`name who writes: --sender "Acme Sales <sales@acme.example>"`)
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	o := service.LetterOptions{Sender: c.sender, Now: now, FileName: service.LicenseFileName}
	if c.template != "" {
		text, err := env.ReadFile(c.template, maxTemplate)
		if err != nil {
			return err
		}
		if o.Template = string(text); strings.TrimSpace(o.Template) == "" {
			return cli.Failf("the template %s is empty", cli.Quote(c.template)).WithHint(`"licensor letters --print-template" prints one that works`)
		}
	}
	var files []service.LicenseFile
	var none []service.PassedOver
	if c.licenses != "" {
		if files, none, err = readLicenses(c.licenses); err != nil {
			return err
		}
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		var written []service.Letter
		var passed []service.PassedOver
		if expiring {
			after, by := c.expiring.At(now)
			written, err = s.EndingLetters(ctx, service.Filter{EndsAfter: after, EndsBy: by}, o)
		} else {
			written, passed, err = s.LicenseLetters(ctx, files, o)
		}
		if err != nil {
			return err
		}
		return c.write(env, written, append(none, passed...))
	})
}

func (c *lettersCommand) printTemplate(env *cli.Env) error {
	if env.JSON() {
		return env.Answer(templateAnswer{1, service.DefaultLetter()})
	}
	_, err := env.Stdout.Write([]byte(service.DefaultLetter()))
	return err
}

type templateAnswer struct {
	Version int    `json:"version"`
	Text    string `json:"text"`
}

// readLicenses reads the license files of a directory, those whose names end as theirs do.
func readLicenses(dir string) (files []service.LicenseFile, none []service.PassedOver, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, cli.FileError("read", dir, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || filepath.Ext(e.Name()) != common.LicenseEnding {
			continue
		}
		path := filepath.Join(dir, e.Name())
		text, err := atomicfile.Read(path, format.MaxText)
		switch {
		case errors.Is(err, atomicfile.ErrNotRegular):
			none = append(none, service.PassedOver{Name: path, Err: errors.New("it is not a file")})
		case err != nil:
			return nil, nil, cli.FileError("read", path, err)
		default:
			files = append(files, service.LicenseFile{Name: path, Text: text})
		}
		if len(files) > maxLicenses {
			return nil, nil, cli.Failf("there are more than %d licenses in %s", maxLicenses, cli.Quote(dir)).WithHint("write the letters for one part of them at a time")
		}
	}
	if len(files) == 0 {
		return nil, nil, cli.Failf("there is no license in %s", cli.Quote(dir)).WithHint(`"licensor renew" and "licensor sign" write them; their names end in .lic`)
	}
	return files, none, nil
}

// lettersAnswer is what letters --json prints.
type lettersAnswer struct {
	Version int             `json:"version"`
	Letters []writtenLetter `json:"letters"`
	Skipped []skippedLetter `json:"skipped"`
}

type writtenLetter struct {
	File     string   `json:"file"`
	Customer string   `json:"customer"`
	Email    string   `json:"email"`
	Invoices []string `json:"invoices"`
}

type skippedLetter struct {
	Customer string   `json:"customer,omitempty"`
	Email    string   `json:"email,omitempty"`
	Invoices []string `json:"invoices,omitempty"`
	License  string   `json:"license,omitempty"` // a license file for which there is no letter
	Error    string   `json:"error"`
}

func (c *lettersCommand) write(env *cli.Env, all []service.Letter, passed []service.PassedOver) error {
	answer := lettersAnswer{Version: 1, Letters: []writtenLetter{}, Skipped: []skippedLetter{}}
	for _, p := range passed {
		fmt.Fprintf(env.Stderr, "%s: no letter: %s\n", cli.Clean(p.Name), cli.Clean(p.Err.Error()))
		answer.Skipped = append(answer.Skipped, skippedLetter{License: p.Name, Error: p.Err.Error()})
	}
	if slices.ContainsFunc(all, func(l service.Letter) bool { return l.Skipped == nil }) {
		if err := os.Mkdir(c.out, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return cli.FileError("create", c.out, err)
		}
	}
	names := fileNames(all)
	progress := cli.NewProgress(env, "writing", len(all))
	defer progress.Done()
	for i, l := range all {
		progress.Add(1)
		if l.Skipped != nil {
			fmt.Fprintf(progress, "%s (%s): no letter: %s\n", cli.Clean(l.Customer), cli.Clean(strings.Join(l.Invoices, ", ")), cli.Clean(l.Skipped.Error()))
			answer.Skipped = append(answer.Skipped, skippedLetter{l.Customer, l.Email, l.Invoices, "", l.Skipped.Error()})
			continue
		}
		path := filepath.Join(c.out, names[i])
		if err := env.WriteFile(path, l.Mail, 0o600); err != nil {
			return err
		}
		answer.Letters = append(answer.Letters, writtenLetter{path, l.Customer, l.Email, l.Invoices})
	}
	progress.Done()
	if err := env.Answer(answer); err != nil {
		return err
	}
	if len(all) == 0 && len(passed) == 0 {
		fmt.Fprintln(env.Stderr, "Nothing ends in that time, so there is no letter to write.")
		return nil
	}
	var t cli.Table
	t.Row("letters", fmt.Sprint(len(answer.Letters)))
	t.Row("skipped", fmt.Sprint(len(answer.Skipped)))
	t.Row("directory", c.out)
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	if len(answer.Letters) > 0 {
		fmt.Fprintln(env.Stderr, "Nothing was sent: open the files in a mail program, look at them and send them.")
	}
	return nil
}

// fileNames returns a name for each letter that says to whom it goes. Where the harmless
// part of two is the same, or nothing is left of one, a hash tells them apart.
func fileNames(all []service.Letter) []string {
	names := make([]string, len(all))
	times := make(map[string]int)
	for i, l := range all {
		names[i] = cmp.Or(service.SafeName(ledger.CustomerKey(l.Customer)), "customer") + "-" + service.SafeName(strings.ReplaceAll(ledger.AccountKey(l.Email), "@", "_at_"))
		times[names[i]]++
	}
	for i, l := range all {
		if times[names[i]] > 1 {
			sum := sha256.Sum256([]byte(ledger.CustomerKey(l.Customer) + "\n" + ledger.AccountKey(l.Email)))
			names[i] += "-" + hex.EncodeToString(sum[:4])
		}
		names[i] += ending
	}
	return names
}
