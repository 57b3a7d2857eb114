package spreadsheet

import (
	"strings"
	"testing"
)

// FuzzFormulaInACell splits cells as a spreadsheet does that knows no quotes: no part of
// one begins a formula, and each is what it was when it comes back.
func FuzzFormulaInACell(f *testing.F) {
	for _, cell := range []string{"x;=cmd|' C'!A0", "a;\"=1", "\t=1", "\r+1", "  -1", "a,＝1", "a|@b", "''=1;'=2", "'", ";", "\ufeff=1", "a;\u200b=1", "\xff=", "－"} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		quoted := QuoteFormula(cell)
		if again := UnquoteFormula(quoted); again != cell {
			t.Errorf("%q is written as %q and read as %q", cell, quoted, again)
		}
		for _, part := range strings.FieldsFunc(quoted, func(r rune) bool { return strings.ContainsRune(",;|\t\r\n", r) }) {
			if bare := strings.Trim(part, " \""); bare != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(bare)[0]) {
				t.Errorf("%q is written as %q, and %q is a formula", cell, quoted, part)
			}
		}
	})
}
