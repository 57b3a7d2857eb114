// Package sheet makes a page to print of a statement that crosses to a server without a
// network: its codes, its text in groups for who types it, whom it is for, the comparison
// code, and the command that takes it.
//
// A page fits A4 and US letter with margins that every printer leaves. It needs no network,
// no font and no script. What it says of a statement comes from the statement; a name in it
// may be hostile, and is text and nothing else.
package sheet

import (
	"bytes"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// mostCodes is how many codes a statement may take: more are a file's matter.
const mostCodes = 16

// mostTyped is the most characters that anybody types.
const mostTyped = 4000

// Sheet is a statement to print. [Of] makes one.
type Sheet struct {
	Title   string
	Rows    []Row
	Code    string // the comparison code
	Command string // that takes it
	Before  string // what to know of the command
	Text    string // the statement as it is typed
	Parts   []string
}

// Row is what is said of a statement.
type Row struct{ Label, Text string }

// Of makes the sheet of a statement. carried is its text as codes carry it: that of a
// license may be the short one. Rows come after those of the statement itself.
func Of(kind format.Kind, raw []byte, carried string, rows ...Row) (*Sheet, error) {
	code, err := format.CodeOf(kind, raw)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Code: code, Text: carried}
	if err := s.describe(kind, raw); err != nil {
		return nil, err
	}
	s.Rows = append(s.Rows, rows...)
	s.Parts, err = qr.Cut(carried, qr.Capacity(qr.Readable), mostCodes)
	if err != nil {
		return nil, hint.Errorf("the statement is too long for a sheet: %w", err).WithHint("send the file instead: --out FILE")
	}
	return s, nil
}

// SVG returns the pages of a sheet as drawings, one each.
func (s *Sheet) SVG() [][]byte {
	var all [][]byte
	pages := s.pages()
	for i, page := range pages {
		all = append(all, []byte(page.svg(fmt.Sprintf(`width="%dpt" height="%dpt" `, width, height), foot(s, i, len(pages)))))
	}
	return all
}

// HTML returns sheets as one document, each on a page of its own.
func HTML(sheets []*Sheet) []byte {
	var b bytes.Buffer
	b.WriteString(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>`)
	if len(sheets) == 1 {
		b.WriteString(escape(text.Clean(sheets[0].Title)))
	} else {
		fmt.Fprintf(&b, "%d sheets", len(sheets))
	}
	b.WriteString(`</title>
<style>
@page { margin: 0 }
html, body { margin: 0; background: #fff }
svg { display: block; margin: 0 auto; width: 595pt; height: 780pt; break-after: page; break-inside: avoid }
svg:last-of-type { break-after: auto }
</style>
</head>
<body>
`)
	for _, s := range sheets {
		pages := s.pages()
		for i, page := range pages {
			b.WriteString(page.svg("", foot(s, i, len(pages))))
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.Bytes()
}
