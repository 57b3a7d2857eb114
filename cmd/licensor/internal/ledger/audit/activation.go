package audit

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// activation is a row of a table that may be large: what few have is not in it.
type activation struct {
	names  packed   // its id, its site, its host
	sale   *sale    // see saleOf
	newest *license // that it goes on with; nil while its first one is recorded
	own    *license // the last of those that are of its id: each has the one before it
	few    *few     // nil: it has none of that
	since  int64
	key    [32]byte // the machine key, where it is bound
	number uint32   // of the row
	became byte     // its state, one of states
	bound  bool
}

// few is what few activations have.
type few struct {
	ended         int64
	emergencyDays int64   // as its release reports them
	moves         []*move // as the old server
	bridge        *move   // as the new one
}

// states are those of an activation.
var states = [...]ledger.State{ledger.StateActive, ledger.StateBridge, ledger.StateReleased, ledger.StateDeactivated, ledger.StateVoid}

func (a *activation) state() ledger.State { return states[a.became] }

// isTaken reports whether it has its site: no other one of the sale has the same.
func (a *activation) isTaken() bool {
	return a.state() == ledger.StateActive || a.state() == ledger.StateBridge
}

func (a *activation) id() string {
	id, _ := a.names.cut()
	return id
}

func (a *activation) place() (site, host string) {
	_, rest := a.names.cut()
	site, rest = rest.cut()
	host, _ = rest.cut()
	return site, host
}

// machineKey returns the key that it is bound to, nil for none.
func (a *activation) machineKey() []byte {
	if !a.bound {
		return nil
	}
	return bytes.Clone(a.key[:])
}

// rest returns what few have.
func (a *activation) rest() few {
	if a.few == nil {
		return few{}
	}
	return *a.few
}

// change returns what few have, to set it.
func (a *activation) change() *few {
	if a.few == nil {
		a.few = new(few)
	}
	return a.few
}

// licenses returns those that are of its id, in the order of their events.
func (a *activation) licenses() (all []*license) {
	for l := a.own; l != nil; l = l.earlier {
		all = append(all, l)
	}
	slices.Reverse(all)
	return all
}

// siteKey finds a site.
type siteKey struct {
	sale *sale
	key  [32]byte
}

func (a *activation) site() siteKey { return siteKey{a.sale, a.key} }

// newActivation makes a row of what an event says.
func newActivation(of *sale, d *ledger.Activation) (activation, error) {
	made := activation{names: pack(d.ID, d.Site, d.Host), sale: of, since: ledger.Seconds(d.Since), bound: len(d.MachineKey) > 0}
	if made.bound {
		if len(d.MachineKey) != len(made.key) {
			return made, fmt.Errorf("a machine key of %d bytes", len(d.MachineKey))
		}
		made.key = [32]byte(d.MachineKey)
	}
	return made, nil
}

// become gives an activation a state.
func (s *state) become(a *activation, to ledger.State) error {
	state := slices.Index(states[:], to)
	if state < 0 {
		return fmt.Errorf("no activation has the state %.64q", to)
	}
	if a.bound && s.sites.find(a.site()) == a {
		s.sites.remove(a.site())
	}
	a.became = byte(state)
	if a.bound && a.isTaken() {
		s.sites.put(a.number)
	}
	return nil
}

// license is a row of a table that may be large, too.
type license struct {
	id         format.ID
	request    [32]byte // the hash of its body
	digest     [16]byte
	activation *activation // nil: there is none of its id, which is among the strays
	earlier    *license    // of the same activation
	revoked    *revocation
	signer     *signer
	named      packed // the components: label, hash, and so on
	issued     int64
	hardEnd    int64
	seq        int64
	epoch      uint32
	need       uint8
	bound      bool // to that request
	signed     bool // the request was
	refused    bool // the judgement found something about it
}

// newLicense makes a row of what an event says.
func newLicense(p *prepared, l *ledger.License) (license, error) {
	made := license{
		id: l.ID, digest: p.digest, issued: ledger.Seconds(l.Issued), hardEnd: ledger.Seconds(l.HardEnd), seq: p.event.Seq,
		epoch: uint32(l.Epoch), need: uint8(l.Need),
	}
	if l.Epoch > math.MaxUint32 || l.Need > math.MaxUint8 {
		return made, fmt.Errorf("no license has the epoch %d and needs %d components", l.Epoch, l.Need)
	}
	if q := p.request; q != nil {
		made.request, made.bound, made.signed = q.Hash, true, q.Signed
	}
	var named []string
	for _, c := range p.named {
		named = append(named, c.Label, string(c.Hash))
	}
	made.named = pack(named...)
	return made, nil
}

