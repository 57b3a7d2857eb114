package verify

import (
	"fmt"
	"time"
)

// ListStatus says by which revocation list a license was judged.
type ListStatus struct {
	Number uint64    `json:"number"`
	Issued time.Time `json:"issued"`
}

// revocation refuses what the vendor has revoked. The list that is asked about the license
// and its staff key is the newest of those that the caller has and the one in the license
// file; about a root all in force are asked.
func (j *judgement) revocation() error {
	need := max(j.facts.MinRevocation, j.claims.Terms.MinRevocation)
	if j.attached == nil && len(j.facts.Revocations) == 0 && need == 0 && j.facts.MaxRevocationAge == 0 {
		return nil
	}
	if err := j.findLists(); err != nil {
		return err
	}
	if err := j.checkList(need); err != nil || j.list == nil {
		return err
	}
	j.license.RevocationList = &ListStatus{Number: j.list.Number, Issued: j.list.Issued()}
	revoked := func(by *RevocationList, message, found string) error {
		return &Refusal{
			Reason:  Revoked,
			Message: fmt.Sprintf("%s, by its revocation list %d of %s", message, by.Number, date(by.Issued())),
			Found:   found,
			hint:    "ask " + j.claims.Issuer + " for another license, and why this one was revoked",
		}
	}
	signer := func() string { return "a license signed by " + quote(j.delegation.claims.Name) }
	chain := j.Chain()
	license, _ := j.list.Revokes(chain)
	switch {
	case j.list.Licenses.Has(j.claims.ID):
		return revoked(j.list, "the vendor has revoked this license", "license "+j.claims.ID.String())
	case license:
		return revoked(j.list, "the vendor has revoked the key that signed this license, and this license is not one of those kept", signer())
	}
	// A later list by a key that may not revoke the root does not bring it back.
	for _, l := range j.inForce {
		if _, delegation := l.Revokes(chain); delegation {
			return revoked(l, "the vendor has revoked the root key behind this license, and its delegation is not one of those kept", signer())
		}
	}
	return nil
}

// findLists finds the lists in force. Those of other vendors are none of them.
func (j *judgement) findLists() error {
	var lists []*RevocationList
	for _, l := range j.facts.Revocations {
		if l.Issuer == j.claims.Issuer {
			lists = append(lists, l)
		}
	}
	attached, err := j.RevocationList()
	if err != nil {
		return err
	}
	if attached != nil {
		lists = append(lists, attached)
	}
	j.inForce = InForce(lists...)
	j.list = newest(j.inForce)
	return nil
}

// refuseAttached tells an administrator with a license file, and no list, that it is
// the list in the file that does not hold.
func refuseAttached(err error, vendor string) error {
	r := *err.(*Refusal)
	r.Message = "the revocation list in the license file does not hold: " + r.Message
	if !r.ofRoots {
		r.hint = "ask " + vendor + " to send the license again"
	}
	return &r
}

// checkList refuses to judge by a list that is older than the program, the license or
// the product's own rule allows. Otherwise a revoked license would live on
// for as long as somebody keeps the newer list away from its server.
func (j *judgement) checkList(need uint64) error {
	unknown := func(why, expected string) error {
		found := "no revocation list"
		if j.list != nil {
			found = fmt.Sprintf("list %d of %s", j.list.Number, date(j.list.Issued()))
		}
		return &Refusal{
			Reason:   Revoked,
			Message:  "it is not known whether the vendor has revoked this license: " + why,
			Expected: expected,
			Found:    found,
			hint:     "ask " + j.claims.Issuer + ` for its newest revocation list, and install it with "offlicense install"`,

			Undecided: true,
		}
	}
	most := j.facts.MaxRevocationAge
	switch {
	case need > 0 && (j.list == nil || j.list.Number < need):
		by := "the license"
		if need == j.facts.MinRevocation {
			by = "this program"
		}
		return unknown(fmt.Sprintf("%s asks for revocation list %d or later", by, need), fmt.Sprintf("list %d or later", need))
	case most > 0 && (j.list == nil || j.facts.Now.Sub(j.list.Issued()) > most):
		age := days(int64(most / time.Second))
		return unknown("this program asks for a revocation list that is at most "+age+" old", "a list of the last "+age)
	}
	return nil
}
