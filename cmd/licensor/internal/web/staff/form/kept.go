package form

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
)

// keeps answers a form of somebody who is not signed in any more with all that was typed: once they
// are signed in, it is opened with that again. It reports whether there was something to keep; of a
// form with files there is not.
func (f *Forms) keeps(v *frame.Visit) bool {
	kind, _, _ := mime.ParseMediaType(v.R.Header.Get("Content-Type"))
	if !f.Has(strings.TrimPrefix(v.R.Pattern, "POST ")) || kind != "application/x-www-form-urlencoded" || v.R.ParseForm() != nil {
		return false
	}
	kept := &formView{Path: v.R.URL.EscapedPath()}
	for _, name := range slices.Sorted(maps.Keys(v.R.PostForm)) {
		for _, value := range v.R.PostForm[name] {
			if name != stepName && name != seenName {
				kept.Fields = append(kept.Fields, &field{Name: name, Value: value})
			}
		}
	}
	if len(kept.Fields) == 0 {
		return false
	}
	if err := v.Write(http.StatusForbidden, "kept", "Not signed in", kept, nil); err != nil {
		v.Failed(err)
	}
	return true
}
