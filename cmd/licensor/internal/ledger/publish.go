package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// NextList returns what the next revocation list has to say at a time: all licenses
// that were revoked and have not ended by themselves, and all keys that were revoked,
// each with what stays good of it. The list has no id yet and nobody has signed it.
func (l *Ledger) NextList(ctx context.Context, now time.Time) (*format.RevocationClaims, error) {
	var next *format.RevocationClaims
	err := l.read(ctx, func(t *transaction) (err error) {
		next, err = t.nextList(now)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := next.Marshal(); err != nil {
		kept := 0
		for _, key := range next.Keys {
			kept += key.Keep.Len()
		}
		return nil, &Error{Err: err,
			Message: fmt.Sprintf("the next revocation list is too long: %d licenses, %d keys and %d statements of them that stay good; 1 MiB holds about 65,000 of all", next.Licenses.Len(), len(next.Keys), kept),
			Next:    "a key that is not stolen need not be revoked: let its delegation end instead"}
	}
	return next, nil
}

func (t *transaction) nextList(now time.Time) (*format.RevocationClaims, error) {
	next := &format.RevocationClaims{Issuer: t.l.vendor, IssuedAt: now.Unix()}
	if _, err := t.row("SELECT COALESCE(MAX(number), 0) + 1 FROM revocation_lists", nil, &next.Number); err != nil {
		return nil, err
	}
	var licenses [][16]byte
	err := t.each("SELECT r.license FROM revocations r JOIN licenses l ON l.id = r.license WHERE l.expires = 0 OR l.expires > $1", []any{now.Unix()}, func(rows *sql.Rows) error {
		var id format.ID
		err := rows.Scan((*idText)(&id))
		licenses = append(licenses, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	next.Licenses = format.NewSet(licenses...)
	revoked, err := t.revokedKeys("")
	if err != nil {
		return nil, err
	}
	for i := range revoked {
		keep, err := t.keep(&revoked[i], now)
		if err != nil {
			return nil, err
		}
		thumbprint, err := revoked[i].thumbprint()
		if err != nil {
			return nil, damaged("%v", err)
		}
		next.Keys = append(next.Keys, format.RevokedKey{Thumbprint: thumbprint, Keep: keep})
	}
	slices.SortFunc(next.Keys, func(a, b format.RevokedKey) int { return bytes.Compare(a.Thumbprint[:], b.Thumbprint[:]) })
	return next, nil
}

// RecordList records a signed revocation list, so that the licenses that are signed
// from now on carry it. It must be the next one, say nothing that is not on record,
// and leave out nothing that an earlier list has said. What was revoked after it was
// signed waits for the one after it. The same list again changes nothing.
func (l *Ledger) RecordList(ctx context.Context, by Operation, v *verify.Verifier, text []byte) (*verify.RevocationList, error) {
	list, err := v.OpenRevocationList(text)
	if err != nil {
		return nil, err
	}
	err = l.write(ctx, by, func(w *writer) error {
		newest, err := w.newestList()
		if err != nil {
			return err
		}
		if bytes.Equal(newest, list.Raw) {
			return nil
		}
		if file, err := format.ParseList(list.Raw); err != nil {
			return err
		} else if file.RawDelegation != nil {
			if err := w.refuseListKey(); err != nil {
				return err
			}
		}
		if err := w.checkList(v, list, newest, by.Now); err != nil {
			return err
		}
		return w.record(&Event{Action: ActionPublish, Detail: Published{Number: list.Number, Signer: list.Signer, File: list.Raw}})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// checkList refuses a list that does not follow from the ledger.
func (t *transaction) checkList(v *verify.Verifier, list *verify.RevocationList, newest []byte, now time.Time) error {
	wrong := func(format string, args ...any) error {
		return &Error{Message: fmt.Sprintf("the revocation list %d does not fit this ledger: ", list.Number) + fmt.Sprintf(format, args...),
			Next: `sign a new one with "licensor revocations"; nothing was recorded`}
	}
	next, err := t.nextList(list.Issued())
	if err != nil {
		return err
	}
	switch {
	case list.Issuer != next.Issuer:
		return wrong("it is that of %s", list.Issuer)
	case list.Issued().After(now.Add(clockTolerance)):
		return wrong("it was signed on %s, and it is %s now: servers would take that for the time; set the clock of the machine with the root key",
			list.Issued().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case list.Number != next.Number:
		return wrong("the next one has the number %d", next.Number)
	}
	if newest != nil {
		before, err := v.OpenRevocationList([]byte(format.EncodeText(format.RevocationFile, newest)))
		if err != nil {
			return damaged("revocation list %d: %v", next.Number-1, err)
		}
		if verify.Newest(before, list) != list {
			return wrong("list %d has revoked its signer, %q", before.Number, list.Signer)
		}
	}
	for i := range list.Licenses.Len() {
		if id := list.Licenses.At(i); !next.Licenses.Has(id) {
			return wrong("it revokes the license %s, which nobody has revoked here", format.ID(id))
		}
	}
	for _, key := range list.Keys {
		i, found := findKey(next.Keys, key.Thumbprint)
		if !found {
			return wrong("it revokes the key %x, which nobody has revoked here", key.Thumbprint[:8])
		}
		if !contains(key.Keep, next.Keys[i].Keep) {
			return wrong("it would revoke licenses of the key %x that are on record", key.Thumbprint[:8])
		}
	}
	return t.checkComplete(list, next, wrong)
}

// checkComplete refuses a list that takes back what an earlier one has revoked.
func (t *transaction) checkComplete(list *verify.RevocationList, next *format.RevocationClaims, wrong func(string, ...any) error) error {
	err := t.each("SELECT license FROM revocations WHERE list > 0", nil, func(rows *sql.Rows) error {
		var id format.ID
		if err := rows.Scan((*idText)(&id)); err != nil {
			return err
		}
		if next.Licenses.Has(id) && !list.Licenses.Has(id) {
			return wrong("it leaves out the license %s, which an earlier list has revoked", id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	published, err := t.revokedKeys("WHERE list > 0")
	if err != nil {
		return err
	}
	for _, k := range published {
		thumbprint, err := k.thumbprint()
		if err != nil {
			return damaged("%v", err)
		}
		if _, found := findKey(list.Keys, thumbprint); !found {
			return wrong("it leaves out the key %q, which an earlier list has revoked", k.Name)
		}
	}
	return nil
}

func findKey(all []format.RevokedKey, thumbprint [32]byte) (int, bool) {
	return slices.BinarySearchFunc(all, thumbprint, func(k format.RevokedKey, t [32]byte) int { return bytes.Compare(k.Thumbprint[:], t[:]) })
}

// contains reports whether a set has all names of another.
func contains(set, of format.Set) bool {
	for i := range of.Len() {
		if !set.Has(of.At(i)) {
			return false
		}
	}
	return true
}

// NewestList returns the newest revocation list as it travels, without the text form;
// nil if none was signed yet.
func (l *Ledger) NewestList(ctx context.Context) ([]byte, error) {
	var file []byte
	err := l.read(ctx, func(t *transaction) (err error) {
		file, err = t.newestList()
		return err
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (t *transaction) newestList() ([]byte, error) {
	var leaf []byte
	found, err := t.row("SELECT s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq ORDER BY r.number DESC LIMIT 1", nil, &leaf)
	if err != nil || !found {
		return nil, err
	}
	p, err := publishedIn(leaf)
	if err != nil {
		return nil, err
	}
	return p.File, nil
}

func publishedIn(leaf []byte) (*Published, error) {
	e, err := parseEvent(leaf)
	if err != nil {
		return nil, damaged("%v", err)
	}
	p, ok := e.Detail.(Published)
	if !ok {
		return nil, damaged("event %d (%s) stands where a revocation list was signed", e.Seq, e.Action)
	}
	return &p, nil
}

// applyPublished notes which list has what was revoked. The signature was checked when
// the list was recorded, and an audit checks it again.
func (w *writer) applyPublished(e *Event, p Published) error {
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
	if err := w.insert("revocation_lists", "number, issued, signer, seq", int64(p.Number), list.IssuedAt, p.Signer, e.Seq); err != nil {
		return err
	}
	var on []string
	err = w.each("SELECT license FROM revocations WHERE list = 0", nil, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		id, err := format.ParseID(text)
		if err == nil && list.Licenses.Has(id) {
			on = append(on, text)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, license := range on {
		if err := w.one("revocations", "UPDATE revocations SET list = $2 WHERE license = $1", license, int64(p.Number)); err != nil {
			return err
		}
	}
	for _, key := range list.Keys {
		if err := w.update("revoked_keys", "UPDATE revoked_keys SET list = $2 WHERE thumbprint = $1 AND list = 0",
			hex.EncodeToString(key.Thumbprint[:]), int64(p.Number)); err != nil {
			return err
		}
	}
	return nil
}
