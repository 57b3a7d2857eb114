package staff

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/format"
)

// lookedUp are the statements that tell what they are about.
var lookedUp = []format.Kind{format.SignedRequest, format.RequestBody, format.LicenseFile, format.Release, format.Attestation}

type lookupView struct {
	Lines    []comparedLine // of a request: what was bought, and what is asked for
	Warnings []string
	Refusal  *page.Error
	Code     string
	Invoice  string // of the sale, if there is one
	License  string // that it has already
}

// lookup shows the form that takes a statement, to say what is on record of it.
func (v *visit) lookup() error {
	v.Script = page.CameraScript
	return v.Show("lookup", "Look up", &lookupView{})
}

// lookUp says what is on record of a statement that was sent. It changes nothing.
func (v *visit) lookUp() error {
	v.Script = page.CameraScript
	_, text, err := v.Pictures.FromForm(v.R, lookedUp...)
	if err == nil {
		var shown *service.Shown
		if shown, err = v.Service.ShowFile(v.R.Context(), text, v.by.Now, 1); err == nil {
			return v.tellOf(shown)
		}
	}
	var unread *picture.Error
	if errors.As(err, &unread) {
		return v.Write(cmp.Or(picture.Status(v.W.Header(), err), http.StatusUnprocessableEntity), "lookup", "Look up", &lookupView{}, err)
	}
	return v.Again("lookup", "Look up", &lookupView{}, err)
}

// tellOf leads to the page of what is on record, or shows a request.
func (v *visit) tellOf(shown *service.Shown) error {
	switch {
	case shown == nil:
		return v.Again("lookup", "Look up", &lookupView{}, hint.Errorf("nothing is on record of it").WithHint("it may be another vendor's; the search finds what was sold"))
	case shown.Foreign != "":
		return v.Again("lookup", "Look up", &lookupView{Invoice: shown.Invoice}, hint.Errorf("%s", shown.Foreign).WithHint("ask where it came from, and give nothing out for it"))
	case shown.Request == nil && shown.License != (format.ID{}):
		page.See(v.W, page.Path("licenses", shown.License.String()))
		return nil
	case shown.Request == nil:
		page.See(v.W, page.Path("activations", shown.Activation))
		return nil
	}
	v.Script = "" // there is no form
	view := &lookupView{Code: format.ComparisonCode(shown.Request.Hash), Warnings: service.WarningsOf(shown.Request, v.by.Now)}
	if shown.Dossier != nil {
		view.Invoice = shown.Dossier.Invoice
	}
	if shown.Refusal != nil {
		view.Refusal, view.Lines = page.ErrorOf(shown.Refusal), refusedLines(shown)
	} else {
		r := service.ReviewOf(shown.Offer, shown.Request, v.by.Now)
		view.Lines, view.Warnings = compared(r.Lines), r.Warnings
		if shown.Offer.License != nil {
			view.License = shown.Offer.License.ID.String()
		}
	}
	return v.Show("lookup", "Request for "+shown.Request.Product, view)
}
