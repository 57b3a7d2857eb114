package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

// vendor has a ledger, a desk and a staff's site that programs call.
type vendor struct {
	*testing.T
	service *service.Service
	desk    *desk.Desk
	at      home.Home
	where   string
	url     string
	tokens  map[string]string // by their rights
	mu      sync.Mutex
	clock   time.Time
	log     *logged

	mostPerHour int // 0: as by default
}

func (v *vendor) now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.clock
}

func (v *vendor) later(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clock = v.clock.Add(d)
}

func newVendor(t *testing.T, where string) *vendor {
	t.Helper()
	ctx := t.Context()
	made, err := service.Init(ctx, filepath.Join(t.TempDir(), "home"),
		home.InitOptions{Vendor: "acme.example", Staff: "desk", Ledger: where, Now: ledgertest.Now, Random: rand.Reader}, ledgertest.By())
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{T: t, at: made.Home, where: where, clock: ledgertest.Now.Add(time.Hour), tokens: make(map[string]string), log: new(logged)}
	v.serve()
	for _, rights := range [][]desk.Right{{desk.Read}, {desk.Sell}, {desk.Sign}, {desk.Revoke}, {desk.Sell, desk.Sign}} {
		name := "t"
		for _, r := range rights {
			name += "-" + string(r)
		}
		if v.tokens[name[2:]], err = v.desk.AddToken(ctx, desk.Token{Name: name, Rights: rights, Made: v.clock, By: "anna"}, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// serve starts one more service, as a process of its own would be.
func (v *vendor) serve() {
	v.Helper()
	var err error
	if v.service, err = service.Open(v.Context(), v.at, v.where, service.ToChange, service.Options{Random: rand.Reader, Warn: func(string) {}}); err != nil {
		v.Fatal(err)
	}
	if v.desk, err = desk.Open(v.Context(), v.at, v.where); err != nil {
		v.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(v.log, nil))
	activator := v.service.NewActivator(service.ActivatorOptions{Now: v.now, Random: rand.Reader, Log: log, MaxPerHour: v.mostPerHour})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		v.Fatal(err)
	}
	site := Staff(&Options{
		Ready: v.service.CheckFrozen, Log: log, Now: v.now, StaffOrigin: &url.URL{Scheme: "http", Host: l.Addr().String()},
		Calls: &Calls{Service: v.service, Desk: v.desk, Signing: activator, Random: rand.Reader, Show: func(shown *service.Shown, p ledger.Partners, now time.Time) any {
			return common.NewShowAnswer(shown, p, now)
		}},
	}, nil)
	server := site.Server()
	go server.Serve(l)
	v.url = "http://" + l.Addr().String() + "/v1/staff/"
	s, d := v.service, v.desk
	v.Cleanup(func() { server.Close(); activator.Close(); d.Close(); s.Close() })
}

// call calls with a token of rights, and a key.
func (v *vendor) call(rights, key, name, body string, header ...string) (int, string) {
	v.Helper()
	header = append([]string{"Authorization", "Bearer " + v.tokens[rights], "Content-Type", "application/json", "Idempotency-Key", key}, header...)
	status, _, answer := answerOf(v.T, "POST", v.url+name, body, header...)
	return status, answer
}

func (v *vendor) read(name string) (int, string) {
	v.Helper()
	status, _, answer := answerOf(v.T, "GET", v.url+name, "", "Authorization", "Bearer "+v.tokens["read"])
	return status, answer
}

// did wants that a call is done, with some words in its answer.
func (v *vendor) did(status int, answer string, words ...string) string {
	v.Helper()
	if status != 200 {
		v.Fatalf("got %d %s", status, answer)
	}
	for _, word := range words {
		if !strings.Contains(answer, word) {
			v.Errorf("got %s, want %s in it", answer, word)
		}
	}
	return answer
}

// refused wants that a call is refused.
func (v *vendor) refused(wantStatus int, rule string, status int, answer string) {
	v.Helper()
	var p problem
	if err := json.Unmarshal([]byte(answer), &p); err != nil || status != wantStatus || p.Status != status || p.Rule != rule || p.Detail == "" || p.Next == "" {
		v.Errorf("got %d %s, want %d %s", status, answer, wantStatus, rule)
	}
}

// clean wants an audit that finds nothing, and returns how many events there are of an action.
func (v *vendor) clean(action ledger.Action) (n int) {
	v.Helper()
	report, err := service.Audit(v.Context(), v.at, v.where, v.now(), nil, nil)
	if err != nil || !report.OK() {
		v.Fatalf("audit: %v %+v", err, report)
	}
	past, err := v.service.Past(v.Context(), service.EventFilter{Most: 10_000})
	if err != nil {
		v.Fatal(err)
	}
	for _, e := range past.Events {
		if e.Action == action {
			n++
		}
	}
	return n
}

func saleOf(invoice string, more ...string) string {
	return fmt.Sprintf(`{"terms":{"invoice":%q,"email":"ops@site.example","customer":"Site AG","product":"evoq","type":"production","expires":"12m"%s}}`, invoice, strings.Join(more, ""))
}

// requestOf is the signed request of a site.
func requestOf(t *testing.T, n uint32, invoice string) string {
	t.Helper()
	key := ledgertest.SiteKey(n)
	hash := sha256.Sum256(key.Public().Bytes())
	q, err := ledgertest.Request(key.Public(), func(q *format.Request) {
		q.Invoice, q.Account = invoice, format.AccountHash(invoice, "ops@site.example")
		q.Components = []format.Component{{Label: format.LabelMachineID, Hash: hash[:8]}, {Label: format.LabelProductUUID, Hash: hash[8:16]}, {Label: format.LabelRootFS, Hash: hash[16:24]}}
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), q.Body, key.Sign)
	if err != nil {
		t.Fatal(err)
	}
	return format.EncodeText(format.SignedRequest, raw)
}

func quoted(text string) string {
	raw, _ := json.Marshal(text)
	return string(raw)
}

func everywhere(t *testing.T, f func(t *testing.T, v *vendor)) {
	t.Run("SQLite", func(t *testing.T) { f(t, newVendor(t, "")) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, newVendor(t, ledgertest.Postgres(t))) })
}

// TestCalls: a shop sells, signs, renews, amends, corrects and cancels, and each is on record
// by its token.
func TestCalls(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		do := func(rights, name, body string, words ...string) string {
			t.Helper()
			status, answer := v.call(rights, rand.Text(), name, body)
			return v.did(status, answer, words...)
		}
		do("sell", "sell", saleOf("S-1", `,"seats":2,"features":["a","b"],"limits":"cores=4","grace":14,"moves":null`),
			`"changed":true`, `"features":["a","b"]`, `"limits":{"cores":4}`, `"grace_days":14`, `"seats":2`)
		do("sell", "sell", saleOf("S-1", `,"seats":2,"features":["a","b"],"limits":"cores=4","grace":14`), `"changed":false`)
		v.later(48 * time.Hour)
		do("sell", "sell", saleOf("S-1", `,"seats":2,"features":["a","b"],"limits":"cores=4","grace":14`), `"changed":false`)
		do("sell", "correct", `{"invoice":"s-1","why":"typed wrong","terms":{"seats":"3"}}`, `"changed":true`, `"seats":3`)
		request := requestOf(t, 1, "S-1")
		signed := do("sign", "sign", `{"request":`+quoted(request)+`}`, `"text":"OLL1:`, `"activation":"`)
		if again := do("sign", "sign", `{"request":`+quoted(request)+`}`, `"again":true`); !strings.Contains(again, signed[strings.Index(signed, `"id"`):][:40]) {
			t.Errorf("got %s, want the license of %s", again, signed)
		}
		do("sell-sign", "amend", `{"invoice":"S-1","terms":{"features":["a","c"]}}`, `"changed":true`, `"features":["a","c"]`, `"epoch":2`, `"text":"OLL1:`)
		do("sell-sign", "renew", `{"invoice":"S-1","expires":"2028-03-31"}`, `"changed":true`, `"epoch":3`)
		do("sell-sign", "renew", `{"invoice":"S-1","expires":"2028-03-31"}`, `"changed":false`, `"epoch":3`)
		// A token that may not sign renews all the same: each server gets its license when it asks.
		do("sell", "renew", `{"invoice":"S-1","expires":"12m","from":"2028-04-01"}`, `"changed":true`, `"licenses":[]`, `2029-04-01`)
		do("sign", "sign", `{"request":`+quoted(request)+`}`, `"epoch":4`)
		do("revoke", "suspend", `{"invoice":"S-1","why":"not paid"}`, `"state":"suspended"`)
		do("revoke", "resume", `{"invoice":"S-1","why":"paid"}`, `"changed":true`)
		status, answer := v.read("show?of=S-1")
		v.did(status, answer, `"operator":"token:t-sell-sign"`, `"entitlement":{`, `"licenses":[{`)
		do("revoke", "cancel", `{"invoice":"S-1","why":"sent back"}`, `"state":"canceled"`, `"to_revoke":["`)
		status, answer = v.read("show?of=S-2")
		v.refused(404, "unknown", status, answer)
		for _, c := range []struct {
			status                   int
			rights, name, body, rule string
		}{
			{422, "revoke", "cancel", `{"invoice":"S-9","why":"x"}`, "refused"},
			{422, "sell", "correct", `{"invoice":"S-1","terms":{"seats":3}}`, "reason"},
			{422, "sign", "sign", `{"request":` + quoted(requestOf(t, 2, "S-1")) + `}`, "standing"},
			{422, "sign", "sign", `{"request":` + quoted(requestOf(t, 2, "S-7")) + `}`, "claim"},
			{422, "sign", "sign", `{"request":"OLQ1:AAAA"}`, "malformed"},
			{422, "sell", "sell", saleOf("S-1", `,"seats":9`), "refused"},
			{422, "sell", "sell", saleOf("S-3", `,"seats":0`), "refused"},
			{400, "sell", "sell", `{"terms":{"invoice":"S-3"}}`, "body"},
			{400, "sell", "correct", `{"invoice":"S-1","why":"x","terms":{}}`, "body"},
			{400, "sell-sign", "renew", `{"invoice":"S-1","expires":"12m"}`, "body"},
			{400, "sell-sign", "renew", `{"invoice":"","expires":"2030-01-01"}`, "body"},
			{400, "sell-sign", "renew", `{"invoice":"S-1"}`, "body"},
		} {
			status, answer := v.call(c.rights, rand.Text(), c.name, c.body)
			v.refused(c.status, c.rule, status, answer)
		}
		if n := v.clean(ledger.ActionRenew); n != 2 {
			t.Errorf("%d renewals are on record", n)
		}
	})
}

