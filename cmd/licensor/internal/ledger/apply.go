package ledger

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
)

// apply takes an event to the tables. It judges nothing: the rules were asked before
// the event was recorded, and an audit applies what it finds.
func (w *writer) apply(e *Event) error {
	switch d := e.Detail.(type) {
	case Created:
		return w.insert("vendor", "name", d.Vendor)
	case Customer:
		return w.applyCustomer(d)
	case *Entitlement:
		return w.applyEntitlement(e.Action, d)
	case *Signed:
		return w.applySigned(e, d)
	case Closed:
		return w.applyClosed(e, d)
	case Moved:
		return w.insert("moves", "successor, activation, until, state", d.Successor, e.Activation, seconds(d.Until), movePending)
	case TakenOver:
		return w.applyTakenOver(e, d)
	case Reseated:
		return w.applyReseated(e, d)
	case Revoked:
		return w.applyRevoked(e, d)
	case Published:
		return w.applyPublished(e, d)
	}
	return fmt.Errorf("no effect is known of a detail of type %T", e.Detail)
}

// The states of a move.
const (
	movePending = "pending" // waiting for the release
	moveDone    = "done"
	moveVoid    = "void"
)

func (w *writer) applyCustomer(c Customer) error {
	return w.exec(`INSERT INTO customers (name, partner) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET partner = excluded.partner`, customerKey(c.Name), number(c.Partner))
}

func (w *writer) applyEntitlement(action Action, e *Entitlement) error {
	values, err := e.soldValues()
	if err != nil {
		return err
	}
	if action == ActionEntitle {
		return w.insert("entitlements", entitlementColumns, append(values, int64(0), int64(0))...)
	}
	return w.one("entitlements", `UPDATE entitlements SET email = $2, customer = $3, customer_name = $4, product = $5, edition = $6,
		type = $7, seats = $8, count_by = $9, allowance = $10, unbound = $11, excused = $12, expires = $13, grace_days = $14,
		updates_until = $15, max_version = $16, emergency_days = $17, features = $18, limits = $19 WHERE invoice = $1`, values...)
}

func (w *writer) applySigned(e *Event, s *Signed) error {
	l, a := s.License, s.Activation
	switch {
	case a != nil && l.Epoch == 1:
		if err := w.insert("activations", "id, invoice, seat, state, machine_key, site, host, since, ended, epoch, license",
			a.ID, e.Invoice, a.Seat, string(a.State), orNil(a.MachineKey), a.Site, a.Host, seconds(a.Since), int64(0), int64(1), l.ID.String()); err != nil {
			return err
		}
		if a.State == StateActive && a.Seat == a.ID {
			w.addSeat(e.Invoice)
		}
	case a != nil:
		if err := w.one("activations", "UPDATE activations SET site = $2, host = $3, epoch = $4, license = $5 WHERE id = $1",
			a.ID, a.Site, a.Host, int64(l.Epoch), l.ID.String()); err != nil {
			return err
		}
		if err := w.update("components", "DELETE FROM components WHERE activation = $1", a.ID); err != nil {
			return err
		}
	default:
		if err := w.one("activations", "UPDATE activations SET epoch = $2, license = $3 WHERE id = $1",
			l.Activation, int64(l.Epoch), l.ID.String()); err != nil {
			return err
		}
	}
	if a != nil {
		for _, c := range a.Components {
			if err := w.insert("components", "activation, label, invoice, hash", a.ID, c.Label, e.Invoice, indexedHash(c.Hash)); err != nil {
				return err
			}
		}
	}
	return w.insert("licenses", "id, activation, epoch, request_hash, issued, expires, signer, seq",
		l.ID.String(), l.Activation, int64(l.Epoch), orNil(requestHash(l.Request)),
		seconds(l.Issued), seconds(l.Expires), l.Signer, e.Seq)
}

func (w *writer) applyClosed(e *Event, c Closed) error {
	var seat, state string
	found, err := w.row("SELECT seat, state FROM activations WHERE id = $1", []any{e.Activation}, &seat, &state)
	if err != nil || !found {
		return orMissing(err, e.Activation)
	}
	became := map[Action]State{ActionRelease: StateReleased, ActionReactivate: StateLost, ActionVoid: StateVoid}[e.Action]
	if err := w.one("activations", "UPDATE activations SET state = $2, ended = $3 WHERE id = $1",
		e.Activation, string(became), e.Time.Unix()); err != nil {
		return err
	}
	if err := w.exec("DELETE FROM components WHERE activation = $1", e.Activation); err != nil {
		return err
	}
	switch State(state) {
	case StateActive:
		if err := w.freeSeat(e.Invoice, seat); err != nil {
			return err
		}
	case StateBridge:
		if err := w.one("moves", "UPDATE moves SET state = $2 WHERE successor = $1", e.Activation, moveVoid); err != nil {
			return err
		}
	}
	if c.EmergencyDays > 0 {
		if err := w.one("entitlements", "UPDATE entitlements SET emergency_used = emergency_used + $2 WHERE invoice = $1",
			e.Invoice, int64(c.EmergencyDays)); err != nil {
			return err
		}
	}
	return w.revokeLicenses(e, c.Revoke)
}

// freeSeat frees a seat that no active activation is left in.
func (w *writer) freeSeat(invoice, seat string) error {
	var left int64
	if _, err := w.row("SELECT COUNT(*) FROM ("+inSeat+") AS sharing", []any{seat}, &left); err != nil {
		return err
	}
	if left > 0 {
		return nil
	}
	return w.one("entitlements", "UPDATE entitlements SET seats_used = seats_used - 1 WHERE invoice = $1", invoice)
}

// applyTakenOver gives the seat that a release has freed to the new server of a move.
func (w *writer) applyTakenOver(e *Event, t TakenOver) error {
	if err := w.one("activations", "UPDATE activations SET state = 'active', seat = $2 WHERE id = $1", e.Activation, t.Seat); err != nil {
		return err
	}
	if t.Seat == e.Activation {
		w.addSeat(e.Invoice)
	}
	return w.one("moves", "UPDATE moves SET state = $2 WHERE successor = $1", e.Activation, moveDone)
}

// applyReseated takes an activation from the seat that it has to another one, which is
// its own unless somebody is there. The old one is free if nobody is left in it.
func (w *writer) applyReseated(e *Event, r Reseated) error {
	var one int64
	shared, err := w.row("SELECT 1 FROM ("+inSeat+") AS sharing WHERE id <> $2 LIMIT 1", []any{r.Seat, e.Activation}, &one)
	if err != nil {
		return err
	}
	if err := w.one("activations", "UPDATE activations SET seat = $2 WHERE id = $1", e.Activation, r.Seat); err != nil {
		return err
	}
	if !shared {
		w.addSeat(e.Invoice)
	}
	return w.freeSeat(e.Invoice, r.From)
}

func orMissing(err error, activation string) error {
	if err != nil {
		return err
	}
	return damaged("activation %.64q is missing", activation)
}

// indexedHash is what two hashes of one component have in common.
func indexedHash(hash []byte) []byte { return hash[:min(len(hash), format.MinComponentHash)] }
