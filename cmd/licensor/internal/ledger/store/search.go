package store

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Match says how much of a text on record is given. All but Part are found by an index.
type Match int

// The matches, the narrowest first.
const (
	Exactly   Match = iota // customers and e-mail addresses in whatever case and spacing
	AnyCase                // all of it, in whatever case of A to Z
	Beginning              // its beginning, in whatever case
	Part                   // any part of it, in whatever case: every row is looked at
)

// searchable is a text of a Filter that may be given in part.
type searchable struct {
	name   string // for people
	text   func(f *Filter) *string
	match  func(f *Filter) *Match
	key    func(text string) string // how the column has it
	exact  string                   // the column
	folded string                   // the column in small letters, as an index has it
	from   string                   // its table
	only   string                   // what the index asks for besides
}

var searchables = [...]searchable{
	{"invoice", func(f *Filter) *string { return &f.Invoice }, func(f *Filter) *Match { return &f.InvoiceMatch }, invoiceKey,
		"e.invoice", "lower(e.invoice)", "entitlements e", ""},
	{"customer", func(f *Filter) *string { return &f.Customer }, func(f *Filter) *Match { return &f.CustomerMatch }, ledger.CustomerKey,
		"e.customer", "e.customer", "entitlements e", ""},
	{"e-mail address", func(f *Filter) *string { return &f.Email }, func(f *Filter) *Match { return &f.EmailMatch }, ledger.AccountKey,
		"m.owner", "m.owner", "emails m", ""},
	{"host", func(f *Filter) *string { return &f.Host }, func(f *Filter) *Match { return &f.HostMatch }, strings.TrimSpace,
		"a.host", "lower(a.host)", "activations a", " AND a.host <> ''"},
}

// invoiceKey is how the column has an invoice, or a part of one.
func invoiceKey(text string) string { return cmp.Or(format.InvoiceForm(text), text) }

// Which of them are of another table than entitlements.
const (
	emailText = 2
	hostText  = 3
)

// of makes a condition on the text one on entitlements e.
func (s *searchable) of(condition string) string {
	switch s {
	case &searchables[hostText]:
		return "e.invoice IN (SELECT a.invoice FROM activations a WHERE " + condition + ")"
	case &searchables[emailText]:
		return "e.invoice IN (SELECT COALESCE(d.invoice, x.invoice) FROM emails m LEFT JOIN addresses d ON d.account = m.account LEFT JOIN entitlements x ON x.account = m.account WHERE " + condition + ")"
	}
	return condition
}

// condition compares the column with the text of a filter. Each ? is the place of a value.
func (s *searchable) condition(f *Filter) (condition string, args []any) {
	key, only := s.key(*s.text(f)), s.only
	if s == &searchables[hostText] && !f.Ended {
		only += " AND a.ended = 0"
	}
	switch small := ledger.SmallLetters(key); *s.match(f) {
	case AnyCase:
		return s.folded + " = ?" + only, []any{small}
	case Beginning:
		return s.folded + " >= ? AND " + s.folded + " < ?" + only, []any{small, small + string(rune(0x10FFFF))}
	case Part:
		return s.folded + ` LIKE ? ESCAPE '\'` + only, []any{"%" + likeText.Replace(small) + "%"}
	}
	if s.exact != s.folded && only != "" { // the index has it in small letters
		return s.folded + " = ? AND " + s.exact + " = ?" + only, []any{ledger.SmallLetters(key), key}
	}
	return s.exact + " = ?", []any{key}
}

// likeText writes a text so that LIKE takes each letter for itself.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Narrow returns the filter with the narrowest match for each of its texts that finds
// anything at all, whatever the others say.
func (t *Tx) Narrow(f Filter) (Filter, error) {
	for i := range searchables {
		s := &searchables[i]
		text, match := *s.text(&f), s.match(&f)
		if text == "" {
			continue
		}
		if err := format.ValidText(text, maxSearched); err != nil {
			return f, hint.Errorf("invalid %s %.64q: %w", s.name, text, err).WithHint("give a part of it in plain text")
		}
		for *match = Exactly; *match < Part; *match++ {
			condition, args := s.condition(&f)
			var one int
			found, err := t.tx.Row("SELECT 1 FROM "+s.from+" WHERE "+numbered(condition, 1)+" LIMIT 1", args, &one)
			if err != nil {
				return f, err
			}
			if found {
				break
			}
		}
	}
	return f, nil
}

// maxSearched is more than any text has that is searched for.
const maxSearched = 254

// Searched names the texts of a filter that are searched for in every row: what is
// neither a whole one nor the beginning of one.
func (f Filter) Searched() (all []string) {
	for i := range searchables {
		if s := &searchables[i]; *s.text(&f) != "" && *s.match(&f) == Part {
			all = append(all, s.name)
		}
	}
	return all
}

// numbered writes the numbers of places into a condition that has ? for each.
func numbered(condition string, first int) string {
	for strings.Contains(condition, "?") {
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", first), 1)
		first++
	}
	return condition
}
