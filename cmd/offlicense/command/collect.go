package command

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/cmd/offlicense/internal/fleet"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// collector opens what the files of a fleet have.
type collector struct {
	env      *cli.Env
	verifier *verify.Verifier

	mu       sync.Mutex
	facts    fleet.Facts
	opened   []*verify.Opened                    // as facts.Licenses
	lists    map[string][]*verify.RevocationList // by vendor
	releases []foundStatement                    // whose signers are known once all licenses are
	other    int                                 // files that have none of these
}

// foundStatement is a statement that a file has.
type foundStatement struct {
	envelope.Statement
	file string
}

// collect opens all files, on all processors, and returns the facts in any order.
func (c *collector) collect(files []foundFile) fleet.Facts {
	progress := cli.NewProgress(c.env, "reading", len(files))
	defer progress.Done()
	inParallel(len(files), func(i int) {
		c.file(files[i])
		progress.Add(1)
	})
	inForce := make(map[string][]*verify.RevocationList)
	for vendor, lists := range c.lists {
		inForce[vendor] = verify.InForce(lists...)
	}
	inParallel(len(c.opened), func(i int) {
		c.judge(&c.facts.Licenses[i], c.opened[i], inForce[c.opened[i].Vendor()])
	})
	bound := make(map[format.ID][]byte)
	for _, l := range c.facts.Licenses {
		if l.Binding != nil {
			bound[l.ID] = l.Binding.Key
		}
	}
	for _, r := range c.releases {
		c.release(r, bound)
	}
	return c.facts
}

func (c *collector) file(file foundFile) {
	if file.err != nil {
		c.refused(file.path, file.err.Error())
		return
	}
	if info, err := os.Stat(file.path); err == nil && info.Size() > envelope.MaxSize && !file.given {
		c.pass()
		return
	}
	data, err := c.env.ReadFile(file.path, envelope.MaxSize)
	if err != nil {
		c.refused(file.path, err.Error())
		return
	}
	statements, damaged := envelope.All(data)
	known := damaged != nil
	for _, s := range statements {
		known = c.open(foundStatement{s, file.path}) || known
	}
	if damaged != nil {
		_, _, err := format.DecodeText(damaged)
		c.refuse(file.path, err)
	}
	if !known {
		c.pass()
	}
}

// pass counts a file that has nothing to do with it.
func (c *collector) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.other++
}

// open takes a statement, and reports whether it is one that matters here.
func (c *collector) open(s foundStatement) bool {
	var take func()
	var err error
	switch s.Kind {
	case format.LicenseFile:
		take, err = c.license(s)
	case format.Attestation:
		var a *verify.Attestation
		if a, err = verify.OpenAttestation(s.Text()); err == nil {
			take = func() {
				c.facts.Statements = append(c.facts.Statements, fleet.Statement{File: s.file, AttestationClaims: a.AttestationClaims, Key: a.Key})
			}
		}
	case format.RevocationFile:
		var l *verify.RevocationList
		if l, err = c.verifier.OpenRawRevocationList(s.Raw); err == nil {
			take = func() { c.meet(l) }
		}
	case format.Release:
		take = func() { c.releases = append(c.releases, s) }
	default:
		return false
	}
	if err != nil {
		c.refuse(s.file, err)
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	take()
	return true
}

// license opens a license, and the list in its file. Its claims are read as they are once its
// signature is good: it may have ended, or be revoked.
func (c *collector) license(s foundStatement) (take func(), err error) {
	opened, err := c.verifier.OpenRaw(s.Raw)
	if err != nil {
		return nil, err
	}
	file, err := format.ParseFile(s.Raw)
	if err != nil {
		return nil, err
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	list, err := opened.RevocationList()
	if err != nil {
		return nil, err
	}
	return func() {
		c.facts.Licenses = append(c.facts.Licenses, fleet.License{File: s.file, LicenseClaims: *claims, Digest: opened.Chain().License})
		c.opened = append(c.opened, opened)
		if list != nil {
			c.meet(list)
		}
	}, nil
}

// meet keeps a list; that of many license files is one.
func (c *collector) meet(l *verify.RevocationList) {
	if !slices.Contains(c.lists[l.Issuer], l) {
		c.lists[l.Issuer] = append(c.lists[l.Issuer], l)
	}
}

// judge judges a license for any machine, and says since when it is revoked.
func (c *collector) judge(l *fleet.License, opened *verify.Opened, inForce []*verify.RevocationList) {
	license, err := opened.Check(verify.Facts{Now: c.facts.Now, AnyProduct: true, AnyMachine: true, Revocations: inForce})
	if err == nil {
		l.Reason = license.Reason
		return
	}
	if refusal, ok := errors.AsType[*verify.Refusal](err); ok {
		l.Reason, l.Unknown = refusal.Reason, refusal.Undecided
	}
	if l.Reason != verify.Revoked || l.Unknown {
		return
	}
	for _, list := range c.lists[l.Issuer] {
		if list.Licenses.Has(l.ID) && (l.Revoked.IsZero() || list.Issued().Before(l.Revoked)) {
			l.Revoked = list.Issued()
		}
	}
	if newest := verify.Newest(inForce...); l.Revoked.IsZero() && newest != nil { // its key is
		l.Revoked = newest.Issued()
	}
}

// release takes a release that the machine key of its license has signed.
func (c *collector) release(s foundStatement, bound map[format.ID][]byte) {
	r, err := verify.OpenRelease(s.Text(), func(id format.ID) (keys.PublicKey, error) {
		if key, known := bound[id]; known {
			return keys.NewPublicKey(key)
		}
		return keys.PublicKey{}, fmt.Errorf("it releases the license %s, which is not among the files", id)
	})
	if err != nil {
		c.refuse(s.file, err)
		return
	}
	c.facts.Releases = append(c.facts.Releases, fleet.Release{File: s.file, ReleaseClaims: r.ReleaseClaims})
}

func (c *collector) refuse(file string, err error) {
	c.refused(file, fmt.Sprintf("%s: %v", cli.Quote(file), err))
}

func (c *collector) refused(file, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.facts.Refused = append(c.facts.Refused, fleet.Refused{File: file, Text: text})
}
