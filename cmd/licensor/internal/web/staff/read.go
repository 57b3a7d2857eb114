package staff

import (
	"encoding/base64"
	"html/template"
	"net/url"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// onPage is how many rows a page shows.
const onPage = 50

// registerReading registers the pages that change nothing.
func (p *Pages) registerReading(s page.Site) {
	for pattern, do := range map[string]func(*visit) error{
		"GET /{$}":                    (*visit).home,
		"GET /queue":                  (*visit).queue,
		"GET /queue/{number}":         (*visit).waits,
		"GET /entitlements":           (*visit).sales,
		"GET /entitlements/{invoice}": (*visit).sale,
		"GET /activations/{id}":       (*visit).activationOf,
		"GET /licenses/{id}":          (*visit).license,
		"GET /licenses/{id}/file":     (*visit).licenseFile,
		"GET /licenses/{id}/sheet":    (*visit).licenseSheet,
		"GET /licenses/{id}/mail":     (*visit).licenseMail,
		"GET /customers":              (*visit).customers,
		"GET /customers/{name}":       (*visit).customer,
		"GET /lookup":                 (*visit).lookup,
		"GET /renewals":               (*visit).renewals,
		"GET /ledger":                 (*visit).health,
	} {
		s.Handle(pattern, p.reading(desk.Read, do))
	}
	s.HandleUpload("POST /lookup", int64(p.Pictures.Limits.Bytes), p.reading(desk.Read, (*visit).lookUp))
}

// funcs are what the templates of the desk have.
var funcs = template.FuncMap{
	"saleAt":       func(invoice string) string { return page.Path("entitlements", invoice) },
	"customerAt":   func(name string) string { return page.Path("customers", name) },
	"activationAt": func(id string) string { return page.Path("activations", id) },
	"licenseAt":    func(id any) string { return page.Path("licenses", text.Clean(toText(id))) },
	"queueAt":      func(number string) string { return page.Path("queue", number) },
	"minute":       text.Minute,
	"lastDay":      text.LastDay,
	"sentence":     page.Sentence,
	"less":         func(a, b int) int { return a - b },
	"rows": func(caption string, rows any) any {
		return struct {
			Caption string
			Rows    any
		}{caption, rows}
	},
}

func toText(v any) string {
	if s, ok := v.(interface{ String() string }); ok {
		return s.String()
	}
	s, _ := v.(string)
	return s
}

// behind returns which page is wanted, "" for the first. What nobody has made a link of is the
// first, too.
func (v *visit) behind() string {
	raw, err := base64.RawURLEncoding.DecodeString(v.R.URL.Query().Get("after"))
	if err != nil {
		return ""
	}
	return string(raw)
}

// nextPage returns a link to the page behind this one, "" if it is the last.
func (v *visit) nextPage(next string) string {
	if next == "" {
		return ""
	}
	query := v.R.URL.Query()
	query.Del("done")
	query.Del("mark")
	query.Set("after", base64.RawURLEncoding.EncodeToString([]byte(next)))
	return v.R.URL.EscapedPath() + "?" + query.Encode()
}

// state is how something stands, in words, and in a color that says no more than they do.
type state struct{ Text, Class string }

func stateOf(words string, s ledger.Status) state {
	class := "state"
	switch s {
	case ledger.StatusActive, ledger.StatusStandby:
		class += " state-active"
	case ledger.StatusGrace, ledger.StatusSuspended, ledger.StatusBridge:
		class += " state-suspended"
	case ledger.StatusEnded, ledger.StatusCanceled, ledger.StatusRevoked:
		class += " state-ended"
	}
	return state{words, class}
}

// saleRow is a sale in a list.
type saleRow struct {
	Invoice, Customer, Product, Type, Seats, Term string
	State                                         state
}

func saleRowOf(h *ledger.Holding, now time.Time) saleRow {
	return saleRow{h.Invoice, h.Customer, h.ProductName(), h.Type, service.SeatsUsed(h), service.Term(&h.Entitlement),
		stateOf(service.SaleState(h, now), h.Entitlement.Status(now))}
}

func saleRows(all []ledger.Holding, now time.Time) (rows []saleRow) {
	for i := range all {
		rows = append(rows, saleRowOf(&all[i], now))
	}
	return rows
}

// endingRow is something that ends.
type endingRow struct {
	saleRow
	On, What string
}

func endingRows(all []ledger.Ending, now time.Time) (rows []endingRow) {
	for i := range all {
		rows = append(rows, endingRow{saleRowOf(&all[i].Holding, now), all[i].On(), all[i].What()})
	}
	return rows
}

// tab is one of a few views of a page.
type tab = page.Link

func (v *visit) tabs(path, name, now string, words ...string) (all []tab) {
	for i := 0; i+1 < len(words); i += 2 {
		to := path
		if words[i] != "" {
			to += "?" + url.Values{name: {words[i]}}.Encode()
		}
		all = append(all, tab{To: to, Text: words[i+1], Here: words[i] == now})
	}
	return all
}
