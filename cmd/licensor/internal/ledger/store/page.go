package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// A page is found by an index, in its order, from where the page before it has ended: it takes
// as long in a ledger of a million sales as in one of a thousand.

// order is how the rows are ordered that a filter finds: by two columns of an index.
type order struct{ from, invoice, first, second string }

var (
	byInvoice = order{"entitlements e", "e.invoice", "''", "e.invoice"}
	byEnd     = order{"entitlements e", "e.invoice", "e.expires", "e.invoice"} // no end first
	// ordered are the orders of the searchables.
	ordered = [...]order{
		{"entitlements e", "e.invoice", "lower(e.invoice)", "e.invoice"},
		{"entitlements e", "e.invoice", "e.customer", "e.invoice"},
		{"emails m LEFT JOIN addresses d ON d.account = m.account LEFT JOIN entitlements x ON x.account = m.account", "COALESCE(d.invoice, x.invoice, '')", "m.owner", "m.account"},
		{"activations a", "a.invoice", "lower(a.host)", "a.id"},
	}
)

// Page returns so many of the entitlements that a filter finds behind a page. The filter has one
// text at most, which is not searched for in every row.
func (t *Tx) Page(f Filter, after string, most int) (*ledger.Page, error) {
	o, c := byInvoice, conditions{parts: []string{"1 = 1"}}
	exactly := true
	first, second, behind := strings.Cut(after, "\x00")
	for i := range searchables {
		s := &searchables[i]
		if *s.text(&f) == "" {
			continue
		}
		o = ordered[i]
		switch match := *s.match(&f); {
		case match == Part:
			return nil, fmt.Errorf("a page of what is searched for in every row: %s", s.name)
		case match == Beginning:
			exactly = false
			begin := ledger.SmallLetters(s.key(*s.text(&f)))
			end := begin + string(rune(0x10FFFF))
			if behind && first > begin {
				begin = first
			}
			only := s.only
			if i == hostText && !f.Ended {
				only += " AND a.ended = 0"
			}
			c.add(o.first+" >= ? AND "+o.first+" < ?"+only, begin, end)
		default:
			condition, args := s.condition(&f)
			c.add(condition, args...)
		}
	}
	beyond, down := ">", ""
	if f.State != "" {
		condition, args, err := stateIs(f.State, f.Now)
		if err != nil {
			return nil, err
		}
		if c.add(condition, args...); o == byInvoice && !f.State.Standing() {
			o, exactly = byEnd, false
			if f.State == ledger.StatusGrace || f.State == ledger.StatusEnded {
				beyond, down = "<", " DESC" // what ended last first
			}
		}
	}
	var begin, last any = first, second
	if o.second == "m.account" {
		last = []byte(second)
	}
	if behind && o == byEnd {
		at, err := strconv.ParseInt(first, 10, 64)
		begin, behind = at, err == nil
	}
	switch {
	case !behind:
	case exactly:
		c.add(o.second+" > ?", last)
	default:
		c.add("("+o.first+", "+o.second+") "+beyond+" (?, ?)", begin, last)
	}
	if f.Product != "" {
		c.add("e.product = ?", f.Product)
	}
	orderBy := o.first + down + ", " + o.second + down
	if exactly {
		orderBy = o.second
	}
	page := new(ledger.Page)
	var invoices []string
	n := 0
	err := t.tx.Rows(fmt.Sprintf("SELECT %s, %s, %s FROM %s WHERE %s ORDER BY %s LIMIT %d", o.invoice, o.first, o.second, o.from, c.text(), orderBy, most+1), c.args,
		database.Columns3(func(invoice, first, second string) {
			if n++; n <= most {
				invoices, after = append(invoices, invoice), first+"\x00"+second
				return
			}
			page.Next = after
		}))
	if err != nil {
		return nil, err
	}
	page.Holdings, err = t.salesOf(invoices)
	return page, err
}

