package verify

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/format"
)

// ListStatus says by which revocation list a license was judged.
type ListStatus struct {
	Number uint64    `json:"number"`
	Issued time.Time `json:"issued"`
}

// revocation refuses what the vendor has revoked. The list that is asked is the newest
// of those that the caller has and the one in the license file.
func (j *judgement) revocation() error {
	need := max(j.facts.MinRevocation, j.claims.Terms.MinRevocation)
	if j.attached == nil && len(j.facts.Revocations) == 0 && need == 0 && j.facts.MaxRevocationAge == 0 {
		return nil
	}
	if err := j.findList(); err != nil {
		return err
	}
	if err := j.checkList(need); err != nil || j.list == nil {
		return err
	}
	j.license.RevocationList = &ListStatus{Number: j.list.Number, Issued: j.list.Issued()}
	revoked := func(message, found string) error {
		return &Refusal{
			Reason:  Revoked,
			Message: fmt.Sprintf("%s, by its revocation list %d of %s", message, j.list.Number, day(j.list.Issued())),
			Found:   found,
			Next:    "ask " + j.claims.Issuer + " for another license, and why this one was revoked",
		}
	}
	d := j.delegation
	switch {
	case j.list.Licenses.Has(j.claims.ID):
		return revoked("the vendor has revoked this license", "license "+j.claims.ID.String())
	case j.list.revokes(d.thumbprint, j.signed.Digest):
		return revoked("the vendor has revoked the key that signed this license, and this is not one of the licenses that stay good", "a license signed by "+quote(d.claims.Name))
	case j.list.revokesDelegation(d):
		return revoked("the vendor has revoked the root key behind this license, and its delegation is not one of those that stay good", "a license signed by "+quote(d.claims.Name))
	}
	return nil
}

// findList finds the list that counts. Those of other vendors do not.
func (j *judgement) findList() error {
	var lists []*RevocationList
	for _, l := range j.facts.Revocations {
		if l.Issuer == j.claims.Issuer {
			lists = append(lists, l)
		}
	}
	if j.attached != nil {
		attached, err := j.verifier.attachedList(j.attachedRaw, j.attached)
		if err != nil {
			return refuseAttached(err, j.claims.Issuer)
		}
		if attached.Issuer != j.claims.Issuer {
			return &Refusal{
				Reason:   OutOfScope,
				Message:  "the revocation list in the license file is another vendor's",
				Expected: j.claims.Issuer,
				Found:    attached.Issuer,
				Next:     "ask " + j.claims.Issuer + " to send the license again",
			}
		}
		lists = append(lists, attached)
	}
	j.list = Newest(lists...)
	return nil
}

// refuseAttached tells somebody who has a license file in hand, and no list, that it is
// the list in the file that does not hold.
func refuseAttached(err error, vendor string) error {
	r := *err.(*Refusal)
	r.Message = "the revocation list in the license file does not hold: " + r.Message
	r.Next = "ask " + vendor + " to send the license again"
	return &r
}

// attachedList opens the list in a license file. Many files have the same one, and a
// server asks about the same file again and again, so that the result is kept.
func (v *Verifier) attachedList(raw []byte, file *format.List) (*RevocationList, error) {
	if l := v.lists.get(raw); l != nil {
		return l, nil
	}
	l, err := v.openList(raw, file)
	if err == nil {
		v.lists.put(raw, l)
	}
	return l, err
}

// checkList refuses to judge by a list that is older than the program, the license or
// the product's own rule allows. Without that, who keeps a newer list away from a
// server would keep a revoked license alive.
func (j *judgement) checkList(need uint64) error {
	unknown := func(why, expected string) error {
		found := "no revocation list"
		if j.list != nil {
			found = fmt.Sprintf("list %d of %s", j.list.Number, day(j.list.Issued()))
		}
		return &Refusal{
			Reason:   Revoked,
			Message:  "it is not known whether the vendor has revoked this license: " + why,
			Expected: expected,
			Found:    found,
			Next:     "ask " + j.claims.Issuer + ` for its newest revocation list, and install it with "offlicense install"`,
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
