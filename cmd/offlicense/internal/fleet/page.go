package fleet

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
)

// PageStart is how a page starts.
const PageStart = "<!doctype html>\n<!-- offlicense fleet -->"

const pageHead = PageStart + `
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fleet</title>
<style>
:root{color-scheme:light dark;--ink:#1c2126;--soft:#5c6670;--line:#d5dae0;--paper:#fff;--good:#2f7d4f;--soon:#b26a00;--bad:#b3261e;--none:#7d8790}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--line:#3a424a;--paper:#15191d;--good:#5bb980;--soon:#e0a33c;--bad:#f0776e;--none:#7d8790}}
*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1.5rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .6rem}p{margin:.3rem 0}.soft{color:var(--soft)}
.good{--c:var(--good)}.soon{--c:var(--soon)}.bad{--c:var(--bad)}.none{--c:var(--none)}
.bar{display:flex;height:1.4rem;border-radius:.3rem;overflow:hidden;gap:2px}.bar i{background:var(--c);min-width:3px}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.5rem 0 0;padding:0;list-style:none}.legend i,td i{display:inline-block;width:.7em;height:.7em;border-radius:50%;background:var(--c);margin-right:.4em}
.months{display:grid;grid-template-columns:max-content 1fr max-content;gap:.15rem .6rem;align-items:center;font-variant-numeric:tabular-nums}
.months i{display:block;height:.9rem;background:var(--c,none);border-radius:.2rem;min-width:2px}
.find{border-left:.25rem solid var(--c);padding:.1rem 0 .1rem .8rem;margin:.8rem 0}.find ul{margin:.3rem 0;padding-left:1.1rem}.find b{color:var(--c)}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}th{color:var(--soft);font-weight:600}
@media (max-width:44rem){body{padding:1rem}thead{display:none}tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}td{display:flex;gap:.6rem;align-items:baseline;border:0;padding:.1rem 0}td::before{content:attr(data-name);flex:0 0 6.5rem;color:var(--soft)}td:empty{display:none}}
@media print{body{max-width:none;padding:0;font-size:11px;--ink:#000;--paper:#fff}.bar,.months i,.legend i,td i{print-color-adjust:exact;-webkit-print-color-adjust:exact}tr,.find li{break-inside:avoid}}
.find li,td{overflow-wrap:anywhere}td:nth-child(1),td:nth-child(6),td:nth-child(7){white-space:nowrap}
</style></head><body>
`

// States counts the sites by state.
func (r *Report) States() map[string]int {
	counts := make(map[string]int)
	for _, s := range r.Sites {
		counts[s.State]++
	}
	return counts
}

// tone is the class of a state: how much it matters.
func tone(state string) string {
	switch state {
	case StateValid:
		return "good"
	case StateEnding, "grace", "not-yet-valid":
		return "soon"
	case "released", "superseded":
		return "none"
	}
	return "bad"
}

var tones = []string{"good", "soon", "bad", "none"}

// page writes HTML. All that is foreign goes through escaped.
type page struct{ *bufio.Writer }

// markup are the characters that mean something in HTML, in a text and in quotes. Package
// html would bring its table of names.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// escaped makes a text harmless wherever it stands: nothing in it is markup, and what no reader
// sees is shown as a mark.
func escaped(s string) string {
	return markup.Replace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}

func (p page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// WritePage writes the report as one HTML file that needs no other and no network.
func (r *Report) WritePage(w io.Writer) error {
	p := page{bufio.NewWriter(w)}
	p.WriteString(pageHead)
	p.printf("<h1>%d sites</h1>\n<p class=\"soft\">%s. An attestation is what a site says of itself; a site that is silent shows as its license.</p>\n", len(r.Sites), text.Minute(r.Time))
	p.states(r)
	p.months(r)
	p.findings(r)
	p.sites(r)
	p.WriteString("</body></html>\n")
	return p.Flush()
}

func (p page) states(r *Report) {
	counts := r.States()
	var order []string
	for state := range counts {
		order = append(order, state)
	}
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(tones, tone(a)), slices.Index(tones, tone(b))), cmp.Compare(a, b))
	})
	p.WriteString("<h2>By state</h2>\n<div class=\"bar\">")
	for _, state := range order {
		p.printf("<i class=\"%s\" style=\"flex:%d 1 0\" title=\"%s\"></i>", tone(state), counts[state], escaped(state))
	}
	p.WriteString("</div>\n<ul class=\"legend\">")
	for _, state := range order {
		p.printf("<li class=\"%s\"><i></i>%d %s</li>", tone(state), counts[state], escaped(state))
	}
	p.WriteString("</ul>\n")
}

