package page

import (
	"net/url"
	"strings"
)

// A name may be anything that a vendor writes on an invoice: a slash in it, or dots alone, would
// make another path of it, in a browser or on the way here. In a path it is written so that it
// cannot.
var (
	intoPath = strings.NewReplacer("~", "~0", "/", "~1", ".", "~2")
	outOf    = strings.NewReplacer("~0", "~", "~1", "/", "~2", ".")
)

// Path is a path of this site, of words and names.
func Path(parts ...string) string {
	var path strings.Builder
	for _, part := range parts {
		if strings.Trim(part, ".") == "" || strings.Contains(part, "/") || strings.Contains(part, "~") {
			part = intoPath.Replace(part)
		}
		path.WriteString("/" + url.PathEscape(part))
	}
	return path.String()
}

// Named returns the name that a part of a path was made of.
func Named(part string) string { return outOf.Replace(part) }
