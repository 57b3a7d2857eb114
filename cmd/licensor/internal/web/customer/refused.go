package customer

import (
	"net/http"

	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// Refused answers with the first page and what the site has refused, a web.Refusal. What was
// sent is not read.
func (p *Pages) Refused(w http.ResponseWriter, r *http.Request, status int, rule, detail, next string) {
	b := &body{texts: textsFor(r, r.URL.Query().Get("lang"))}
	told := &page.Error{What: b.T("no_page"), Next: b.T("no_page_next")}
	if rule != "path" && rule != "method" {
		told.What, told.Next = b.said(rule, detail, next)
	}
	p.write(w, status, "first", "title", b, told)
}
