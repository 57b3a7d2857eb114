package command

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/spf13/pflag"
)

//go:embed usage/machine.txt
var machineUsage string

func machineCommand() cli.Command {
	return cli.Command{
		Name: "machine", Summary: "print what identifies this machine", Usage: machineUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			product := flags.String("product", "", "")
			components := flags.StringArray("component", nil, "")
			mac := flags.Bool("mac", false, "")
			hostID := flags.Bool("host-id", false, "")
			asJSON := flags.Bool("json", false, "")
			return func(env *cli.Env, args []string) error {
				if len(args) > 0 {
					return cli.Usagef("unexpected argument %s", cli.Quote(args[0]))
				}
				if *product != "" {
					if err := checkProduct(*product); err != nil {
						return err
					}
				}
				values, err := operatorComponents(env, *components)
				if err != nil {
					return err
				}
				return showMachine(env, machine.Options{Product: *product, Extra: values, MAC: *mac, HostID: *hostID}, *asJSON)
			}
		},
	}
}

// machineView is what this machine offers. It never holds a value that was read.
type machineView struct {
	Version    int           `json:"version"`
	Product    string        `json:"product,omitempty"`
	Components []findingView `json:"components"`
}

type findingView struct {
	Label  string         `json:"label"`
	Status machine.Status `json:"status"`
	Hash   string         `json:"hash,omitempty"` // hexadecimal; only for a product
	Detail string         `json:"detail"`
}

func showMachine(env *cli.Env, o machine.Options, asJSON bool) error {
	view := machineView{Version: 1, Product: o.Product}
	if o.Product == "" {
		o.Product = "none" // hashes are keyed by a product and are not shown without one
	}
	identity, err := machine.Read(o)
	if err != nil {
		return cli.Usagef("%w", err)
	}
	hashes := map[string]string{}
	for _, c := range identity.Components {
		hashes[c.Label] = hex.EncodeToString(c.Hash)
	}
	for _, f := range identity.Findings {
		component := findingView{Label: f.Label, Status: f.Status, Detail: f.Detail}
		if view.Product != "" {
			component.Hash = hashes[f.Label]
		}
		view.Components = append(view.Components, component)
	}
	if asJSON {
		return env.Answer(view)
	}
	view.print(env.Stdout)
	if len(identity.Components) == 0 {
		env.Warnf("nothing identifies this machine: give --component cluster=UID with an id that this site alone has")
	}
	return nil
}

func (v *machineView) print(w io.Writer) {
	for _, s := range v.Components {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-16s  %-11s  %s", s.Label, s.Status, s.Hash), " "))
		for _, line := range wrap(cli.Clean(s.Detail), 72) {
			fmt.Fprintln(w, "    "+line)
		}
	}
}

// wrap breaks a text at spaces into lines of at most width columns, where it can.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
