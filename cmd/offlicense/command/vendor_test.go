package command

import (
	"fmt"
	"os"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
	"github.com/spf13/pflag"
)

// vendorMain is the vendor of the scripts: "vendor sign [OPTIONS] FILE" writes the
// license for a request to standard output, "vendor WHAT" something else of a vendor's.
func vendorMain() {
	out, err := vendor(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "vendor:", err)
		os.Exit(1)
	}
	os.Stdout.Write(out)
}

func vendor(what string, args []string) ([]byte, error) {
	flags := pflag.NewFlagSet("vendor", pflag.ContinueOnError)
	product := flags.String("product", "", "")
	customer := flags.String("customer", "Site Ltd", "")
	kind := flags.String("type", "", "")
	activation := flags.String("activation", "", "")
	ends := flags.String("ends", "", "")
	begins := flags.String("begins", "", "")
	updates := flags.String("updates", "", "")
	maxVersion := flags.String("max-version", "", "")
	epoch := flags.Uint64("epoch", 1, "")
	need := flags.Uint64("need", 0, "")
	grace := flags.Uint64("grace", 0, "")
	emergencyDays := flags.Uint64("emergency-days", 0, "")
	cores := flags.Uint64("cores", 16, "")
	id := flags.Uint8("id", 2, "")
	minList := flags.Uint64("min-list", 0, "")
	perpetual := flags.Bool("perpetual", false, "")
	var list listOptions
	list.add(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	var failed error
	date := func(text string) int64 {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			failed = err
		}
		return t.Unix()
	}
	change := func(l *format.LicenseClaims) {
		l.Terms.Customer, l.Terms.Epoch, l.Terms.GraceDays, l.Terms.MaxVersion = *customer, *epoch, *grace, *maxVersion
		l.Terms.EmergencyDays, l.ID, l.Terms.Limits["cores"] = *emergencyDays, format.ID{*id}, *cores
		l.Terms.MinRevocation = *minList
		if *product != "" {
			l.Product = *product
		}
		if *kind != "" {
			l.Terms.Type = *kind
		}
		if *activation != "" {
			l.Activation = *activation
		}
		if *ends != "" {
			l.Expires = date(*ends)
		}
		if *begins != "" {
			l.NotBefore = date(*begins)
		}
		if *updates != "" {
			l.Terms.UpdatesUntil = date(*updates)
		}
		if *perpetual {
			l.Expires = 0
		}
		if *need > 0 && l.Binding != nil {
			l.Binding.Need = *need
		}
	}
	out, err := func() ([]byte, error) {
		switch what {
		case "roots":
			return sitetest.Roots(), nil
		case "other-roots":
			return sitetest.OtherRoots(), nil
		case "two-roots":
			return sitetest.TwoRoots(), nil
		case "list":
			return list.sign()
		case "attach":
			return attach(flags.Arg(0), flags.Arg(1))
		case "unbound":
			l := sitetest.License()
			change(l)
			return sitetest.Seal(l)
		case "delegation":
			raw, err := sitetest.Delegation()
			return format.EncodeFile(format.Delegation, raw), err
		case "sign":
			request, err := os.ReadFile(flags.Arg(0))
			if err != nil {
				return nil, err
			}
			return sitetest.Sign(request, change)
		}
		return nil, fmt.Errorf("unknown: %q", what)
	}()
	if err == nil {
		err = failed
	}
	return out, err
}
