package ledger

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/format"
)

// Issue writes and signs the licenses of grants. It returns a draft for each, in their
// order. It is called by several goroutines at once, and outside any transaction; only
// when another workstation changes the ledger at the same moment it is called again,
// inside one.
type Issue func([]Grant) []Draft

// Draft is a license that is signed and not on record. It may be thrown away.
type Draft struct {
	ID     format.ID
	File   []byte // the license file's bytes
	Signer string
	Err    error // why there is none
}

// drafts are licenses that were signed outside a transaction.
type drafts map[draftKey]*draft

type draftKey struct {
	activation string
	epoch      uint64
}

type draft struct {
	Draft
	grant *Grant
}

// issue signs the grants of all steps that have no draft yet, on all processors.
func (made drafts) issue(steps []*step, issue Issue) {
	var todo []*draft
	for _, s := range steps {
		if s.grant == nil {
			continue
		}
		key := draftKey{s.grant.Activation, s.grant.Epoch}
		if d := made[key]; d == nil || !reflect.DeepEqual(d.grant, s.grant) {
			made[key] = &draft{grant: s.grant}
			todo = append(todo, made[key])
		}
	}
	onAllProcessors(todo, func(share []*draft) { sign(share, issue) })
}

func sign(share []*draft, issue Issue) {
	grants := make([]Grant, len(share))
	for i, d := range share {
		grants[i] = *d.grant
	}
	drafts := issue(grants)
	for i, d := range share {
		if len(drafts) != len(grants) {
			d.Err = fmt.Errorf("%d licenses were signed for %d grants", len(drafts), len(grants))
			continue
		}
		d.Draft = drafts[i]
	}
}

// license returns what goes on record of a draft.
func (d *draft) license(by *Operation) *License {
	l := &License{
		ID: d.ID, Activation: d.grant.Activation, Epoch: d.grant.Epoch,
		Issued: whole(by.Now), Expires: d.grant.Entitlement.HardEnd(),
		Signer: d.Signer, File: d.File,
	}
	if d.grant.Request != nil {
		l.Request = d.grant.Request.Body
	}
	return l
}

// onAllProcessors calls f with equal shares of a slice.
func onAllProcessors[T any](all []T, f func(share []T)) {
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for share := range slices.Chunk(all, max(1, (len(all)+workers-1)/workers)) {
		wait.Go(func() { f(share) })
	}
	wait.Wait()
}
