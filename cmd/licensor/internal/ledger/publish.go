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
// each with what was recorded then to stay good of it. The list has no id yet and nobody
// has signed it.
func (l *Ledger) NextList(ctx context.Context, now time.Time) (*format.RevocationClaims, error) {
	var next *format.RevocationClaims
	err := l.read(ctx, func(t *transaction) (err error) {
		if next, err = t.nextList(now); err != nil {
			return err
		}
		return checkFits(next, 0, "")
	})
	if err != nil {
		return nil, err
	}
	return next, nil
}

func (t *transaction) nextList(now time.Time) (*format.RevocationClaims, error) {
	next := &format.RevocationClaims{Issuer: t.l.vendor, IssuedAt: now.Unix()}
	var err error
	if next.Number, err = t.nextNumber(); err != nil {
		return nil, err
	}
	var licenses [][16]byte
	err = t.each("SELECT r.license FROM revocations r JOIN licenses l ON l.id = r.license WHERE l.expires = 0 OR l.expires > $1", []any{now.Unix()}, func(rows *sql.Rows) error {
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
		keep, err := t.kept(&revoked[i])
		if err != nil {
			return nil, err
		}
		key, err := revoked[i].key()
		if err != nil {
			return nil, damaged("%v", err)
		}
		next.Keys = append(next.Keys, format.RevokedKey{Thumbprint: key.Thumbprint(), Keep: keep})
	}
	slices.SortFunc(next.Keys, func(a, b format.RevokedKey) int { return bytes.Compare(a.Thumbprint[:], b.Thumbprint[:]) })
	return next, nil
}

func (t *transaction) nextNumber() (number uint64, err error) {
	_, err = t.row("SELECT COALESCE(MAX(number), 0) + 1 FROM revocation_lists", nil, &number)
	return number, err
}

const (
	// aroundList is what a list needs beside its payload: the delegation of the key that
	// signs it, the header and the signature.
	aroundList = format.MaxDelegation + 256

	// roomForLicenses is what the list that revokes a key leaves free, so that 4,096
	// licenses can be revoked after it.
	roomForLicenses = 64 << 10
)

// checkFits refuses a list that would be too long to be signed, or leave less than a
// number of bytes free. said is what the message begins with.
func checkFits(next *format.RevocationClaims, free int, said string) error {
	payload, err := next.Marshal()
	if err == nil && len(payload)+aroundList+free <= format.MaxRevocation {
		return nil
	}
	kept := 0
	for _, key := range next.Keys {
		kept += key.Keep.Len()
	}
	return &Error{Err: err,
		Message: fmt.Sprintf("%sthe next revocation list would be too long: %d licenses and %d keys to revoke, and %d licenses and delegations of these keys that stay good; it holds about 60,000 of all",
			said, next.Licenses.Len(), len(next.Keys), kept),
		Next: "a key that is not stolen need not be revoked: let its delegation end instead"}
}

// checkRoom refuses what was just recorded if no list could say it.
func (w *writer) checkRoom(now time.Time, free int) error {
	next, err := w.nextList(now)
	if err != nil {
		return err
	}
	return checkFits(next, free, "nothing was recorded: ")
}

// RecordList records a signed revocation list, so that the licenses that are signed
// from now on carry it. It must be the next one, say nothing that is not on record,
// keep of a key what was recorded to stay good of it, no more and no less, and leave out
// nothing that an earlier list has said. What was revoked after it was signed waits for
// the one after it. The same list again changes nothing.
func (l *Ledger) RecordList(ctx context.Context, by Operation, v *verify.Verifier, text []byte) (*verify.RevocationList, error) {
	list, err := v.OpenRevocationList(text)
	if err != nil {
		return nil, err
	}
	err = l.write(ctx, by, func(w *writer) error {
		newest, err := w.newestList(format.MaxRevocation)
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
	next, err := t.nextNumber()
	if err != nil {
		return err
	}
	switch {
	case list.Issuer != t.l.vendor:
		return wrong("it is that of %s", list.Issuer)
	case list.Issued().After(now.Add(clockTolerance)):
		return wrong("it was signed on %s, and it is %s now: servers would take that for the time; set the clock of the machine with the root key",
			list.Issued().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case list.Number != next:
		return wrong("the next one has the number %d", next)
	}
	// A list that seems older than what it says was signed where the clock is behind.
	// What seems to be of the future was recorded by a clock that was wrong then.
	behind := func(what string, at time.Time) error {
		if at.After(now.Add(clockTolerance)) || !list.Issued().Add(clockTolerance).Before(at) {
			return nil
		}
		return wrong("it was signed on %s, and %s on %s: set the clock of the machine with the root key",
			list.Issued().Format(time.RFC3339), what, at.UTC().Format(time.RFC3339))
	}
	if newest != nil {
		before, err := v.OpenRawRevocationList(newest)
		if err != nil {
			return damaged("revocation list %d: %v", next-1, err)
		}
		if verify.Newest(before, list) != list {
			return wrong("list %d has revoked its signer, %q", before.Number, list.Signer)
		}
		if err := behind(fmt.Sprintf("list %d", before.Number), before.Issued()); err != nil {
			return err
		}
	}
	if err := t.checkLicenses(list, wrong, behind); err != nil {
		return err
	}
	return t.checkKeys(list, wrong, behind)
}

// checkLicenses refuses a list that revokes a license which nobody has revoked, or leaves
// out one that an earlier list has.
func (t *transaction) checkLicenses(list *verify.RevocationList, wrong func(string, ...any) error, behind func(string, time.Time) error) error {
	known := make(map[format.ID]bool)
	err := t.each("SELECT r.license, r.since, r.list, l.expires FROM revocations r JOIN licenses l ON l.id = r.license", nil, func(rows *sql.Rows) error {
		var id format.ID
		var since, expires time.Time
		var on uint64
		if err := rows.Scan((*idText)(&id), (*unixTime)(&since), &on, (*unixTime)(&expires)); err != nil {
			return err
		}
		known[id] = true
		switch {
		case list.Licenses.Has(id):
			return behind(fmt.Sprintf("the license %s was revoked", id), since)
		case on > 0 && (expires.IsZero() || expires.After(list.Issued())):
			return wrong("it leaves out the license %s, which an earlier list has revoked", id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range list.Licenses.Len() {
		if id := list.Licenses.At(i); !known[id] {
			return wrong("it revokes the license %s, which nobody has revoked here", format.ID(id))
		}
	}
	return nil
}

// checkKeys is checkLicenses for keys. What stays good of them is what was recorded.
func (t *transaction) checkKeys(list *verify.RevocationList, wrong func(string, ...any) error, behind func(string, time.Time) error) error {
	revoked, err := t.revokedKeys("")
	if err != nil {
		return err
	}
	var thumbprints [][32]byte
	for _, k := range revoked {
		key, err := k.key()
		if err != nil {
			return damaged("%v", err)
		}
		thumbprints = append(thumbprints, key.Thumbprint())
	}
	for _, key := range list.Keys {
		if !slices.Contains(thumbprints, key.Thumbprint) {
			return wrong("it revokes the key %x, which nobody has revoked here", key.Thumbprint[:8])
		}
	}
	for i, k := range revoked {
		at, found := findKey(list.Keys, thumbprints[i])
		switch {
		case !found && k.List > 0:
			return wrong("it leaves out the key %q, which an earlier list has revoked", k.Name)
		case !found:
			continue
		}
		keep, err := t.kept(&k)
		if err != nil {
			return err
		}
		if !bytes.Equal(joinSet(list.Keys[at].Keep), joinSet(keep)) {
			return wrong("of the key %q it keeps %d licenses or delegations, and those on record are %d others", k.Name, list.Keys[at].Keep.Len(), keep.Len())
		}
		if err := behind(fmt.Sprintf("the key %q was revoked", k.Name), k.Since); err != nil {
			return err
		}
	}
	return nil
}

func findKey(all []format.RevokedKey, thumbprint [32]byte) (int, bool) {
	return slices.BinarySearchFunc(all, thumbprint, func(k format.RevokedKey, t [32]byte) int { return bytes.Compare(k.Thumbprint[:], t[:]) })
}

// NewestList returns the newest revocation list as it travels, without the text form;
// nil if none was signed yet.
func (l *Ledger) NewestList(ctx context.Context) ([]byte, error) {
	return l.NewestListUpTo(ctx, format.MaxRevocation)
}

// NewestListUpTo returns the newest revocation list of at most so many bytes, as it
// travels, for a place where a longer one has no room; nil if there is none. Where a list
// of a root stands behind one whose signer it has revoked, it is the caller who knows
// which of them is in force.
func (l *Ledger) NewestListUpTo(ctx context.Context, most int) ([]byte, error) {
	var file []byte
	err := l.read(ctx, func(t *transaction) (err error) {
		file, err = t.newestList(most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (t *transaction) newestList(most int) ([]byte, error) {
	var leaf []byte
	found, err := t.row("SELECT s.event FROM revocation_lists r JOIN events s ON s.seq = r.seq WHERE r.size <= $1 ORDER BY r.number DESC LIMIT 1", []any{int64(most)}, &leaf)
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
	if err := w.insert("revocation_lists", "number, issued, signer, size, seq", int64(p.Number), list.IssuedAt, p.Signer, int64(len(p.File)), e.Seq); err != nil {
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
