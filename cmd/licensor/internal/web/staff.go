package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/verify"
)

// Calls are what the vendor's own programs, such as a shop or a CRM, call on the staff's site:
// what the commands do, with a token, in JSON.
type Calls struct {
	Service *service.Service
	Desk    *desk.Desk
	Signing Signing
	Random  io.Reader

	// Show makes the answer of what was looked up, as show --json prints it.
	Show func(*service.Shown, ledger.Partners, time.Time) any
}

// Signing signs with the service's key, a [service.Activator].
type Signing interface {
	Issue(ctx context.Context, by ledger.Operation) ledger.Issue
	Issued(n int)
}

// staff answers the calls.
type staff struct {
	*Calls
	site *Site
}

// call is one of them, whose token has the right to it.
type call struct {
	by    ledger.Operation
	token *desk.Token
}

// carryOutTime ends a call before another one may take its key.
const carryOutTime = desk.CarryOutTime / 2

func (c *Calls) handle(s *Site) {
	f := &staff{c, s}
	s.mux.HandleFunc("GET /v1/staff/show", f.reading(f.show))
	s.mux.HandleFunc("GET /v1/staff/queue", f.reading(f.queue))
	changing(f, "sell", f.sell, desk.Sell)
	changing(f, "correct", f.correct, desk.Sell)
	changing(f, "renew", f.renew, desk.Sell)
	changing(f, "amend", f.amend, desk.Sell)
	changing(f, "sign", f.sign, desk.Sign)
	changing(f, "queue/sign", f.queueSign, desk.Sign)
	changing(f, "queue/refuse", f.queueRefuse, desk.Sign)
	changing(f, "suspend", f.standing(ledger.StandingSuspended), desk.Revoke)
	changing(f, "resume", f.standing(""), desk.Revoke)
	changing(f, "cancel", f.standing(ledger.StandingCanceled), desk.Revoke)
}

// enter finds the token of a call, and refuses one without the right. Any text that is no
// token costs the same.
func (s *staff) enter(w http.ResponseWriter, r *http.Request, right desk.Right) *call {
	text, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token, err := s.Desk.Bearer(r.Context(), text)
	switch {
	case err != nil:
		s.site.failed(w, err)
	case token == nil || !isBearer:
		w.Header().Set("WWW-Authenticate", "Bearer")
		problem{Status: http.StatusUnauthorized, Rule: "token", Detail: "The call has no token that is known here.", Next: "Send Authorization: Bearer olt_..., which \"licensor desk token add\" has printed."}.write(w)
	case !token.May(right):
		problem{Status: http.StatusForbidden, Rule: "right", Detail: "The token does not have the right " + string(right) + ".", Next: "Use a token that has it: licensor desk token add NAME --right " + string(right)}.write(w)
	default:
		return &call{token: token, by: ledger.Operation{Operator: "token:" + token.Name, Now: s.site.o.Now(), Random: s.Random}}
	}
	return nil
}

// reading answers a call that changes nothing.
func (s *staff) reading(do func(ctx context.Context, r *http.Request, now time.Time) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c := s.enter(w, r, desk.Read); c != nil {
			answer, err := do(r.Context(), r, c.by.Now)
			s.answer(answer, err).write(w)
		}
	}
}

// changing answers a call that changes something, once for each idempotency key: B is its
// body. The key is taken before anything is done; and what broke off between that and its
// answer is harmless a second time, for the ledger knows what is on record.
func changing[B any](s *staff, name string, do func(ctx context.Context, c *call, body *B) (any, error), right desk.Right) {
	pattern := "POST /v1/staff/" + name
	s.site.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c := s.enter(w, r, right)
		if c == nil {
			return
		}
		key := r.Header.Get("Idempotency-Key")
		if len(key) < 1 || len(key) > 128 || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
			problem{Status: http.StatusBadRequest, Rule: "key", Detail: "The header Idempotency-Key is missing or invalid.", Next: "Send 1 to 128 visible ASCII characters that name this change, such as a UUID, and the same again to repeat it."}.write(w)
			return
		}
		raw, ok := jsonBody(w, r)
		if !ok {
			return
		}
		body := new(B)
		if err := strict(raw, body); err != nil {
			problem{Status: http.StatusBadRequest, Rule: "body", Detail: "The body does not say what it should: " + err.Error() + ".", Next: "See /v1/openapi.yaml."}.write(w)
			return
		}
		// It is finished even if its client is gone, and then told to the next one who asks.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), carryOutTime)
		defer cancel()
		request := sha256.Sum256(append([]byte(pattern+"\n"), raw...))
		taken, known, err := s.Desk.TakeKey(ctx, c.token.Name, key, request, c.by.Now)
		switch {
		case err != nil:
			s.site.failed(w, err)
			return
		case known != nil && known.Request != request:
			problem{Status: http.StatusUnprocessableEntity, Rule: "key", Detail: "This Idempotency-Key was used for another call.", Next: "Give each change a key of its own."}.write(w)
			return
		case !taken && known.Status == 0:
			w.Header().Set("Retry-After", "5")
			problem{Status: http.StatusConflict, Rule: "running", Detail: "A call with this Idempotency-Key is being carried out.", Next: "Send the same again in a few seconds: it gets the same answer."}.write(w)
			return
		case !taken:
			outcome{known.Status, []byte(known.Body)}.write(w)
			return
		}
		answer, err := do(ctx, c, body)
		out := s.answer(answer, err)
		if out.status == http.StatusBadRequest || out.status >= http.StatusInternalServerError { // nothing was done
			err = s.Desk.FreeKey(ctx, c.token.Name, key)
		} else {
			err = s.Desk.KeepAnswer(ctx, c.token.Name, key, out.status, string(out.body), s.site.o.Now())
		}
		if err != nil { // the same again is carried out again, which is harmless
			s.site.o.Log.Error("answer", "error", err.Error())
		}
		out.write(w)
	})
}

