package command

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/offlicense/internal/fleet"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

//go:embed usage/fleet.txt
var fleetUsage string

type fleetFlags struct {
	tool
	roots, sold, out string
	ending           time.Duration
	json             bool
	csv              spreadsheet.Options
}

func (t tool) fleetCommand() cli.Command {
	return cli.Command{
		Name: "fleet", Summary: "look at many sites at once, and tell what is wrong", Usage: fleetUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &fleetFlags{tool: t, ending: 60 * 24 * time.Hour}
			flags.StringVar(&f.roots, "roots", "", "")
			flags.StringVar(&f.sold, "sold", "", "")
			flags.Var(ageValue{&f.ending}, "ending", "")
			flags.StringVar(&f.out, "out", "", "")
			flags.BoolVar(&f.json, "json", false, "")
			f.csv.Add(flags)
			return f.run
		},
	}
}

func (f *fleetFlags) run(env *cli.Env, args []string) error {
	if len(args) == 0 {
		return cli.Usagef("fleet needs a directory").WithHint("name the one with the collected attestations and the license files: offlicense fleet DIR")
	}
	if err := f.csv.Check(f.json); err != nil {
		return err
	}
	if f.out != "" {
		if f.out == "-" && (f.json || f.csv.On) {
			return cli.Usagef("--out - and --json or --csv exclude each other").WithHint("give --out a file")
		}
		if err := env.CheckOutput(f.out, fleet.PageStart); err != nil {
			return err
		}
	}
	c := collector{env: env, lists: make(map[string][]*verify.RevocationList)}
	var err error
	if c.verifier, err = f.loadRoots(env, f.roots); err != nil {
		return err
	}
	sales, err := f.sales(env)
	if err != nil {
		return err
	}
	files := findFiles(args)
	for _, file := range files {
		if _, err := os.Stat(file.path); err != nil && file.given && file.path != "-" {
			return cli.FileError("read", file.path, err)
		}
	}
	c.facts.Now, c.facts.Ending = env.Now(), f.ending
	facts := c.collect(files)
	if len(facts.Licenses) == 0 && len(facts.Statements) == 0 && len(facts.Refused) == 0 {
		return cli.Failf("no license and no attestation in %s", strings.Join(quoted(args), ", ")).
			WithHint("collect license files, and attestations: offlicense attest --state DIR --out FILE")
	}
	facts.Sales = sales
	report := fleet.Judge(facts)
	if err := f.print(env, report, c.other); err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		return cli.ErrNotValid
	}
	return nil
}

const (
	maxSold     = 1 << 30 // bytes of an export
	maxSoldLine = 64 << 10
)

// sales reads the vendor's export, an object a line; nil if none was given.
func (f *fleetFlags) sales(env *cli.Env) ([]fleet.Sale, error) {
	if f.sold == "" {
		return nil, nil
	}
	in, err := env.OpenFile(f.sold, maxSold)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sales := []fleet.Sale{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxSoldLine)
	for n := 1; lines.Scan(); n++ {
		var sale fleet.Sale
		if err := json.Unmarshal(lines.Bytes(), &sale); err != nil || sale.Invoice == "" || sale.Vendor == "" {
			return nil, cli.Failf("line %d of %s is no entitlement", n, cli.Quote(f.sold)).
				WithHint(`give the file that "licensor export --out FILE" has written`)
		}
		sales = append(sales, sale)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, cli.Failf("line %d of %s is too long for an entitlement", len(sales)+1, cli.Quote(f.sold)).
			WithHint(`give the file that "licensor export --out FILE" has written`)
	}
	return sales, lines.Err()
}

// print writes the report to where it was asked for.
func (f *fleetFlags) print(env *cli.Env, r *fleet.Report, other int) error {
	if f.out != "" {
		var page bytes.Buffer
		r.WritePage(&page)
		if err := env.WriteFile(f.out, page.Bytes(), 0o644); err != nil || f.out == "-" {
			return err
		}
	}
	switch {
	case f.json:
		return env.Answer(r)
	case f.csv.On:
		return f.table(env, r)
	}
	out := bufio.NewWriter(env.Stdout)
	var t cli.Table
	t.Row("STATE", "CUSTOMER", "PRODUCT", "SITE", "INVOICE", "ENDS", "ATTESTED", "FINDINGS")
	for _, s := range r.Sites {
		t.Row(s.State, s.Customer, strings.TrimSpace(s.Product+" "+s.Edition), s.Site, s.Invoice, text.LastDay(s.Expires), text.Date(s.Attested), strings.Join(s.Findings, " "))
	}
	if len(r.Sites) > 0 {
		t.WriteTo(env.Stdout)
	}
	f.findings(env, out, r)
	fmt.Fprintln(out, cli.Fold(env.Stdout, closing(r, other)))
	if f.out != "" {
		fmt.Fprintf(out, "page: %s\n", cli.Clean(f.out))
	}
	return out.Flush()
}

// findings prints those of each word, and once what to do about them.
func (f *fleetFlags) findings(env *cli.Env, out io.Writer, r *fleet.Report) {
	for i, found := range r.Findings {
		if i == 0 || r.Findings[i-1].Word != found.Word {
			word := found.Word
			if found.Severity == fleet.Error {
				word = cli.Bad(env.Stdout, word)
			}
			fmt.Fprintf(out, "\n%s\n", cli.Fold(env.Stdout, word+": "+cli.Clean(found.Hint)))
		}
		line := "  " + cli.Clean(found.Text)
		if len(found.Files) > 0 && found.Word != fleet.NotReadable {
			line += " (" + cli.Clean(strings.Join(found.Files, ", ")) + ")"
		}
		fmt.Fprintln(out, cli.Fold(env.Stdout, line))
	}
	fmt.Fprintln(out)
}

// closing counts the sites by state.
func closing(r *fleet.Report, other int) string {
	states := r.States()
	var counts []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		counts = append(counts, fmt.Sprintf("%d %s", states[state], state))
	}
	line := cli.Plural(uint64(len(r.Sites)), "site", "sites")
	if len(counts) > 0 {
		line += ": " + strings.Join(counts, ", ")
	}
	var used, bought uint64
	for _, s := range r.Seats {
		used, bought = used+s.Used, bought+s.Bought
	}
	line += fmt.Sprintf("; seats in use %d, bought %d; %s", used, bought, cli.Plural(uint64(len(r.Findings)), "finding", "findings"))
	if other > 0 {
		line += "; " + cli.Plural(uint64(other), "other file", "other files")
	}
	return line
}

var fleetColumns = []string{
	"state", "vendor", "product", "edition", "type", "customer", "invoice", "site", "activation", "license", "epoch", "key",
	"expires", "hard_end", "attested", "statements", "program", "findings", "file",
}

// table prints the sites for a spreadsheet.
func (f *fleetFlags) table(env *cli.Env, r *fleet.Report) error {
	t := f.csv.Table(env.Stdout, fleetColumns)
	for _, s := range r.Sites {
		t.Row(s.State, s.Vendor, s.Product, s.Edition, s.Type, s.Customer, s.Invoice, s.Site, s.Activation, s.License.String(), strconv.FormatUint(s.Epoch, 10), s.Key,
			rfc3339(s.Expires), rfc3339(s.HardEnd), rfc3339(s.Attested), strconv.Itoa(s.Statements), s.Program, strings.Join(s.Findings, " "), s.File)
	}
	return t.Close()
}
