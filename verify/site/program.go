package site

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// Program is what a program knows of itself. All of it is trusted: a program that lets
// its user choose the product has no license check.
type Program struct {
	Product string            // required
	Edition string            // empty: any edition will do
	Version string            // such as "9.2.0"; empty: what [Open] says, else a bound on it is not checked
	Built   time.Time         // when it was built; zero: what [Open] says, else an end of updates is not checked
	Use     map[string]uint64 // what it uses of the license's limits, such as cores (see [machine.Cores]); nil: nothing

	// Revocations are the texts of the revocation lists that came with the program (OLV1),
	// usually one: what the vendor had revoked when the program was built. nil: none. One
	// that does not open is an error of the program, not a refusal of the license.
	Revocations      [][]byte
	MinRevocation    uint64        // lowest number of a list that the program accepts; 0: any, and none
	MaxRevocationAge time.Duration // oldest list that the program accepts; 0: any, and none

	// Components are those that the operator gives, such as the id of a cluster. They
	// must be the ones that the request was made with. nil: those of the environment, as
	// [ComponentsVariable] and [ComponentFilesVariable] have them; empty: none.
	Components []machine.Value

	// Getenv reads the environment: [LicenseVariable], and the components. nil: that of the
	// process.
	Getenv func(name string) string

	// ReadOnly leaves the state directory as it is: nothing is recorded, which is a warning.
	// False records what is due.
	ReadOnly bool

	// Notice is how long before its end a license warns of it. 0: 30 days; negative: not at all.
	Notice time.Duration

	// Emergency lets a failover license run because the program itself says so. False
	// leaves it to what "offlicense failover" has declared in the state directory, where days
	// of emergency are counted; the program's own are not.
	Emergency bool
}

func (p Program) facts(now time.Time) verify.Facts {
	return verify.Facts{
		Now: now, Product: p.Product, Edition: p.Edition, Version: p.Version, Built: p.Built,
		Use: p.Use, Emergency: p.Emergency, Notice: p.Notice,
		MinRevocation: p.MinRevocation, MaxRevocationAge: p.MaxRevocationAge,
	}
}

// asBuilt fills in what the program does not say from what was built into it. A version
// that the Go command has made up for a commit without a tag says nothing.
func (p Program) asBuilt(info *debug.BuildInfo) Program {
	if version := info.Main.Version; p.Version == "" && version != "(devel)" && !strings.HasPrefix(version, "v0.0.0-") {
		p.Version = version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" && p.Built.IsZero() {
			p.Built, _ = time.Parse(time.RFC3339, s.Value)
		}
	}
	return p
}

// lists opens the program's own revocation lists. The errors wrap no refusal: what is
// wrong with them says nothing about the license.
func (p Program) lists(v *verify.Verifier) ([]*verify.RevocationList, error) {
	var all []*verify.RevocationList
	for i, text := range p.Revocations {
		l, err := v.OpenRevocationList(text)
		if err != nil {
			return nil, fmt.Errorf("the program's own revocation list cannot be used (Revocations[%d]): %v", i, err)
		}
		all = append(all, l)
	}
	return all, nil
}