// stateIs is the condition that a sale is in a state, as [ledger.Entitlement.Status] has it.
func stateIs(s ledger.Status, now time.Time) (condition string, args []any, err error) {
	at := now.Unix()
	switch s {
	case ledger.StatusSuspended, ledger.StatusCanceled:
		return "e.standing = ? AND e.standing <> ''", []any{string(s)}, nil
	case ledger.StatusEnded:
		return "e.standing = '' AND e.expires <> 0 AND e.expires <= ? AND e.hard_end <= ?", []any{at, at}, nil
	case ledger.StatusGrace:
		return "e.standing = '' AND e.expires <> 0 AND e.expires <= ? AND e.hard_end > ?", []any{at, at}, nil
	case ledger.StatusActive:
		return "e.standing = '' AND (e.expires = 0 OR e.expires > ?) AND e.type <> ?", []any{at, ledger.TypeFailover}, nil
	case ledger.StatusStandby:
		return "e.standing = '' AND (e.expires = 0 OR e.expires > ?) AND e.type = ?", []any{at, ledger.TypeFailover}, nil
	}
	return "", nil, fmt.Errorf("no sale has the state %.20q", s)
}

// salesOf returns the sales of invoices in the order of these, each once and without its
// activations.
func (t *Tx) salesOf(invoices []string) ([]ledger.Holding, error) {
	if len(invoices) == 0 {
		return nil, nil
	}
	found, err := t.List(Filter{invoices: &invoices, SalesOnly: true})
	if err != nil {
		return nil, err
	}
	at := make(map[string]int)
	for i := range found {
		at[found[i].Invoice] = i
	}
	var all []ledger.Holding
	for _, invoice := range invoices {
		if i, is := at[invoice]; is {
			all = append(all, found[i])
			delete(at, invoice)
		}
	}
	return all, nil
}

// EndingPage returns so many of the entitlements that end after a time and by another, or whose
// updates do, behind a page; what was canceled is not among them.
func (t *Tx) EndingPage(after, by time.Time, behind string, most int) (*ledger.EndingPage, error) {
	from, invoice := max(ledger.Seconds(after), 0)+1, ""
	args := []any{max(ledger.Seconds(after), 0), by.Unix(), from, invoice, from}
	if behind != "" {
		var at int64
		if _, err := fmt.Sscanf(behind, "%d", &at); err == nil { // what names no page is the first one
			_, invoice, _ = strings.Cut(behind, "\x00")
			args[2], args[3], args[4] = at, invoice, at-1 // updates last until a second, and a license up to one
		}
	}
	// Each is there once, at the earlier of its ends.
	query := `SELECT u.invoice, u.at FROM (
		SELECT * FROM (SELECT e.invoice AS invoice, e.expires AS at FROM entitlements e
			WHERE (e.expires, e.invoice) > ($3, $4) AND e.expires <= $2 AND e.standing <> 'canceled'
			AND NOT (e.updates > $1 AND e.updates <= $2 AND e.updates + 1 < e.expires) ORDER BY e.expires, e.invoice LIMIT %[1]d) AS l
		UNION ALL
		SELECT * FROM (SELECT e.invoice AS invoice, e.updates + 1 AS at FROM entitlements e
			WHERE e.updates <> 0 AND (e.updates, e.invoice) > ($5, $4) AND e.updates <= $2 AND e.standing <> 'canceled'
			AND NOT (e.expires > $1 AND e.expires <= $2 AND e.expires <= e.updates + 1) ORDER BY e.updates, e.invoice LIMIT %[1]d) AS k
		) AS u ORDER BY u.at, u.invoice LIMIT %[1]d`
	page := new(ledger.EndingPage)
	var invoices []string
	n, last := 0, ""
	err := t.tx.Rows(fmt.Sprintf(query, most+1), args, database.Columns(func(invoice string, at int64) {
		if n++; n <= most {
			invoices, last = append(invoices, invoice), fmt.Sprintf("%d\x00%s", at, invoice)
			return
		}
		page.Next = last
	}))
	if err != nil {
		return nil, err
	}
	holdings, err := t.salesOf(invoices)
	for _, h := range holdings {
		page.Endings = append(page.Endings, h.EndsIn(after, by))
	}
	return page, err
}