// monthsShown is how many months the page has a line for; what is later is one.
const monthsShown = 24

func (p page) months(r *Report) {
	type line struct {
		tone  string
		count int
	}
	lines := make(map[string]line)
	name := func(t time.Time) string { return t.UTC().Format("2006-01") }
	first := time.Date(r.Time.Year(), r.Time.Month(), 1, 0, 0, 0, 0, time.UTC)
	order := []string{"ended"}
	for i := range monthsShown {
		order = append(order, name(first.AddDate(0, i, 0)))
	}
	order = append(order, "later", "never")
	most := 1
	for _, s := range r.Sites {
		if tone(s.State) == "none" || s.State == "revoked" {
			continue // it ends nothing any more
		}
		month, tone := name(s.Expires.Add(-time.Second)), "good"
		switch {
		case s.Expires.IsZero():
			month = "never"
		case !s.Expires.After(r.Time):
			month, tone = "ended", "bad"
		case s.Expires.After(first.AddDate(0, monthsShown, 0)):
			month = "later"
		case s.State == StateEnding:
			tone = "soon"
		}
		l := lines[month]
		if l.count++; slices.Index(tones, tone) > slices.Index(tones, l.tone) {
			l.tone = tone
		}
		lines[month] = l
		if month != "later" && month != "never" { // these are not one month's
			most = max(most, l.count)
		}
	}
	p.WriteString("<h2>By month of their end</h2>\n<div class=\"months\">\n")
	last := monthsShown // of which anything ends
	for last > 0 && lines[order[last]].count == 0 {
		last--
	}
	for i, month := range order {
		switch l := lines[month]; {
		case l.count == 0 && (i == 0 || i > last):
		case i > monthsShown:
			p.printf("<span>%s</span><span></span><span>%d</span>\n", month, l.count)
		default:
			p.printf("<span>%s</span><i class=\"%s\" style=\"width:%.1f%%\"></i><span>%d</span>\n", month, l.tone, 100*float64(l.count)/float64(most), l.count)
		}
	}
	p.WriteString("</div>\n")
}

func (p page) findings(r *Report) {
	p.printf("<h2>%d findings</h2>\n", len(r.Findings))
	for i, f := range r.Findings {
		if i == 0 || r.Findings[i-1].Word != f.Word {
			class := "soon"
			if f.Severity == Error {
				class = "bad"
			}
			p.printf("<div class=\"find %s\"><b>%s</b> <span class=\"soft\">%s</span><ul>\n", class, escaped(f.Word), escaped(f.Hint))
		}
		p.printf("<li>%s", escaped(f.Text))
		if len(f.Files) > 0 && f.Word != NotReadable {
			p.printf(" <span class=\"soft\">(%s)</span>", escaped(strings.Join(f.Files, ", ")))
		}
		p.WriteString("</li>\n")
		if i+1 == len(r.Findings) || r.Findings[i+1].Word != f.Word {
			p.WriteString("</ul></div>\n")
		}
	}
}

func (p page) sites(r *Report) {
	names := [...]string{"State", "Customer", "Product", "Site", "Invoice", "Ends", "Attested", "Findings"}
	p.WriteString("<h2>Sites</h2>\n<table><thead><tr>")
	for _, name := range names {
		p.printf("<th>%s</th>", name)
	}
	p.WriteString("</tr></thead><tbody>\n")
	for _, s := range r.Sites {
		p.printf("<tr><td data-name=\"State\" class=\"%s\"><i></i>%s</td>", tone(s.State), escaped(s.State))
		for i, cell := range [...]string{s.Customer, strings.TrimSpace(s.Product + " " + s.Edition), s.Site, s.Invoice, text.LastDay(s.Expires), text.Date(s.Attested), strings.Join(s.Findings, ", ")} {
			p.printf("<td data-name=\"%s\">%s</td>", names[i+1], escaped(cell))
		}
		p.WriteString("</tr>\n")
	}
	p.WriteString("</tbody></table>\n")
}
