package spreadsheet

import (
	"strings"
	"unicode"
)

const (
	// cellEnds are what a spreadsheet may take for the end of a cell, in quotes or not:
	// with other Separators than ours, a quote in the middle of a cell is a letter.
	cellEnds = ",;|\t\r\n"

	// formulaStarts begin a formula; in some languages the wide forms do, too.
	formulaStarts = "=+-@＝＋－＠﹦﹢﹣﹫"
)

// isFormula reports whether a spreadsheet may run a part of a cell, which may pass over
// what nobody sees and over quotes.
func isFormula(part string) bool {
	bare := strings.TrimLeftFunc(part, func(r rune) bool {
		return r == '\'' || r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
	return bare != "" && strings.IndexAny(bare, formulaStarts) == 0
}

// QuoteFormula keeps a spreadsheet from running a cell: an apostrophe is the word that
// what follows is text.
func QuoteFormula(cell string) string {
	return eachPart(cell, func(part string) string {
		if isFormula(part) {
			return "'" + part
		}
		return part
	})
}

// UnquoteFormula returns the cell that QuoteFormula was given.
func UnquoteFormula(cell string) string {
	return eachPart(cell, func(part string) string {
		if bare, quoted := strings.CutPrefix(part, "'"); quoted && isFormula(bare) {
			return bare
		}
		return part
	})
}

// eachPart returns a cell of which f has changed the parts between cellEnds.
func eachPart(cell string, f func(part string) string) string {
	var b strings.Builder
	for {
		end := strings.IndexAny(cell, cellEnds)
		if end < 0 {
			return b.String() + f(cell)
		}
		b.WriteString(f(cell[:end]) + cell[end:end+1])
		cell = cell[end+1:]
	}
}