// TestQueueCalls: what waits is listed, signed and refused.
func TestQueueCalls(t *testing.T) {
	v := newVendor(t, "")
	status, answer := v.call("sell", "k", "sell", saleOf("S-1", `,"seats":5`))
	v.did(status, answer)
	var numbers []string
	for n := range uint32(2) {
		text := requestOf(t, n+1, "S-1")
		w, err := v.desk.Add(t.Context(), desk.Waiting{Hash: [32]byte{byte(n)}, Invoice: "S-1", Request: text, Word: "plan", Why: "the plan says so", Asked: v.now()}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, w.Number)
	}
	status, answer = v.read("queue")
	v.did(status, answer, numbers...)
	for range 2 {
		status, answer = v.call("sign", rand.Text(), "queue/sign", `{"number":"`+numbers[0]+`","why":"it is theirs"}`)
		v.did(status, answer, `"text":"OLL1:`)
		status, answer = v.call("sign", rand.Text(), "queue/refuse", `{"number":"`+numbers[1]+`","say":"Buy a seat first."}`)
		v.did(status, answer, `"state":"refused"`, "Buy a seat first.", `"by":"token:t-sign"`)
	}
	// Who has refused may think better of it.
	status, answer = v.call("sign", "after-all", "queue/sign", `{"number":"`+strings.ToLower(numbers[1])+`"}`)
	v.did(status, answer, `"text":"OLL1:`)
	status, answer = v.call("sign", "other", "queue/refuse", `{"number":"`+numbers[0]+`","say":"No."}`)
	v.refused(422, "refused", status, answer)
	status, answer = v.call("sign", "none", "queue/refuse", `{"number":"`+numbers[0]+`"}`)
	v.refused(400, "body", status, answer)
	for of, word := range map[string]string{"queue": `"requests":[]`, "queue?state=signed": numbers[1], "queue?state=refused": `"requests":[]`} {
		status, answer = v.read(of)
		v.did(status, answer, word)
	}
	status, answer = v.read("queue?state=lost")
	v.refused(400, "query", status, answer)
	status, answer = v.read("queue?after=" + numbers[1])
	v.did(status, answer)
}

