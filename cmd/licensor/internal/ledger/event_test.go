package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// examples has an event of every action, with all that its detail may say and with
// nothing that it need not say.
func examples() []ledger.Event {
	full := &ledger.Entitlement{
		Invoice: "INV1", Email: "ops@site.example", Customer: "Site <&> Ltd", Product: "evoq", Edition: "engage",
		Type: "development", Seats: 1 << 53, Allowance: 2, Binding: "any", Expires: now.AddDate(1, 0, 0), GraceDays: 14,
		UpdatesUntil: now, MaxVersion: "9.x", EmergencyDays: 3, Features: []string{"sso", "cdn"},
		Limits: map[string]uint64{"users": 9, "cores": 16}, Waived: true, Moves: new(uint64),
		BridgeDays: 3, Ext: map[string]string{"support": "gold plus", "tier": "3", "beta": "true"},
	}
	full.Commit([]byte("salt"))
	waiting := &ledger.Entitlement{Invoice: "INV2", Customer: "Ü", Product: "evoq", Type: "production", Seats: 1, Term: ledger.Span{Days: 30}}
	few := &ledger.Entitlement{Invoice: "INV1", Customer: "Ü", Product: "evoq", Type: "production", Seats: 1}
	license := &ledger.License{
		ID: format.ID{1, 2}, Activation: "ONE", Epoch: 7, Issued: now, HardEnd: now.AddDate(1, 0, 0),
		SignedBy: "anna", SignerKey: make([]byte, 32), Floor: 4, Components: []string{"machine-id", "cluster"}, Need: 2, Request: []byte("request"), File: []byte("file"),
	}
	bare := &ledger.License{ID: format.ID{9}, Activation: "ONE", Epoch: 1, Issued: now, SignedBy: "anna", SignerKey: make([]byte, 32)}
	site := &ledger.Activation{ID: "ONE", State: ledger.StateBridge, Site: "shop", Host: "web-1", MachineKey: make([]byte, 32), Since: now}
	key := &ledger.RevokedKey{Name: "anna", Public: make([]byte, 32), Root: true, Lists: true, Keep: make([]byte, 16)}
	ids := []format.ID{{1}, {2}}
	all := []ledger.Event{
		{Action: ledger.ActionCreate, Detail: ledger.Created{Vendor: "acme.example"}},
		{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "Site Ltd", Partner: true}, Why: "by contract"},
		{Action: ledger.ActionForget, Detail: ledger.Forgotten{Accounts: [][]byte{make([]byte, 32)}}},
		{Action: ledger.ActionEntitle, Invoice: "INV1", Detail: full},
		{Action: ledger.ActionAmend, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionRenew, Invoice: "INV1", Detail: full},
		{Action: ledger.ActionSign, Invoice: "INV1", Activation: "ONE", Detail: &ledger.Signed{Activation: site, Moves: true, License: license}},
		{Action: ledger.ActionSign, Invoice: "INV1", Activation: "ONE", Detail: &ledger.Signed{License: bare}},
		{Action: ledger.ActionRelease, Invoice: "INV1", Activation: "ONE", Detail: ledger.Closed{Release: []byte("release"), EmergencyDays: 1<<64 - 1, Revoke: ids}},
		{Action: ledger.ActionDeactivate, Invoice: "INV1", Activation: "ONE", Detail: ledger.Closed{Revoke: ids}, Why: `it "died"`, Lifted: []ledger.Rule{ledger.RuleMoves, ledger.RuleClock}},
		{Action: ledger.ActionVoid, Invoice: "INV1", Activation: "ONE", Detail: ledger.Closed{}},
		{Action: ledger.ActionMove, Invoice: "INV1", Activation: "ONE", Detail: ledger.Moved{Successor: "TWO", Until: now}},
		{Action: ledger.ActionMove, Invoice: "INV1", Activation: "ONE", Detail: ledger.Moved{Successor: "TWO", Until: now, Waits: true}},
		{Action: ledger.ActionWait, Invoice: "INV1", Activation: "TWO", Detail: ledger.Waiting{Predecessor: "ONE"}},
		{Action: ledger.ActionRebind, Invoice: "INV1", Activation: "ONE", Detail: ledger.Rebound{Replaces: format.ID{1}, Revoke: ids}},
		{Action: ledger.ActionRebind, Invoice: "INV1", Activation: "ONE", Detail: ledger.Rebound{Revoke: ids}},
		{Action: ledger.ActionTakeOver, Invoice: "INV1", Activation: "TWO", Detail: ledger.TakenOver{Predecessor: "ONE"}},
		{Action: ledger.ActionRevoke, Invoice: "INV1", Activation: "ONE", Detail: ledger.Revoked{Licenses: ids}},
		{Action: ledger.ActionRevoke, Detail: ledger.Revoked{Key: key}},
		{Action: ledger.ActionPublish, Detail: ledger.Published{Number: 7, SignedBy: "anna", SignerKey: make([]byte, 32), File: []byte("list")}},
		{Action: ledger.ActionSuspend, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionResume, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionCancel, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionEntitle, Invoice: "INV2", Detail: waiting},
		{Action: ledger.ActionProduct, Detail: ledger.Product{Name: "evoq", Editions: []ledger.Edition{
			{Type: "production", Plan: ledger.Plan{"expires": "12m"}},
			{Name: "engage", Type: "production", Plan: ledger.Plan{"seats": "2", "expires": "none"}, Types: map[string]ledger.Plan{"test": {"seats": "1"}}, Features: []string{"sso"}, Limits: []string{"users"}},
		}}},
		{Action: ledger.ActionBegin, Invoice: "INV1", Detail: full},
		{Action: ledger.ActionFreeze, Detail: ledger.Frozen{Move: 1 << 53, Target: "database <licensor> on db"}},
		{Action: ledger.ActionThaw, Detail: ledger.Thawed{Move: 1}},
		{Action: ledger.ActionOpen, Detail: ledger.Opened{Move: 1}},
		{Action: ledger.ActionCorrect, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionTransfer, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionRename, Invoice: "INV1", Detail: few},
		{Action: ledger.ActionAddress, Invoice: "INV1", Detail: ledger.Addressed{Account: make([]byte, 32), Off: true}},
		{Action: ledger.ActionRenumber, Invoice: "INV1", Detail: ledger.Renumbered{Was: "INV2"}},
	}
	for i := range all {
		all[i].Complete(int64(i+1), &ledger.Operation{Operator: "anna", Now: now.Add(time.Millisecond).In(time.FixedZone("", 3600))})
	}
	return all
}

