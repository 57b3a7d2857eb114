package store

import (
	"encoding/json"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// apply takes an event to the tables. It judges nothing: the rules were asked before
// the event was recorded, and an audit applies what it finds.
func (w *Writer) apply(e *ledger.Event) error {
	switch d := e.Detail.(type) {
	case ledger.Created, ledger.Frozen, ledger.Thawed, ledger.Opened:
		return nil
	case ledger.Customer:
		_, err := w.change("customers", `INSERT INTO customers (name, partner) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET partner = excluded.partner`, ledger.CustomerKey(d.Name), Number(d.Partner))
		return err
	case ledger.Product:
		product, err := json.Marshal(d)
		if err != nil {
			return err
		}
		_, err = w.change("products", `INSERT INTO products (name, product) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET product = excluded.product`, d.Name, string(product))
		return err
	case ledger.Forgotten:
		return w.applyForgotten(d)
	case *ledger.Entitlement:
		return w.applyEntitlement(e, d)
	case ledger.Addressed:
		return w.applyAddressed(e.Invoice, d)
	case ledger.Renumbered:
		return w.applyRenumbered(e.Invoice, d.Was)
	case *ledger.Signed:
		return w.applySigned(e, d)
	case ledger.Closed:
		return w.applyClosed(e, d)
	case ledger.Moved:
		if err := w.insert("moves", "successor, activation, invoice, until, waits, state",
			d.Successor, e.Activation, e.Invoice, ledger.Seconds(d.Until), Number(d.Waits), string(rules.MovePending)); err != nil {
			return err
		}
		return w.moved(e)
	case ledger.Waiting:
		return w.one("moves", "UPDATE moves SET state = $2 WHERE successor = $1", e.Activation, string(rules.MoveWaiting))
	case ledger.Rebound:
		if err := w.revokeLicenses(e, d.Revoke); err != nil {
			return err
		}
		return w.moved(e)
	case ledger.TakenOver:
		return w.applyTakenOver(e)
	case ledger.Revoked:
		return w.applyRevoked(e, d)
	case ledger.Published:
		return w.applyPublished(e, d)
	}
	return fmt.Errorf("no effect is known of a detail of type %T", e.Detail)
}

func (w *Writer) applyEntitlement(event *ledger.Event, e *ledger.Entitlement) error {
	sold, err := json.Marshal(e.Kept())
	if err != nil {
		return err
	}
	values := []any{e.Invoice, ledger.CustomerKey(e.Customer), OrNil(e.Account), e.Product, e.Type,
		ledger.Seconds(e.Expires), ledger.Seconds(e.HardEnd()), ledger.Seconds(e.UpdatesUntil), int64(e.Places()), string(sold), string(e.Standing)}
	email := []any{e.Account, append([]byte{}, e.Salt...), e.Email, ledger.AccountKey(e.Email)}
	if event.Action == ledger.ActionEntitle {
		if err := w.insert("emails", "account, salt, address, owner", email...); err != nil {
			return err
		}
		return w.insert("entitlements", "invoice, customer, account, product, type, expires, hard_end, updates, seats, sold, standing, seller, sold_seq, seats_used, seats_peak",
			append(values, event.Operator, event.Seq, int64(0), int64(0))...)
	}
	if event.Action == ledger.ActionCorrect || event.Action == ledger.ActionTransfer { // to another customer: not with the addresses of the one before
		if _, err := w.change("addresses", "DELETE FROM addresses WHERE invoice = $1 AND invoice IN (SELECT x.invoice FROM entitlements x WHERE x.customer <> $2)",
			e.Invoice, ledger.CustomerKey(e.Customer)); err != nil {
			return err
		}
	}
	if e.Account != nil {
		if _, err := w.change("emails", "INSERT INTO emails (account, salt, address, owner) VALUES ($1, $2, $3, $4) ON CONFLICT (account) DO NOTHING", email...); err != nil {
			return err
		}
	}
	return w.one("entitlements", `UPDATE entitlements SET customer = $2, account = $3, product = $4, type = $5, expires = $6,
		hard_end = $7, updates = $8, seats = $9, sold = $10, standing = $11 WHERE invoice = $1`, values...)
}

func (w *Writer) applyAddressed(invoice string, a ledger.Addressed) error {
	if a.Off {
		return w.one("addresses", "DELETE FROM addresses WHERE account = $1", a.Account)
	}
	if err := w.insert("emails", "account, salt, address, owner", a.Account, append([]byte{}, a.Salt...), a.Email, ledger.AccountKey(a.Email)); err != nil {
		return err
	}
	return w.insert("addresses", "account, invoice", a.Account, invoice)
}

// applyRenumbered gives a sale another number. Nothing was signed under it.
func (w *Writer) applyRenumbered(to, was string) error {
	var sold []byte
	if _, err := w.tx.Row("SELECT sold FROM entitlements WHERE invoice = $1", []any{was}, &sold); err != nil {
		return err
	}
	e := new(ledger.Entitlement)
	if err := json.Unmarshal(sold, e); err != nil {
		return ledger.Damaged("what was sold under invoice %.64q: %v", was, err)
	}
	e.Invoice = to
	sold, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := w.change("addresses", "UPDATE addresses SET invoice = $2 WHERE invoice = $1", was, to); err != nil {
		return err
	}
	return w.one("entitlements", "UPDATE entitlements SET invoice = $2, sold = $3 WHERE invoice = $1", was, to, string(sold))
}

func (w *Writer) applyForgotten(f ledger.Forgotten) error {
	for _, account := range f.Accounts {
		if err := w.one("emails", "DELETE FROM emails WHERE account = $1", account); err != nil {
			return err
		}
		if _, err := w.change("addresses", "DELETE FROM addresses WHERE account = $1", account); err != nil {
			return err
		}
		if _, err := w.change("entitlements", "UPDATE entitlements SET account = NULL WHERE account = $1", account); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) applySigned(e *ledger.Event, s *ledger.Signed) error {
	l, a := s.License, s.Activation
	var err error
	switch {
	case a != nil && l.Epoch == 1:
		err = w.insert("activations", "id, invoice, state, machine_key, site, host, since, ended, epoch, license, emergency_days",
			a.ID, e.Invoice, string(a.State), OrNil(a.MachineKey), a.Site, a.Host, ledger.Seconds(a.Since), int64(0), int64(1), l.ID.String(), int64(0))
		if a.State == ledger.StateActive {
			w.addSeat(e.Invoice)
		}
	case a != nil:
		err = w.one("activations", "UPDATE activations SET site = $2, host = $3, epoch = $4, license = $5 WHERE id = $1",
			a.ID, a.Site, a.Host, int64(l.Epoch), l.ID.String())
	default:
		err = w.one("activations", "UPDATE activations SET epoch = $2, license = $3 WHERE id = $1",
			l.Activation, int64(l.Epoch), l.ID.String())
	}
	if err != nil {
		return err
	}
	if s.Moves {
		if err := w.moved(e); err != nil {
			return err
		}
	}
	components, hash, err := l.Named()
	if err != nil {
		return err
	}
	named, err := json.Marshal(components)
	if err != nil {
		return err
	}
	return w.insert("licenses", "id, activation, epoch, request_hash, issued, hard_end, need, named, signed_by, signer_key, seq",
		l.ID.String(), l.Activation, int64(l.Epoch), OrNil(hash),
		ledger.Seconds(l.Issued), ledger.Seconds(l.HardEnd), int64(l.Need), string(named), l.SignedBy, l.SignerKey, e.Seq)
}

// moved notes a move of a site.
func (w *Writer) moved(e *ledger.Event) error {
	return w.insert("moved", "seq, invoice, at", e.Seq, e.Invoice, e.Time.Unix())
}

func (w *Writer) applyClosed(e *ledger.Event, c ledger.Closed) error {
	var state, named string
	var key []byte
	found, err := w.tx.Row("SELECT a.state, a.machine_key, l.named FROM activations a JOIN licenses l ON l.id = a.license WHERE a.id = $1",
		[]any{e.Activation}, &state, &key, &named)
	if err != nil {
		return err
	}
	if !found {
		return ledger.Damaged("activation %.64q is missing", e.Activation)
	}
	became := map[ledger.Action]ledger.State{
		ledger.ActionRelease: ledger.StateReleased, ledger.ActionDeactivate: ledger.StateDeactivated, ledger.ActionVoid: ledger.StateVoid,
	}[e.Action]
	if err := w.one("activations", "UPDATE activations SET state = $2, ended = $3, emergency_days = $4 WHERE id = $1",
		e.Activation, string(became), e.Time.Unix(), int64(c.EmergencyDays)); err != nil {
		return err
	}
	switch ledger.State(state) {
	case ledger.StateActive:
		err = w.one("entitlements", "UPDATE entitlements SET seats_used = seats_used - 1 WHERE invoice = $1", e.Invoice)
	case ledger.StateBridge:
		err = w.one("moves", "UPDATE moves SET state = $2 WHERE successor = $1", e.Activation, string(rules.MoveVoid))
	}
	if err != nil {
		return err
	}
	if err := w.leftMachine(e, key, named); err != nil {
		return err
	}
	return w.revokeLicenses(e, c.Revoke)
}

// leftMachine notes the machine of a seat that is free, or of a bridge that was closed: by
// its key, and by what its newest license names.
func (w *Writer) leftMachine(e *ledger.Event, key []byte, named string) error {
	if key == nil {
		return nil
	}
	var components []format.Component
	if err := json.Unmarshal([]byte(named), &components); err != nil {
		return ledger.Damaged("the components of activation %.64q: %v", e.Activation, err)
	}
	const columns = "activation, label, invoice, value"
	if err := w.insert("left_machines", columns, e.Activation, machineKeyLabel, e.Invoice, key); err != nil {
		return err
	}
	for _, c := range components {
		if err := w.insert("left_machines", columns, e.Activation, c.Label, e.Invoice, rules.Comparable(c.Hash)); err != nil {
			return err
		}
	}
	return nil
}

// machineKeyLabel is what stands for the machine key among the labels of components, of
// which none has a space.
const machineKeyLabel = "machine key"

// applyTakenOver gives the seat that a release has freed to the new server of a move.
func (w *Writer) applyTakenOver(e *ledger.Event) error {
	if err := w.one("activations", "UPDATE activations SET state = 'active' WHERE id = $1", e.Activation); err != nil {
		return err
	}
	w.addSeat(e.Invoice)
	return w.one("moves", "UPDATE moves SET state = $2 WHERE successor = $1", e.Activation, string(rules.MoveDone))
}

func (w *Writer) applyRevoked(e *ledger.Event, r ledger.Revoked) error {
	if k := r.Key; k != nil {
		if _, err := k.Wire(); err != nil {
			return err
		}
		if err := w.insert("revoked_keys", "public, name, root, lists, since, why, list, keep",
			k.Public, k.Name, Number(k.Root), Number(k.Lists), e.Time.Unix(), e.Why, int64(0), OrNil(k.Keep)); err != nil {
			return err
		}
	}
	return w.revokeLicenses(e, r.Licenses)
}

// revokeLicenses notes licenses for the next revocation list.
func (w *Writer) revokeLicenses(e *ledger.Event, licenses []format.ID) error {
	for _, license := range licenses {
		if err := w.insert("revocations", "license, activation, since, why, list",
			license.String(), e.Activation, e.Time.Unix(), e.Why, int64(0)); err != nil {
			return err
		}
	}
	return nil
}

// applyPublished notes which list has what was revoked. The signature was checked when
// the list was recorded, and an audit checks it again.
func (w *Writer) applyPublished(e *ledger.Event, p ledger.Published) error {
	file, err := format.ParseList(p.File)
	if err != nil {
		return err
	}
	list, err := format.UnmarshalRevocation(file.Revocation.UnverifiedPayload())
	if err != nil {
		return err
	}
	if list.Number != p.Number {
		return fmt.Errorf("the list has the number %d, and its record %d", list.Number, p.Number)
	}
	if err := w.insert("revocation_lists", "number, issued, signed_by, signer_key, size, seq",
		int64(p.Number), list.IssuedAt, p.SignedBy, OrNil(p.SignerKey), int64(len(p.File)), e.Seq); err != nil {
		return err
	}
	waiting, err := w.revokedLicenses("r.list = 0")
	if err != nil {
		return err
	}
	for _, l := range waiting {
		if !list.Licenses.Has(l.License) {
			continue
		}
		if err := w.one("revocations", "UPDATE revocations SET list = $2 WHERE license = $1", l.License.String(), int64(p.Number)); err != nil {
			return err
		}
	}
	keys, err := w.RevokedKeys(KeepOfNone)
	if err != nil {
		return err
	}
	for _, k := range keys {
		key, err := k.Key()
		if err != nil {
			return err
		}
		if k.List > 0 || rules.FindKey(list.Keys, key.Thumbprint()) == nil {
			continue
		}
		if err := w.one("revoked_keys", "UPDATE revoked_keys SET list = $2 WHERE public = $1", k.Public, int64(p.Number)); err != nil {
			return err
		}
	}
	return nil
}