// TestRights: each call wants one right, and no other one is enough. What is no token is none,
// in whatever form.
func TestRights(t *testing.T) {
	v := newVendor(t, "")
	needs := map[string]string{"sell": "sell", "correct": "sell", "renew": "sell", "amend": "sell", "sign": "sign", "queue/sign": "sign", "queue/refuse": "sign",
		"suspend": "revoke", "resume": "revoke", "cancel": "revoke"}
	for name, need := range needs {
		for _, rights := range []string{"read", "sell", "sign", "revoke"} {
			status, answer := v.call(rights, rand.Text(), name, `{"none":1}`)
			if rights == need {
				v.refused(400, "body", status, answer)
			} else {
				v.refused(403, "right", status, answer)
			}
		}
	}
	for _, name := range []string{"show?of=S-1", "queue"} {
		for rights, text := range v.tokens {
			if status, _, answer := answerOf(t, "GET", v.url+name, "", "Authorization", "Bearer "+text); rights != "read" {
				v.refused(403, "right", status, answer)
			}
		}
	}
	good := v.tokens["read"]
	for _, header := range []string{"", "Bearer", "Bearer ", good, "Basic " + good, "Bearer " + good[:len(good)-1], "Bearer " + good + "x", "bearer  " + good, "Bearer olt_" + strings.Repeat("A", 10_000)} {
		status, h, answer := answerOf(t, "GET", v.url+"show?of=S-1", "", "Authorization", header)
		v.refused(401, "token", status, answer)
		if h.Get("WWW-Authenticate") == "" {
			t.Error("no WWW-Authenticate")
		}
	}
	if err := v.desk.RemoveToken(t.Context(), "t-sell"); err != nil {
		t.Fatal(err)
	}
	status, answer := v.call("sell", "k", "sell", saleOf("S-1"))
	v.refused(401, "token", status, answer)
	for _, text := range v.tokens {
		if strings.Contains(v.log.text(), text) {
			t.Error("the log has a token")
		}
	}
}

