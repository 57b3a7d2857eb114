package common

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// tableReader reads a table as spreadsheets write it: with commas, semicolons or tabs
// between the columns, as its first line has them.
type tableReader struct {
	known  func(column string) bool // a column of ours, by which the separator is found
	header func(names []string) error
	row    func(line int, cells []string, malformed error)
	hint   string // of an error in the first line
}

// read reads all rows that are not empty. The error is one that ends the reading.
func (t *tableReader) read(in io.Reader) error {
	table, err := decoded(in)
	if err != nil {
		return err
	}
	table, skipped, err := plainLines(table)
	if err != nil {
		return err
	}
	limit := &rowLimit{table, maxRow}
	buffered := bufio.NewReader(limit)
	r := csv.NewReader(buffered)
	if r.Comma, err = separatorOf(buffered, t.known); err != nil {
		return err
	}
	r.ReuseRecord = true
	names, err := r.Read()
	var malformed *csv.ParseError
	switch {
	case err == io.EOF:
		return cli.Failf("the file is empty").WithHint("%s", t.hint)
	case err == errLongRow:
		return cli.Failf("the first line is longer than 1 MiB").WithHint("%s", t.hint)
	case errors.As(err, &malformed):
		return cli.Failf("line %d: %w", malformed.StartLine+skipped, explainCSV(malformed)).WithHint("%s", t.hint)
	case err != nil:
		return err
	}
	if err := t.header(names); err != nil {
		return err
	}
	r.FieldsPerRecord = -1 // counted by row, in our words
	for line := 1; ; {
		limit.left = maxRow
		cells, err := r.Read()
		switch {
		case err == io.EOF:
			return nil
		case err == errLongRow:
			t.row(line+1+skipped, nil, err)
			return nil
		case errors.As(err, &malformed):
			line = malformed.Line
			t.row(malformed.StartLine+skipped, nil, explainCSV(malformed))
			continue
		case err != nil:
			return err
		case !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }):
			continue // spreadsheets leave such lines at the end
		}
		start, _ := r.FieldPos(0)
		line, _ = r.FieldPos(len(cells) - 1)
		t.row(start+skipped, cells, nil)
	}
}

// decoded returns a table in UTF-8 without its byte order mark. UTF-16 is what spreadsheets
// call Unicode text.
func decoded(in io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(in)
	start, err := buffered.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	order := unicode.LittleEndian
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03")), bytes.HasPrefix(start, []byte("\xd0\xcf\x11")):
		return nil, cli.Failf("this is a workbook of a spreadsheet, and no table").WithHint(`save it as "CSV UTF-8"`)
	case bytes.HasPrefix(start, []byte(spreadsheet.ByteOrderMark)):
		buffered.Discard(len(spreadsheet.ByteOrderMark))
		return buffered, nil
	case bytes.HasPrefix(start, []byte("\xfe\xff")), len(start) > 1 && start[0] == 0 && start[1] != 0:
		order = unicode.BigEndian
	case bytes.HasPrefix(start, []byte("\xff\xfe")), len(start) > 1 && start[0] != 0 && start[1] == 0:
	default:
		return buffered, nil
	}
	return transform.NewReader(buffered, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), nil
}

// plainLines passes over the line sep=; by which some programs tell a spreadsheet what stands
// between the columns, and makes lines of a table whose lines end as on an old Macintosh. skipped
// is how many lines it has passed over.
func plainLines(table io.Reader) (plain io.Reader, skipped int, err error) {
	buffered := bufio.NewReader(table)
	start, err := buffered.Peek(buffered.Size())
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	end := bytes.IndexAny(start, "\r\n")
	if end == len("sep=;") && bytes.EqualFold(start[:len("sep=")], []byte("sep=")) {
		if bytes.HasPrefix(start[end:], []byte("\r\n")) {
			end++
		}
		buffered.Discard(end + 1)
		skipped = 1
	}
	if !bytes.ContainsRune(start, '\n') && bytes.ContainsRune(start, '\r') {
		return returns{buffered}, skipped, nil
	}
	return buffered, skipped, nil
}

// returns are lines that end in a carriage return alone.
type returns struct{ io.Reader }

func (r returns) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// separatorOf finds what stands between the columns: that of the separators which gives
// the first line most columns that are known.
func separatorOf(table *bufio.Reader, known func(column string) bool) (rune, error) {
	start, err := table.Peek(table.Size())
	if err != nil && err != io.EOF && err != errLongRow {
		return 0, err
	}
	line, _, _ := strings.Cut(string(start), "\n")
	best, most := ',', 0
	for _, separator := range [...]rune{',', ';', '\t'} {
		n := 0
		for name := range strings.SplitSeq(line, string(separator)) {
			if known(columnName(strings.Trim(strings.TrimSpace(name), `"`))) {
				n++
			}
		}
		if n > most {
			best, most = separator, n
		}
	}
	return best, nil
}

// columnName returns the name of a column, which people write as Max version, too.
func columnName(cell string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(cell)), " ", "_")
}

// maxRow is how many bytes one row may have: more than any has, and less than the
// rest of a large file, which is what a missing quote makes of it.
const maxRow = 1 << 20

var errLongRow = errors.New("malformed: a row of more than 1 MiB; a cell in quotes has no end")

// rowLimit ends in an error when a row takes more bytes than are left for it.
type rowLimit struct {
	io.Reader
	left int
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRow
	}
	n, err := l.Reader.Read(p)
	l.left -= n
	return n, err
}

// explainCSV says in plain words what encoding/csv objects to.
func explainCSV(err *csv.ParseError) error {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return errors.New(`malformed: a " in the middle of a cell; put the cell in quotes and write the " twice`)
	case errors.Is(err, csv.ErrQuote) && err.Line > err.StartLine:
		return fmt.Errorf(`malformed: a cell in quotes has no end, or a " in it is not written twice (read up to line %d)`, err.Line)
	case errors.Is(err, csv.ErrQuote):
		return errors.New(`malformed: a cell in quotes has no end, or a " in it is not written twice`)
	}
	return err.Err
}
