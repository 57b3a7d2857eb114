package staff

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// A hint names commands: where a page does what one does, the page is linked.
var (
	ofSaleCommand       = regexp.MustCompile(`licensor ([a-z]+) ([A-Za-z0-9][^ ;"]*)`)
	lookCommand         = regexp.MustCompile(`licensor (?:show|list|history) (?:--invoice )?([A-Za-z0-9][^ ;"]*)`)
	ofActivationCommand = regexp.MustCompile(`licensor ([a-z]+) [^;"]*--activation ([A-Z0-9]+)`)
)

// told tells an error with its hint, and the page on which that is done, if there is one.
func (p *Pages) told(who *desk.User, err error) *page.Error {
	e := page.ErrorOf(err)
	text := hint.Of(err)
	try := func(found []string, form, place string) {
		if found == nil || e.Do != nil || !p.forms.MayOpen(who, form+found[1]) || strings.ToUpper(found[2]) == "INVOICE" || found[2] == "ID" {
			return
		}
		e.Do = &page.Link{To: page.Path(place, found[2], found[1]), Text: strings.ToUpper(found[1][:1]) + found[1][1:] + " " + found[2]}
	}
	try(ofActivationCommand.FindStringSubmatch(text), ofActivation, "activations")
	for _, found := range ofSaleCommand.FindAllStringSubmatch(text, -1) {
		try(found, ofSale, "entitlements")
	}
	if found := lookCommand.FindStringSubmatch(text); found != nil && e.Do == nil && found[1] != "INVOICE" && who.May(desk.Read) {
		e.Do = &page.Link{To: "/entitlements?of=" + url.QueryEscape(found[1]), Text: "Look at " + found[1]} // a sale, or an activation
	}
	return e
}
