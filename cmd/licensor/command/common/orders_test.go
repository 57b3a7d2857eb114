package common

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// FuzzOrders feeds import with tables: it never panics, a row says what is wrong with
// it or has all that an order needs, and what it has read survives list --csv.
func FuzzOrders(f *testing.F) {
	add := func(table string) {
		for form := range byte(6) {
			f.Add(table, form)
		}
	}
	add("invoice;email;customer;product;type;expires;;\n0042;a@b;c;evoq;production;11/12/2027;;\n0043;a@b;c;evoq;production;21.11.2027 00:00:00;;\n")
	add("\"invoice\"\temail\tcustomer\tproduct\ttype\tnote\n1.2E+14\ta@b\tÜ\U0001F600\tevoq\ttest\t\n#N/A\ta@b\tc\tevoq\ttest\tx\n#n/a.\ta@b\tc\tevoq\ttest\t\n")
	add("invoice,email,customer,product,type,seats,expires,limits\nI-1,a@b,c,evoq,production,2,2027-11-21,cores=16\n")
	add("invoice,email,customer,product,type,features,unbound\nI-1,a@b,\"c\n\"\"d\"\"\",evoq,test,a;b c,yes\n\n,,,,,,\n")
	add("type,invoice,email,customer,product,grace\nproduction,'=1,''+2@x,'x,-3,14\n")
	add("invoice,email,customer,product,type,seats,allowance,count_by,max_version,emergency_days\nI-1,a@b,c,evoq,failover,0,0,machine,9.x,0\n")
	add("invoice,email,customer,product,type,expires,updates_until,term\nI-1,a@b,c,evoq,test,12m,1y,\nI-2,a@b,c,evoq,test,,30d,30d\n")
	add("invoice,email,customer,product,type\n\"I-1\",\"")
	f.Fuzz(func(t *testing.T, table string, form byte) {
		dates := [...]Dates{"", DayFirst, MonthFirst}[form%3]
		rows, err := ReadOrders(strings.NewReader(table), now, dates, func() {})
		if form%6 >= 3 {
			sameInUTF16(t, table, dates, rows, err)
		}
		if err != nil {
			return
		}
		var good []ledger.Holding
		for _, row := range rows {
			if row.Line < 2 {
				t.Errorf("an order in line %d", row.Line)
			}
			if row.Err == nil {
				if row.Invoice == "" || row.Email == "" || row.Customer == "" || row.Product == "" {
					t.Errorf("an order lacks something: %+v", row.Entitlement)
				}
				good = append(good, ledger.Holding{Entitlement: row.Entitlement})
			}
		}
		var out bytes.Buffer
		if err := WriteOrders(&out, new(spreadsheet.Options), good, nil); err != nil {
			t.Fatal(err)
		}
		again, err := ReadOrders(&out, now, "", func() {})
		if err != nil || len(again) != len(good) {
			t.Fatalf("%d orders were written, and %d read again: %v", len(good), len(again), err)
		}
		for i, row := range again {
			row.Line = 0
			if row.Err != nil || !sameOrder(row.Entitlement, good[i].Entitlement) {
				t.Errorf("got %+v, %v\nwant %+v", row.Entitlement, row.Err, good[i].Entitlement)
			}
		}
	})
}

// sameInUTF16 wants that a table says the same in UTF-16.
func sameInUTF16(t *testing.T, table string, dates Dates, rows []service.Order, err error) {
	table = strings.TrimPrefix(table, spreadsheet.ByteOrderMark)
	if !utf8.ValidString(table) || strings.ContainsAny(table, "\x00\ufeff\ufffe") || len(table) < 2 {
		return
	}
	for _, mark := range []uint16{0xfeff, 0xfffe} {
		var wide []byte
		for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(table))...) {
			if mark == 0xfeff {
				wide = append(wide, byte(unit), byte(unit>>8))
			} else {
				wide = append(wide, byte(unit>>8), byte(unit))
			}
		}
		again, errAgain := ReadOrders(bytes.NewReader(wide), now, dates, func() {})
		if (err == nil) != (errAgain == nil) || len(rows) != len(again) {
			t.Fatalf("%d orders, %v; in UTF-16 %d orders, %v", len(rows), err, len(again), errAgain)
		}
		for i := range rows {
			if (rows[i].Err == nil) != (again[i].Err == nil) || rows[i].Err == nil && !sameOrder(rows[i].Entitlement, again[i].Entitlement) {
				t.Errorf("%+v, and in UTF-16 %+v", rows[i], again[i])
			}
		}
	}
}

// sameOrder takes none for an empty list.
func sameOrder(a, b ledger.Entitlement) bool {
	for _, e := range []*ledger.Entitlement{&a, &b} {
		if len(e.Features) == 0 {
			e.Features = nil
		}
		if len(e.Limits) == 0 {
			e.Limits = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// A spreadsheet that opens what list --csv prints runs none of it.
func TestListedFormulas(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"=1+1", "+1", "-1", "@SUM(1)", "'=1", "''-", "＝1", "－1", "﹢1", "＠A1", "\"=1", "' =1", "\u00a0=1"} {
		var out bytes.Buffer
		if err := WriteOrders(&out, new(spreadsheet.Options), []ledger.Holding{{Entitlement: ledger.Entitlement{
			Invoice: "I-1", Email: "a@b", Customer: name, Product: "evoq", Type: "production", Seats: 1}}}, nil); err != nil {
			t.Fatal(err)
		}
		printed := out.String()
		cells, err := csv.NewReader(strings.NewReader(printed)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if cell := cells[1][2]; cell[0] != '\'' {
			t.Errorf("%q is printed as %q", name, cell)
		}
		rows, err := ReadOrders(&out, now, "", func() {})
		if err != nil || len(rows) != 1 || rows[0].Customer != name {
			t.Errorf("%q is printed as %q and read as %+v, %v", name, printed, rows, err)
		}
	}
}
