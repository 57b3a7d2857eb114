package common

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// AddJSON adds --json. The command calls env.Answer with all that it has done: that prints
// nothing without the option, and with it all else goes to standard error. An error is
// answered by itself.
func AddJSON(flags *pflag.FlagSet) { flags.Bool("json", false, "") }

// Output says in an answer where a text is that the command has made. With --json, what
// would go to standard output is in the answer.
type Output struct {
	File string `json:"file,omitempty"`
	Text string `json:"text,omitempty"`
}

// WriteOutput writes a text to a path, "-" being standard output or the answer.
func WriteOutput(env *cli.Env, path string, text []byte) (Output, error) {
	switch {
	case path != "-":
		return Output{File: path}, env.WriteFile(path, text, 0o644)
	case env.JSON():
		return Output{Text: string(text)}, nil
	}
	return Output{}, env.WriteFile(path, text, 0o644)
}

// EntitlementAnswer is what was sold, as it is on record now.
type EntitlementAnswer struct {
	Version     int                      `json:"version"`
	Entitlement *service.EntitlementView `json:"entitlement"`
}

// AnswerEntitlement answers with what was sold.
func AnswerEntitlement(ctx context.Context, env *cli.Env, s *service.Service, invoice string) error {
	if !env.JSON() {
		return nil
	}
	view, err := s.ViewEntitlement(ctx, invoice, env.Now())
	if err != nil {
		return err
	}
	return env.Answer(EntitlementAnswer{1, view})
}

// Delivered is a license that goes to a server.
type Delivered struct {
	Invoice    string              `json:"invoice,omitempty"`
	Activation string              `json:"activation"`
	Site       string              `json:"site,omitempty"`
	Host       string              `json:"host,omitempty"`
	License    service.LicenseView `json:"license"`
	Code       string              `json:"code,omitempty"`    // the license's comparison code, which install shows, too
	Carried    string              `json:"carried,omitempty"` // the text of its QR code, with --qr
	Output
}

// LicenseAnswer is the license that a command has given out.
type LicenseAnswer struct {
	Version int `json:"version"`
	*Delivered
	Again    bool        `json:"again,omitempty"`     // it was on record already
	ToRevoke []format.ID `json:"to_revoke,omitempty"` // what waits for the next revocation list
}

func codeOf(file []byte) (string, error) {
	kind, raw, err := format.DecodeText(file)
	if err != nil {
		return "", err
	}
	return format.CodeOf(kind, raw)
}

// deliveredOf shows a license to a program, with the place that its request names.
func deliveredOf(ctx context.Context, s *service.Service, license *ledger.License, out Output) (*Delivered, error) {
	d := &Delivered{Activation: license.Activation, License: service.ViewLicense(license), Output: out}
	_, q, err := s.Issued(ctx, license.ID)
	if err != nil {
		return nil, err
	}
	if q != nil { // it is bound to a machine
		d.Invoice, d.Site, d.Host = q.Invoice, q.Site, q.Host
	}
	return d, nil
}
