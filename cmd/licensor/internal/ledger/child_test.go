package ledger_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// childVariable makes the test binary a workstation of its own. Its value is a task,
// the number of the site, and the ledger's place:
//
//	race: sign the site's request once, and wait for a byte on standard input after
//	      the rules have said yes and before the ledger is locked
//	loop: sign requests of one site after the other, from that number on, until killed
const childVariable = "LEDGER_TEST_WORKSTATION"

// What a racing child says on standard output. A looping one says the id of each
// license, when it has it.
const (
	childReady   = "ready"
	childWon     = "won"
	childRefused = "refused"
)

func runChild(task string) int {
	if err := workstation(task); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func workstation(task string) error {
	words := strings.SplitN(task, " ", 3)
	var site uint32
	if _, err := fmt.Sscan(words[1], &site); err != nil {
		return err
	}
	l, err := ledger.Open(context.Background(), words[2])
	if err != nil {
		return err
	}
	defer l.Close()
	i, err := newStaff()
	if err != nil {
		return err
	}
	issue := issueBy(i, now)
	sign := func(site uint32) (*ledger.License, error) {
		q, err := siteRequest(site, "INV0042-1")
		if err != nil {
			return nil, err
		}
		return l.Sign(context.Background(), operation(), q, issue)
	}
	if words[0] == "loop" {
		for ; ; site++ {
			license, err := sign(site)
			if err != nil {
				return err
			}
			fmt.Println(license.ID)
		}
	}
	issue = each(func(g ledger.Grant) (format.ID, []byte, string, error) {
		fmt.Println(childReady)
		if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
			return format.ID{}, nil, "", err
		}
		return one(issueBy(i, now), g)
	})
	_, err = sign(site)
	var refusal *ledger.Refusal
	if errors.As(err, &refusal) && refusal.Rule == ledger.RuleSeats {
		fmt.Println(childRefused)
		return nil
	}
	if err == nil {
		fmt.Println(childWon)
	}
	return err
}

// siteRequest is the request of any of four billion sites.
func siteRequest(site uint32, invoice string) (*verify.Request, error) {
	seed := make([]byte, keys.SeedSize)
	binary.BigEndian.PutUint32(seed[4:], site)
	seed[0] = 7
	k, err := keys.FromSeed(seed)
	if err != nil {
		return nil, err
	}
	return requestOf(k, func(q *format.Request) {
		q.Invoice, q.Account = invoice, format.AccountHash(invoice, "ops@site.example")
		q.Components = []format.Component{{Label: format.LabelMachineID, Hash: seed[:8]}}
	})
}