// components returns those that a license names.
func (l *license) components() (all []format.Component) {
	for rest := l.named; rest != ""; {
		var label, hash string
		label, rest = rest.cut()
		hash, rest = rest.cut()
		all = append(all, format.Component{Label: label, Hash: []byte(hash)})
	}
	return all
}

// applySigned notes a license, and the activation that begins with it or changes.
func (s *state) applySigned(p *prepared, d *ledger.Signed) error {
	e, l := p.event, d.License
	if s.licenses.find(l.ID) != nil {
		return fmt.Errorf("the license %s is on record already", l.ID)
	}
	made, err := newLicense(p, l)
	if err != nil {
		return err
	}
	at := s.activations.find(l.Activation) // which has the license
	switch {
	case d.Activation != nil && l.Epoch == 1:
		if at, err = s.begin(s.saleOf(e.Invoice), d.Activation); err != nil {
			return err
		}
	case d.Activation != nil:
		if at = s.activations.find(d.Activation.ID); at == nil {
			return fmt.Errorf("activation %.64q is missing", d.Activation.ID)
		}
		at.names = pack(d.Activation.ID, d.Activation.Site, d.Activation.Host)
	case at == nil:
		return fmt.Errorf("activation %.64q is missing", l.Activation)
	}
	if d.Moves {
		if err := s.applyMoved(e); err != nil {
			return err
		}
	}
	made.signer = s.signer(l)
	number, row := s.allLicenses.add(made)
	s.licenses.put(number)
	if row.bound {
		s.answers.put(number)
	}
	at.newest = row
	if row.activation = s.activations.find(l.Activation); row.activation == nil {
		s.strays[row] = strings.Clone(l.Activation)
		return nil
	}
	if row.earlier, row.activation.own = row.activation.own, row; row.earlier != nil && row.earlier.named == row.named {
		row.named = row.earlier.named // in memory once
	}
	return nil
}

// begin notes an activation that begins.
func (s *state) begin(of *sale, d *ledger.Activation) (*activation, error) {
	if s.activations.find(d.ID) != nil {
		return nil, fmt.Errorf("activation %.64q is on record already", d.ID)
	}
	made, err := newActivation(of, d)
	if err != nil {
		return nil, err
	}
	number, a := s.allActivations.add(made)
	a.number = number
	s.activations.put(number)
	of.activations = append(of.activations, a)
	if err := s.become(a, d.State); err != nil {
		return nil, err
	}
	if d.State == ledger.StateActive {
		return a, s.take(of.Invoice)
	}
	return a, nil
}

// saleOf returns the sale of an activation: what stands for it if the invoice was never sold.
func (s *state) saleOf(invoice string) *sale {
	if of := s.sales[invoice]; of != nil {
		return of
	}
	if s.unsold[invoice] == nil {
		s.unsold[invoice] = &sale{Entitlement: &ledger.Entitlement{Invoice: strings.Clone(invoice)}}
	}
	return s.unsold[invoice]
}

// signer returns who signed a license, in memory once for all.
func (s *state) signer(l *ledger.License) *signer {
	key := l.SignedBy + "\x00" + string(l.SignerKey)
	by := s.signers[key]
	if by == nil {
		by = &signer{strings.Clone(l.SignedBy), bytes.Clone(l.SignerKey)}
		s.signers[key] = by
	}
	return by
}

// activationOf returns the id of the activation that a license says it is of.
func (s *state) activationOf(l *license) string {
	if l.activation == nil {
		return s.strays[l]
	}
	return l.activation.id()
}

// record returns a license as far as the rules look at one on record.
func (s *state) record(l *license) *ledger.License {
	return &ledger.License{ID: l.id, Activation: s.activationOf(l), Epoch: uint64(l.epoch), Issued: ledger.TimeOf(l.issued), HardEnd: ledger.TimeOf(l.hardEnd)}
}