// marshaled returns the canonical bytes of the examples.
func marshaled(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	for _, e := range examples() {
		leaf, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, leaf)
	}
	return all
}

func TestEventsRoundTrip(t *testing.T) {
	leaves := marshaled(t)
	seen := make(map[ledger.Action]bool)
	for i, e := range examples() {
		seen[e.Action] = true
		got, err := ledger.ParseEvent(leaves[i])
		if sold, ok := e.Detail.(*ledger.Entitlement); ok {
			e.Detail = sold.Kept() // without the e-mail address
		}
		if err != nil || !reflect.DeepEqual(got, &e) {
			t.Errorf("%s is read as %+v, %v", leaves[i], got, err)
		}
	}
	for _, action := range constants(t, "event.go", "Action") {
		if !seen[ledger.Action(action)] {
			t.Errorf("no example of the action %s", action)
		}
	}
}

// constants returns the values of the constants of a type in a source file.
func constants(t *testing.T, name, of string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == of {
				value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, value)
			}
		}
		return true
	})
	if len(all) == 0 {
		t.Fatalf("%s has no %s", name, of)
	}
	return all
}

// The bytes are what the package comment says: whoever reads the log without this
// program relies on them.
func TestCanonicalBytes(t *testing.T) {
	leaves := marshaled(t)
	for i, want := range map[int]string{
		0: `{"seq":1,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"create","rules":1,"detail":{"vendor":"acme.example"}}`,
		4: `{"seq":5,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"amend","invoice":"INV1","rules":1,"detail":{"invoice":"INV1","customer":"Ü","product":"evoq","type":"production","seats":1}}`,
		9: `{"seq":10,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"deactivate","invoice":"INV1","activation":"ONE","why":"it \"died\"","rules":1,"lifted":["moves","clock"],"detail":{"revoke":["` +
			format.ID{1}.String() + `","` + format.ID{2}.String() + `"]}}`,
		11: `{"seq":12,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"move","invoice":"INV1","activation":"ONE","rules":1,"detail":{"successor":"TWO","until":"2026-11-21T12:00:00Z"}}`,
	} {
		if got := string(leaves[i]); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// One event has one spelling.
func TestParseEventIsStrict(t *testing.T) {
	const good = `{"seq":1,"time":"2026-11-21T12:00:00Z","operator":"anna","action":"create","rules":1,"detail":{"vendor":"acme.example"}}`
	if _, err := ledger.ParseEvent([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"white space":             {`"seq":1`, `"seq": 1`},
		"a line at the end":       {`}}`, "}}\n"},
		"something after it":      {`}}`, "}}{}"},
		"another order":           {`"seq":1,"time":"2026-11-21T12:00:00Z"`, `"time":"2026-11-21T12:00:00Z","seq":1`},
		"a key twice":             {`"seq":1`, `"seq":1,"seq":1`},
		"a key in other letters":  {`"seq"`, `"Seq"`},
		"an unknown key":          {`"seq":1`, `"seq":1,"more":1`},
		"an unknown key within":   {`"vendor":`, `"more":1,"vendor":`},
		"an empty key":            {`"detail"`, `"why":"","detail"`},
		"an escape":               {`acme`, `\u0061cme`},
		"no UTF-8":                {`acme`, "\xff"},
		"a number as text":        {`"seq":1`, `"seq":"1"`},
		"a fraction":              {`"seq":1`, `"seq":1.5`},
		"another zone":            {`12:00:00Z`, `13:00:00+01:00`},
		"no version of the rules": {`"rules":1,`, ``},
		"nothing that was lifted": {`"rules":1,`, `"rules":1,"lifted":[],`},
		"parts of a second":       {`12:00:00Z`, `12:00:00.5Z`},
		"UTC in other letters":    {`12:00:00Z`, `12:00:00+00:00`},
		"no time":                 {`2026-11-21T12:00:00Z`, ``},
		"an unknown action":       {`"create"`, `"reseat"`},
		"another's detail":        {`"create"`, `"customer"`},
		"a license that is none":  {`"create","rules":1,"detail":{"vendor":"acme.example"}`, `"sign","rules":1,"detail":{"license":null}`},
		"no detail":               {`,"detail":{"vendor":"acme.example"}`, ``},
		"detail that is null":     {`{"vendor":"acme.example"}`, `null`},
		"detail that is a list":   {`{"vendor":"acme.example"}`, `[]`},
		"null":                    {good, `null`},
		"nothing":                 {good, ``},
		"an empty limits":         {`"create","rules":1,"detail":{"vendor":"acme.example"}`, `"amend","rules":1,"detail":{"invoice":"I","email":"a@b","customer":"C","product":"p","type":"test","seats":1,"limits":{}}`},
		"an id in small letters":  {`"create","rules":1,"detail":{"vendor":"acme.example"}`, `"revoke","rules":1,"detail":{"licenses":["` + strings.ToLower(format.ID{1}.String()) + `"]}`},
	} {
		leaf := strings.Replace(good, change[0], change[1], 1)
		if leaf == good {
			t.Errorf("%s: nothing was changed", name)
		}
		if e, err := ledger.ParseEvent([]byte(leaf)); err == nil || e != nil {
			t.Errorf("%s: read as %+v, %v", name, e, err)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, leaf := range marshaled(f) {
		f.Add(leaf)
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := ledger.ParseEvent(leaf)
		if err != nil {
			return
		}
		again, err := e.Marshal()
		if err != nil || !bytes.Equal(again, leaf) {
			t.Errorf("%q becomes %q, %v", leaf, again, err)
		}
	})
}

// What an event has for itself is kept, and the rest is what the operation says.
func TestComplete(t *testing.T) {
	by := &ledger.Operation{Operator: "anna", Now: now.Add(time.Second / 2), Why: "because"}
	for own, want := range map[string]string{"": "because", "its own": "its own"} {
		e := ledger.Event{Why: own}
		if e.Complete(7, by); e.Seq != 7 || e.Time != now || e.Operator != "anna" || e.Rules != ledger.RulesVersion || e.Why != want {
			t.Errorf("completed: %+v", e)
		}
	}
}

// Whoever asks for a license or a list gets it, or is told that the ledger is damaged.
func TestWhatAnEventHas(t *testing.T) {
	licenses, lists := 0, 0
	for i, leaf := range marshaled(t) {
		license, err := ledger.LicenseIn(leaf)
		switch s, is := examples()[i].Detail.(*ledger.Signed); {
		case is:
			if licenses++; err != nil || !reflect.DeepEqual(license, s.License) {
				t.Errorf("%s: %+v, %v", leaf, license, err)
			}
		default:
			wantDamaged(t, err, fmt.Sprintf("event %d", i+1))
		}
		list, err := ledger.ListIn(leaf)
		switch p, is := examples()[i].Detail.(ledger.Published); {
		case is:
			if lists++; err != nil || !reflect.DeepEqual(list, &p) {
				t.Errorf("%s: %+v, %v", leaf, list, err)
			}
		default:
			wantDamaged(t, err, fmt.Sprintf("event %d", i+1))
		}
	}
	if licenses != 2 || lists != 1 {
		t.Errorf("saw %d licenses and %d lists", licenses, lists)
	}
	_, err := ledger.LicenseIn([]byte("nothing"))
	wantDamaged(t, err, "")
	_, err = ledger.ListIn(nil)
	wantDamaged(t, err, "")
}

func wantDamaged(t testing.TB, err error, naming string) {
	t.Helper()
	var hinting interface{ Hint() string }
	if err == nil || !strings.Contains(err.Error(), "the ledger is damaged") || !strings.Contains(err.Error(), naming) ||
		!errors.As(err, &hinting) || !strings.Contains(hinting.Hint(), "licensor audit") {
		t.Errorf("got %v, want that the ledger is damaged, and %q", err, naming)
	}
}