// TestOneKey: the same key with the same body gets the same answer, and nothing is done twice;
// on two services at once, too.
func TestOneKey(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		one := v.url
		v.serve()
		urls := []string{one, v.url}
		for round := range 3 {
			body := saleOf(fmt.Sprint("S-", round))
			answers := make(chan string, 24)
			var wait sync.WaitGroup
			for i := range cap(answers) {
				wait.Go(func() {
					status, _, answer := answerOf(t, "POST", urls[i%2]+"sell", body, "Authorization", "Bearer "+v.tokens["sell"],
						"Content-Type", "application/json", "Idempotency-Key", fmt.Sprint("key-", round))
					answers <- fmt.Sprint(status, " ", answer)
				})
			}
			wait.Wait()
			close(answers)
			seen := make(map[string]int)
			for answer := range answers {
				if strings.HasPrefix(answer, "409 ") && strings.Contains(answer, `"rule":"running"`) {
					continue
				}
				seen[answer]++
			}
			for answer := range maps.Keys(seen) {
				if len(seen) != 1 || !strings.HasPrefix(answer, "200 ") || !strings.Contains(answer, `"changed":true`) {
					t.Errorf("got %v", seen)
				}
			}
			status, answer := v.call("sell", fmt.Sprint("key-", round), "sell", body)
			if seen[fmt.Sprint(status, " ", answer)] == 0 {
				t.Errorf("later: got %d %s, want %v", status, answer, seen)
			}
			status, answer = v.call("sell", fmt.Sprint("key-", round), "sell", saleOf("S-other"))
			v.refused(422, "key", status, answer)
			status, answer = v.call("sell", fmt.Sprint("key-", round), "correct", body)
			v.refused(422, "key", status, answer)
			status, answer = v.call("sell-sign", fmt.Sprint("key-", round), "sell", saleOf(fmt.Sprint("T-", round))) // another token's
			v.did(status, answer)
		}
		if n := v.clean(ledger.ActionEntitle); n != 6 {
			t.Errorf("%d sales are on record, want 6", n)
		}
		// A refusal is an answer, too.
		for range 2 {
			status, answer := v.call("revoke", "no", "cancel", `{"invoice":"S-9","why":"x"}`)
			v.refused(422, "refused", status, answer)
		}
	})
}

