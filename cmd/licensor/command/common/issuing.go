package common

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// Issuing is what the commands have in common that change the ledger and sign what
// follows from the change.
type Issuing struct {
	Home     HomeOption
	operator OperatorOption
	Key      StaffKeyOption
	Reason   ReasonOptions
	Yes      bool
}

func (o *Issuing) Add(flags *pflag.FlagSet) {
	o.Home.AddLedger(flags)
	o.operator.Add(flags)
	o.Key.Add(flags)
	o.Reason.Add(flags)
	flags.BoolVar(&o.Yes, "yes", false, "")
}

// Check refuses what would be refused after all questions were answered.
func (o *Issuing) Check() error {
	if o.Reason.Override && o.Reason.Why == "" {
		return cli.Usagef("--override needs --why").WithHint("a rule is lifted only with a reason, which stays on record")
	}
	return nil
}

func (o *Issuing) Operation(env *cli.Env) (ledger.Operation, error) {
	return o.Reason.Operation(env, &o.operator)
}

// Agree asks, unless --yes has answered.
func (o *Issuing) Agree(env *cli.Env, question, nothing string) error {
	return Agree(env, o.Yes, question, nothing)
}

// lazySigner loads the staff key for the first license that is to be signed: who only
// gets again what is on record needs no key, and types no passphrase.
type lazySigner struct {
	load func() (*issuer.Issuer, error)
	by   ledger.Operation

	once   sync.Once
	issuer *issuer.Issuer
	failed error // the first failure; the same one of a hundred licenses is told once
	mu     sync.Mutex
}

func (o *Issuing) Signer(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, by ledger.Operation) *lazySigner {
	return &lazySigner{by: by, load: func() (*issuer.Issuer, error) { return LoadIssuer(ctx, env, &o.Key, at, l) }}
}

func (s *lazySigner) Issue(grants []ledger.Grant) []ledger.Draft {
	s.once.Do(func() { s.issuer, s.failed = s.load() })
	if s.issuer == nil {
		return slices.Repeat([]ledger.Draft{{Err: s.failed}}, len(grants))
	}
	drafts := s.issuer.IssueAll(grants, s.by.Now)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range drafts {
		s.failed = cmp.Or(s.failed, d.Err)
	}
	return drafts
}

// Explain returns why nothing was signed in place of what the ledger makes of it.
func (s *lazySigner) Explain(err error) error {
	if err != nil && s.failed != nil {
		return s.failed
	}
	return err
}
