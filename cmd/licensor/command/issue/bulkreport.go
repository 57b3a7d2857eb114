package issue

import (
	"bytes"
	"encoding/csv"
	"errors"

	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// What became of a request.
const (
	resultSigned     = "signed"
	resultAgain      = "again" // it had its license already
	resultRefused    = "refused"
	resultUnreadable = "unreadable" // it is no request
)

const reportStart = "file,result,invoice,activation,license,license_file,reason\n"

func (i *bulkItem) done(license *ledger.License, again bool) {
	i.license, i.result = license, resultSigned
	if again {
		i.result = resultAgain
	}
}

func (i *bulkItem) fail(result string, err error) { i.result, i.err = result, err }

// reason says why there is no license, and who may change that.
func (i *bulkItem) reason() string {
	var rule *ledger.Refusal
	switch {
	case i.err == nil:
		return ""
	case errors.As(i.err, &rule):
		return rule.Error() + "; override: " + rule.Lift
	}
	return i.err.Error()
}

// writeReport writes a line for each request that the run got to.
func (b *bulk) writeReport() error {
	if b.report == "" {
		return nil
	}
	var text bytes.Buffer
	text.WriteString(reportStart)
	w := csv.NewWriter(&text)
	for _, item := range b.items {
		if item.result == "" {
			continue
		}
		line := []string{item.path, item.result, "", "", "", "", item.reason()}
		if item.request != nil {
			line[2] = item.request.Invoice
		}
		if item.license != nil {
			line[3], line[4], line[5] = item.license.Activation, item.license.ID.String(), b.directory.Path(item.out)
		}
		for i := range line {
			line[i] = common.QuoteFormula(line[i])
		}
		w.Write(line)
	}
	w.Flush()
	return b.env.WriteFile(b.report, text.Bytes(), 0o644)
}
