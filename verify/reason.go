package verify

import "fmt"

// Reason is the outcome of a judgement in one word, the same in Go, in JSON, in text
// and over the phone. Every Reason but Valid and Grace is also an error, so that
// errors.Is(err, verify.Expired) asks for one.
type Reason string

// The reasons. SPEC.md, section "Judgement".
const (
	Valid Reason = "valid"
	Grace Reason = "grace" // valid, and in its grace days

	NoLicense       Reason = "no-license"
	Malformed       Reason = "malformed"
	BadSignature    Reason = "bad-signature"
	UnknownKey      Reason = "unknown-key"
	OutOfScope      Reason = "out-of-scope"
	Revoked         Reason = "revoked"
	Superseded      Reason = "superseded"
	Released        Reason = "released"
	WrongProduct    Reason = "wrong-product"
	WrongVersion    Reason = "wrong-version"
	UpdatesEnded    Reason = "updates-ended"
	WrongSite       Reason = "wrong-site"
	WrongMachine    Reason = "wrong-machine"
	Standby         Reason = "standby"
	OverLimit       Reason = "over-limit"
	NotYetValid     Reason = "not-yet-valid"
	Expired         Reason = "expired"
	ClockRolledBack Reason = "clock-rolled-back"
)

func (r Reason) Error() string { return string(r) }

// Refusal says why there is no license to be had from the bytes. All its texts are
// safe to print.
type Refusal struct {
	Reason   Reason
	Message  string // what is the matter, in one line
	Expected string // empty where there is nothing to compare, like Found
	Found    string
	hint     string // what to do about it

	// Undecided is set with Revoked alone: not known to be so, for a list is missing that
	// is new enough.
	Undecided bool

	ofRoots bool // the hint is about the roots file, and so good advice whatever file was read
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Reason, r.Message) }

// WithHint sets what to do next, one sentence, and returns r.
func (r *Refusal) WithHint(format string, args ...any) *Refusal {
	r.hint = fmt.Sprintf(format, args...)
	return r
}

// Hint returns what to do next.
func (r *Refusal) Hint() string { return r.hint }

// Unwrap lets errors.Is compare with a Reason.
func (r *Refusal) Unwrap() error { return r.Reason }
