package main

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

// issuing is what the commands have in common that change the ledger and sign what
// follows from the change.
type issuing struct {
	home     homeOption
	operator operatorOption
	key      staffKeyOption
	reason   reasonOptions
	yes      bool
}

func (o *issuing) add(flags *pflag.FlagSet) {
	o.home.addLedger(flags)
	o.operator.add(flags)
	o.key.add(flags)
	o.reason.add(flags)
	flags.BoolVar(&o.yes, "yes", false, "")
}

// check refuses what would be refused after all questions were answered.
func (o *issuing) check() error {
	if o.reason.override && o.reason.why == "" {
		return cli.Usagef("--override needs --why").WithHint("a rule is lifted only with a reason, which stays on record")
	}
	return nil
}

func (o *issuing) operation(env *cli.Env) (ledger.Operation, error) {
	return o.reason.operation(env, &o.operator)
}

// agree asks, unless --yes has answered.
func (o *issuing) agree(env *cli.Env, question, nothing string) error {
	return agree(env, o.yes, question, nothing)
}

// agree asks unless the answer is yes already. nothing says what a no leaves undone.
func agree(env *cli.Env, yes bool, question, nothing string) error {
	if yes {
		return nil
	}
	yes, err := env.Confirm(question)
	if err != nil {
		return err
	}
	if !yes {
		return cli.Failf("%s", nothing).WithHint("nothing was changed")
	}
	return nil
}

func needWhy(r *reasonOptions, what string) error {
	if r.why == "" {
		return cli.Usagef("--why is missing").WithHint("%s needs a reason, which stays on record", what)
	}
	return nil
}

// lateSigner loads the staff key for the first license that is to be signed: who only
// gets again what is on record needs no key, and types no passphrase.
type lateSigner struct {
	load func() (*issuer.Issuer, error)
	by   ledger.Operation

	once   sync.Once
	issuer *issuer.Issuer
	failed error // the first failure; the same one of a hundred licenses is told once
	mu     sync.Mutex
}

func (o *issuing) signer(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, by ledger.Operation) *lateSigner {
	return &lateSigner{by: by, load: func() (*issuer.Issuer, error) { return loadIssuer(ctx, env, &o.key, at, l) }}
}

func (s *lateSigner) issue(grants []ledger.Grant) []ledger.Draft {
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

// explain returns why nothing was signed in place of what the ledger makes of it.
func (s *lateSigner) explain(err error) error {
	if err != nil && s.failed != nil {
		return s.failed
	}
	return err
}
