package command

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
	"github.com/spf13/pflag"
)

// listOptions are those of "vendor list".
type listOptions struct {
	by      string
	number  uint64
	issued  string
	revoke  []uint
	keys    []string
	keep    bool // what the vendor's staff has signed under its one delegation
	another bool // another list of the same number
}

var signers = map[string]sitetest.Signer{
	"root": sitetest.Root, "standby": sitetest.Standby, "list-key": sitetest.ListKey, "list-key2": sitetest.ListKey2,
	"staff": sitetest.Staff, "stranger": sitetest.Stranger,
}

func (o *listOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.by, "by", "root", "")
	flags.Uint64Var(&o.number, "number", 1, "")
	flags.StringVar(&o.issued, "issued", "", "")
	flags.UintSliceVar(&o.revoke, "revoke", nil, "")
	flags.StringSliceVar(&o.keys, "revoke-key", nil, "")
	flags.BoolVar(&o.keep, "keep-delegation", false, "")
	flags.BoolVar(&o.another, "another", false, "")
}

func (o *listOptions) sign() ([]byte, error) {
	by, known := signers[o.by]
	if !known {
		return nil, fmt.Errorf("unknown signer: %q", o.by)
	}
	issued := sitetest.Issued
	if o.issued != "" {
		var err error
		if issued, err = time.Parse(time.RFC3339, o.issued); err != nil {
			return nil, err
		}
	}
	var keep format.Set
	if o.keep {
		raw, err := sitetest.Delegation()
		if err != nil {
			return nil, err
		}
		statement, err := format.ParseStatement(raw, format.Delegation)
		if err != nil {
			return nil, err
		}
		keep = format.NewSet(statement.Digest())
	}
	return sitetest.List(by, o.number, func(c *format.RevocationClaims) {
		c.IssuedAt = issued.Unix()
		if o.another {
			c.ID[15]++
		}
		var ids [][16]byte
		for _, id := range o.revoke {
			ids = append(ids, [16]byte{byte(id)})
		}
		c.Licenses = format.NewSet(ids...)
		for _, name := range o.keys {
			c.Keys = append(c.Keys, format.RevokedKey{Thumbprint: signers[name].Thumbprint(), Keep: keep})
		}
		slices.SortFunc(c.Keys, func(a, b format.RevokedKey) int { return slices.Compare(a.Thumbprint[:], b.Thumbprint[:]) })
	})
}

// attach puts a list into a license file.
func attach(license, list string) ([]byte, error) {
	licenseText, err := os.ReadFile(license)
	if err != nil {
		return nil, err
	}
	listText, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	return sitetest.Attach(licenseText, listText)
}