// TestBrokenOff: where a process has ended between a change and its answer, the same key is
// taken up after a while, and nothing is changed twice.
func TestBrokenOff(t *testing.T) {
	v := newVendor(t, "")
	status, answer := v.call("sell-sign", "1", "sell", saleOf("S-1"))
	v.did(status, answer)
	status, answer = v.call("sign", "2", "sign", `{"request":`+quoted(requestOf(t, 1, "S-1"))+`}`)
	v.did(status, answer)
	status, answer = v.call("sell", "3", "sell", saleOf("S-3"))
	v.did(status, answer)
	for name, body := range map[string]string{
		"sell":  saleOf("S-2"),
		"renew": `{"invoice":"S-1","expires":"12m","from":"2028-04-01"}`,
		"amend": `{"invoice":"S-1","terms":{"features":["z"]}}`,
		// The number that is corrected is no sale's afterwards.
		"correct": `{"invoice":"S-3","why":"typed wrong","terms":{"invoice":"S-4","seats":2}}`,
	} {
		request := sha256.Sum256([]byte("POST /v1/staff/" + name + "\n" + body))
		status, answer := v.call("sell-sign", name+"-carried-out", name, body)
		v.did(status, answer, `"changed":true`)
		if _, _, err := v.desk.TakeKey(t.Context(), "t-sell-sign", name, request, v.now()); err != nil {
			t.Fatal(err)
		}
		status, answer = v.call("sell-sign", name, name, body)
		v.refused(409, "running", status, answer)
		v.later(desk.CarryOutTime + time.Second)
		status, answer = v.call("sell-sign", name, name, body)
		v.did(status, answer, `"changed":false`)
	}
	if n := v.clean(ledger.ActionSign); n != 3 {
		t.Errorf("%d licenses are on record, want 3", n)
	}
}

// TestHostileJSON: what is not what it should be is refused before a key is taken.
func TestHostileJSON(t *testing.T) {
	v := newVendor(t, "")
	good := saleOf("S-1")
	for _, body := range []string{
		`null`, `[]`, `"x"`, `{`, `{}{}`, good + "x", good + good, `{"terms":null}`, `{"terms":[]}`, `{"Terms":{}}`, `{"why":1,"terms":{}}`,
		`{"terms":{"seats":1,"seats":2}}`, `{"why":"a","why":"b","terms":{}}`, `{"terms":{"Seats":1}}`, `{"terms":{"waived":true}}`, `{"terms":{"standing":"canceled"}}`,
		`{"terms":{"seats":-1}}`, `{"terms":{"seats":1e30}}`, `{"terms":{"seats":1.5}}`, `{"terms":{"seats":true}}`, `{"terms":{"seats":{}}}`, `{"terms":{"seats":[1]}}`,
		`{"terms":{"features":["a;b"]}}`, `{"terms":{"features":[""]}}`, `{"terms":{"features":[["a"]]}}`, `{"terms":{"features":""}}`, `{"terms":{"invoice":null}}`,
		`{"terms":{"expires":"soon"}}`, `{"terms":{"type":"x"}}`, `{"terms":` + strings.Repeat(`[`, 10_000) + `}`, `{"why":"` + "\xff" + `"}`, `{"unknown":1,"terms":{}}`,
	} {
		status, answer := v.call("sell", "one", "sell", body)
		v.refused(400, "body", status, answer)
	}
	status, answer := v.call("sell", "one", "sell", "")
	v.refused(400, "empty", status, answer)
	if !strings.Contains(answer, "JSON") {
		t.Errorf("what to send: %s", answer)
	}
	status, answer = v.call("sell", "one", "sell", `{"why":"`+strings.Repeat("a", MaxBody)+`"}`)
	v.refused(413, "too-large", status, answer)
	status, answer = v.call("sell", "one", "sell", good, "Content-Type", "text/plain")
	v.refused(415, "content-type", status, answer)
	for _, key := range []string{"", "a b", "\x7f", strings.Repeat("k", 129), "ü"} {
		if key == "\x7f" { // no header has it
			continue
		}
		status, answer = v.call("sell", key, "sell", good)
		v.refused(400, "key", status, answer)
	}
	for _, of := range []string{"show", "show?of=", "show?of=%00", "show?of=" + strings.Repeat("x", 5000), "show?of=%27%3B--"} {
		if status, answer := v.read(of); status < 400 || status >= 500 {
			t.Errorf("%.20s: got %d %s", of, status, answer)
		}
	}
	status, answer = v.call("sell", "one", "sell", good)
	v.did(status, answer, `"changed":true`)
}

// TestTermsAreDescribed: openapi.yaml has each term that there is.
func TestTermsAreDescribed(t *testing.T) {
	_, described, _ := strings.Cut(string(openapi), "\n    Terms:\n")
	described, _, _ = strings.Cut(described, "\n    Number:\n")
	for _, term := range ledger.Terms {
		if !strings.Contains(described, "\n        "+term.Name+": ") {
			t.Errorf("it lacks %s", term.Name)
		}
	}
}
