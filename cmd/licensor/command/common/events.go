package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// HistoryTable shows events to people.
func HistoryTable(told []service.EventView) *cli.Table {
	t := &cli.Table{Whole: true}
	t.Row("WHEN", "WHO", "WHAT")
	for _, e := range told {
		t.Row(text.Minute(e.Time), e.Operator, e.What)
		for _, line := range e.Reasons() {
			t.Row("", "", line)
		}
	}
	return t
}

// SalesTable shows events of many invoices to people.
func SalesTable(told []service.EventView) *cli.Table {
	t := &cli.Table{Whole: true}
	t.Row("WHEN", "WHO", "INVOICE", "WHAT")
	for _, e := range told {
		t.Row(text.Minute(e.Time), e.Operator, e.Invoice, e.What)
		for _, line := range e.Reasons() {
			t.Row("", "", "", line)
		}
	}
	return t
}
