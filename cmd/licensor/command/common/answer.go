package common

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// AddJSON adds --json. The command calls env.Answer with all that it has done: that prints
// nothing without the option, and with it all else goes to standard error. An error is
// answered by itself.
func AddJSON(flags *pflag.FlagSet) { flags.Bool("json", false, "") }

// WriteOutput writes a text to a path, "-" being standard output or the answer.
func WriteOutput(env *cli.Env, path string, text []byte) (service.Output, error) {
	switch {
	case path != "-":
		return service.Output{File: path}, env.WriteFile(path, text, 0o644)
	case env.JSON():
		return service.Output{Text: string(text)}, nil
	}
	return service.Output{}, env.WriteFile(path, text, 0o644)
}

// AnswerEntitlement answers with what was sold.
func AnswerEntitlement(ctx context.Context, env *cli.Env, s *service.Service, invoice string) error {
	if !env.JSON() {
		return nil
	}
	answer, err := s.AnswerEntitlement(ctx, invoice, env.Now())
	if err != nil {
		return err
	}
	return env.Answer(answer)
}

func codeOf(file []byte) (string, error) {
	kind, raw, err := format.DecodeText(file)
	if err != nil {
		return "", err
	}
	return format.CodeOf(kind, raw)
}