// Buyers returns so many of the customers whose names begin with a text, or of all for "",
// behind one of them, by what they are found by. Next names the last of them, "" if there are no
// more.
func (t *Tx) Buyers(beginning, behind string, most int) (all []ledger.Buyer, next string, err error) {
	begin := ledger.CustomerKey(beginning)
	end := begin + string(rune(0x10FFFF))
	// From one name to the next, over all sales of each: DISTINCT would read them.
	query := fmt.Sprintf(`WITH RECURSIVE found(name) AS (
		SELECT MIN(customer) FROM entitlements WHERE customer >= $1 AND customer > $2 AND customer < $3
		UNION ALL
		SELECT (SELECT MIN(e.customer) FROM entitlements e WHERE e.customer > found.name AND e.customer < $3) FROM found WHERE found.name IS NOT NULL
		) SELECT f.name, COALESCE(c.partner, 0),
			(SELECT COUNT(*) FROM (SELECT 1 FROM entitlements e WHERE e.customer = f.name LIMIT %d) AS n),
			(SELECT e.sold FROM entitlements e WHERE e.customer = f.name LIMIT 1)
		FROM (SELECT name FROM found LIMIT %d) AS f LEFT JOIN customers c ON c.name = f.name WHERE f.name IS NOT NULL ORDER BY f.name`, ledger.MostSales, most+1)
	key := ""
	err = t.tx.Rows(query, []any{begin, behind, end}, func(scan func(...any) error) error {
		var b ledger.Buyer
		var partner int64
		var sold []byte
		was := key
		if err := scan(&key, &partner, &b.Sales, &sold); err != nil {
			return err
		}
		if len(all) == most {
			next = was
			return nil
		}
		var err error
		b.Partner = partner != 0
		b.Name, err = customerIn(sold)
		all = append(all, b)
		return err
	})
	return all, next, err
}

// Bridges returns so many of the bridges that run out after a time and by another, the next one
// first.
func (t *Tx) Bridges(after, by time.Time, most int) (all []ledger.Bridge, err error) {
	err = t.tx.Rows(fmt.Sprintf(`SELECT successor, activation, invoice, until, CASE WHEN state = 'waiting' THEN 1 ELSE 0 END FROM moves
		WHERE state IN ('pending', 'waiting') AND until > $1 AND until <= $2 ORDER BY until, successor LIMIT %d`, most),
		[]any{after.Unix(), by.Unix()}, func(scan func(...any) error) error {
			var b ledger.Bridge
			var waits int64
			err := scan(&b.Activation, &b.From, &b.Invoice, (*database.Time)(&b.Until), &waits)
			b.Waits = waits != 0
			all = append(all, b)
			return err
		})
	return all, err
}

// Unlisted returns so many of the licenses that are to be revoked and that no revocation list
// has yet, the oldest first.
func (t *Tx) Unlisted(most int) (all []ledger.Revocation, err error) {
	err = t.tx.Rows(fmt.Sprintf("SELECT license, activation, since, why FROM revocations WHERE list = 0 ORDER BY since, license LIMIT %d", most), nil,
		database.Structs(&all, func(r *ledger.Revocation) []any {
			return []any{database.Text(&r.License), &r.Activation, (*database.Time)(&r.Since), &r.Why}
		}))
	return all, err
}

// Listed returns the number of the newest revocation list, when it was issued and who has signed
// it; 0 if there is none.
func (t *Tx) Listed() (number uint64, issued time.Time, signedBy string, err error) {
	_, err = t.tx.Row("SELECT number, issued, signed_by FROM revocation_lists ORDER BY number DESC LIMIT 1", nil, &number, (*database.Time)(&issued), &signedBy)
	return number, issued, signedBy, err
}
