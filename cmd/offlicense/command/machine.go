package command

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
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
			var components componentFlags
			components.add(flags)
			mac := flags.Bool("mac", false, "")
			hostID := flags.Bool("host-id", false, "")
			serviceUser := flags.String("service-user", "", "")
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
				values, err := components.read(env)
				if err != nil {
					return err
				}
				who, err := findReader(env, *serviceUser)
				if err != nil {
					return err
				}
				return showMachine(env, machine.Options{Product: *product, Extra: values, MAC: *mac, HostID: *hostID}, who, *asJSON)
			}
		},
	}
}

// findReader returns the user of that name, or where root asks and names none, any that is not
// root. It is nil where nobody is compared with.
func findReader(env *cli.Env, name string) (*checker, error) {
	switch {
	case name != "":
		return findChecker(env, name, "")
	case runtime.GOOS == "linux" && os.Geteuid() == 0:
		const nobody = 65534
		return &checker{User: machine.User{UID: nobody, GID: nobody}, name: "nobody"}, nil
	}
	return nil, nil
}

// machineView is what this machine offers. It never holds a value that was read.
type machineView struct {
	Version    int           `json:"version"`
	Product    string        `json:"product,omitempty"`
	Reader     string        `json:"reader,omitempty"` // whom readable is about
	Components []findingView `json:"components"`
}

type findingView struct {
	Label  string         `json:"label"`
	Status machine.Status `json:"status"`
	Hash   string         `json:"hash,omitempty"` // hexadecimal; only for a product
	Detail string         `json:"detail"`

	Readable *bool  `json:"readable,omitempty"` // for the reader; of what is present
	Warning  string `json:"warning,omitempty"`
}

func showMachine(env *cli.Env, o machine.Options, who *checker, asJSON bool) error {
	view := machineView{Version: 1, Product: o.Product}
	if o.Product == "" {
		o.Product = "none" // hashes are keyed by a product and are not shown without one
	}
	identity, err := machine.Read(o)
	if err != nil {
		return cli.Usagef("%w", err)
	}
	read := identity
	if who != nil {
		view.Reader = who.name
		if read, err = machine.ReadAs(who.User, o); err != nil && view.Reader == "nobody" {
			view.Reader, read = "", identity // without the rights of root, as in a container
		} else if err != nil {
			return err
		}
	}
	hashes := map[string]string{}
	for _, c := range identity.Components {
		hashes[c.Label] = hex.EncodeToString(c.Hash)
	}
	for _, f := range identity.Findings {
		component := findingView{Label: f.Label, Status: f.Status, Detail: f.Detail, Warning: f.Warning}
		if view.Reader != "" && f.Status == machine.Present {
			component.Readable = new(!slices.Contains(identity.Unreadable(read), f.Label))
		}
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
		for _, line := range text.Wrap(cli.Clean(s.Detail), 72) {
			fmt.Fprintln(w, "    "+line)
		}
		switch {
		case s.Warning != "":
			for _, line := range text.Wrap("warning: "+s.Warning, 72) {
				fmt.Fprintln(w, "    "+line)
			}
		case s.Readable == nil:
		case !*s.Readable && v.Reader == "nobody":
			fmt.Fprintln(w, "    other users cannot read it; for one user: --service-user NAME")
		case !*s.Readable:
			fmt.Fprintln(w, "    "+cli.Clean(v.Reader)+" cannot read it: no license checked by that user counts on it")
		case v.Reader != "nobody":
			fmt.Fprintln(w, "    "+cli.Clean(v.Reader)+" reads it")
		}
	}
}
