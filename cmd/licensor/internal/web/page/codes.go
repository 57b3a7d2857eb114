package page

import "github.com/offlicense/offlicense/format/qr"

// Code is a QR code, for the template "code". What stands beside it says what it is.
type Code struct {
	Side int // in modules, with the light border
	Path string
}

const code = `{{define "code"}}<svg class="qr" viewBox="0 0 {{.Side}} {{.Side}}" aria-hidden="true" shape-rendering="crispEdges"><rect width="{{.Side}}" height="{{.Side}}" fill="#fff"/><path fill="#000" d="{{.Path}}"/></svg>{{end}}`

// Codes draws a text as at most so many codes, of a size that phones read well. The error is that
// it is too long.
func Codes(text string, most int) (all []Code, err error) {
	parts, err := qr.Cut(text, qr.Capacity(qr.Readable), most)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		made, err := qr.Encode(part)
		if err != nil {
			return nil, err
		}
		all = append(all, Code{made.Size() + 2*qr.Quiet, made.Path()})
	}
	return all, nil
}