// outcome is what a call was answered.
type outcome struct {
	status int
	body   []byte
}

func (o outcome) write(w http.ResponseWriter) {
	if o.status >= http.StatusBadRequest {
		var p problem
		if json.Unmarshal(o.body, &p) == nil {
			if p.Status == http.StatusServiceUnavailable {
				w.Header().Set("Retry-After", "60")
			}
			p.write(w)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(o.status)
	w.Write(o.body)
}

// answer makes an answer, or says why there is none.
func (s *staff) answer(answer any, err error) outcome {
	status := http.StatusOK
	if err != nil {
		p := s.problemOf(err)
		status, answer = p.Status, p
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // what the service shows
	}
	return outcome{status, append(body, '\n')}
}

// problemOf says what staff can mend as the commands say it. Trouble of the service itself is
// for the log.
func (s *staff) problemOf(err error) problem {
	p := problem{Status: http.StatusUnprocessableEntity, Rule: "refused"}
	var many *service.ImportError
	asked := errors.As(err, &many) && len(many.Lines) > 0 // of what it says, which may have no hint
	if asked {
		err = many.Lines[0].Err
	}
	var known *problemError
	var rule *ledger.Refusal
	var unread *verify.Refusal
	var waits *service.Waiting
	switch {
	case errors.As(err, &known):
		return problem(*known)
	case errors.As(err, &waits):
		p.Status, p.Rule, p.Detail = http.StatusServiceUnavailable, waits.Word, waits.Message
		p.Next = "Send the same again later, or sign it with the command."
		return p
	case errors.As(err, &unread):
		p.Rule = string(unread.Reason)
	case service.IsTrouble(err), !asked && hint.Of(err) == "":
		s.site.o.Log.Error("trouble", "error", err.Error())
		return problem{Status: http.StatusServiceUnavailable, Rule: "trouble", Detail: "The service cannot answer now; nothing was changed, or it is on record.", Next: "Send the same again in a minute."}
	case errors.As(err, &rule):
		p.Rule = string(rule.Rule)
		if service.IsOfService(err) {
			p.Status = http.StatusServiceUnavailable
		}
	}
	switch p.Detail, p.Next = err.Error(), hint.Of(err); {
	case p.Next == "":
		p.Next = "Look at what is on record with /v1/staff/show."
	case rule != nil && rule.Rule == ledger.RuleReason: // of what is no option here
		p.Next = "Say why, as the member why of the body."
	}
	return p
}

// problemError is a problem that a call has made itself.
type problemError problem

func (e *problemError) Error() string { return e.Detail }

// jsonBody reads the body of a call.
func jsonBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		problem{Status: http.StatusUnsupportedMediaType, Rule: "content-type", Detail: "The Content-Type of the body is not application/json.", Next: "Send Content-Type: application/json."}.write(w)
		return nil, false
	}
	if r.ContentLength == 0 {
		problem{Status: http.StatusBadRequest, Rule: "empty", Detail: "Nothing was sent.", Next: "Send a JSON object as the body; /v1/openapi.yaml says what is in it."}.write(w)
		return nil, false
	}
	return statement(w, r)
}

// strict reads one JSON object into a body. Each of its members is known, and there once.
func strict(raw []byte, body any) error {
	if !utf8.Valid(raw) {
		return errors.New("it is not in UTF-8")
	}
	if err := once(json.NewDecoder(bytes.NewReader(raw)), 0); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(body); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more follows the object")
	}
	return nil
}

const maxDepth = 4

// once refuses a value that names a member of an object twice, or in capitals: the decoder
// would take either for the one that is meant.
func once(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return errors.New("it is no JSON")
	}
	if depth == 0 && token != json.Delim('{') || depth > maxDepth {
		return errors.New("want one object, not deep")
	}
	if token != json.Delim('{') && token != json.Delim('[') {
		return nil
	}
	seen := make(map[string]bool)
	for d.More() {
		if token == json.Delim('{') {
			name, err := d.Token()
			text, ok := name.(string)
			switch {
			case err != nil || !ok:
				return errors.New("it is no JSON")
			case seen[text]:
				return fmt.Errorf("%.64q is there twice", text)
			case depth == 0 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") != "":
				return fmt.Errorf("unknown field %.64q", text)
			}
			seen[text] = true
		}
		if err := once(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
