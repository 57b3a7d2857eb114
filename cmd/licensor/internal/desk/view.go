package desk

import (
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// View is a request that waits, or did, as programs are shown it.
type View struct {
	*Waiting
	Code string `json:"comparison_code"`
	Host string `json:"host,omitempty"`
	Site string `json:"site,omitempty"`
	Type string `json:"type"`
}

// ViewOf adds what the request says.
func ViewOf(w *Waiting) View {
	v := View{Waiting: w, Code: format.ComparisonCode(w.Hash)}
	if kind, _, err := format.DecodeText([]byte(w.Request)); err == nil && kind == format.Release {
		v.Type = "release"
	} else if request, err := verify.OpenRequest([]byte(w.Request)); err == nil {
		v.Host, v.Site, v.Type = request.Host, request.Site, request.Type
	}
	return v
}
