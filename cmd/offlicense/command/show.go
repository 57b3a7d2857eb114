package command

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

//go:embed usage/show.txt
var showUsage string

func showCommand() cli.Command {
	return cli.Command{
		Name: "show", Summary: "print any statement for reading, without checking it", Usage: showUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			asJSON := flags.Bool("json", false, "")
			return func(env *cli.Env, args []string) error { return show(env, args, *asJSON) }
		},
	}
}

func show(env *cli.Env, files []string, asJSON bool) error {
	if len(files) == 0 {
		return cli.Usagef("show needs at least one file").WithHint("give a file with a request, a license or any other statement, or - for standard input")
	}
	for i, file := range files {
		text, err := env.ReadStatement(file)
		if err != nil {
			return err
		}
		s, err := decode(text)
		if err != nil {
			return notShown(file, err)
		}
		switch {
		case asJSON && len(files) > 1:
			s.File = file
			err = env.AnswerLine(s)
		case asJSON:
			err = env.Answer(s)
		default:
			if i > 0 {
				fmt.Fprintln(env.Stdout)
			}
			s.print(env.Stdout, file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func notShown(file string, err error) error {
	err = fmt.Errorf("cannot show \"%s\": %w", file, err)
	var malformed *format.MalformedError
	switch {
	case errors.As(err, &malformed) && (malformed.Foreign() == format.PrivateKey || malformed.Foreign() == format.MachineKey):
		return cli.Fail(err).WithHint("keep the key private")
	case malformed != nil && malformed.Missing() != nil:
		return cli.Fail(err).WithHint("give all parts, one after the other in one file or on standard input")
	case malformed != nil:
		return cli.Fail(err).WithHint("show reads what starts with %s, the whole text of it", format.Prefixes())
	}
	return err
}

// statement is what a text says. Nobody has checked whether it is true: it is for
// reading, and nothing is decided by it.
type statement struct {
	Version     int             `json:"version"`
	File        string          `json:"file,omitempty"` // where there are several
	Kind        string          `json:"kind"`
	Verified    bool            `json:"verified"` // always false
	Code        string          `json:"comparison_code,omitempty"`
	Request     *requestView    `json:"request,omitempty"`
	License     *licenseView    `json:"license,omitempty"`
	Delegation  *delegationView `json:"delegation,omitempty"` // of the license, too
	Release     *releaseView    `json:"release,omitempty"`
	Attestation *attestView     `json:"attestation,omitempty"`
	Revocations *listView       `json:"revocation_list,omitempty"` // in the license file, too
	Short       *shortView      `json:"short_license,omitempty"`
}

func decode(text []byte) (*statement, error) {
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		return nil, err
	}
	s := &statement{Version: 1, Kind: kind.String()}
	if kind != format.CarriedLicense { // it has that of the license for which it stands
		if s.Code, err = format.CodeOf(kind, raw); err != nil {
			return nil, err
		}
	}
	switch kind {
	case format.RequestBody:
		s.Request, err = viewRequest(raw)
	case format.SignedRequest:
		var signed format.Statement
		if signed, err = format.ParseStatement(raw, kind); err == nil {
			s.Request, err = viewRequest(signed.UnverifiedPayload())
		}
	case format.Delegation:
		var signed format.Statement
		if signed, err = format.ParseStatement(raw, kind); err == nil {
			s.Delegation, err = viewDelegation(signed.UnverifiedPayload())
		}
	case format.Release:
		var signed format.Statement
		if signed, err = format.ParseStatement(raw, kind); err == nil {
			s.Release, err = viewRelease(signed)
		}
	case format.Attestation:
		var signed format.Statement
		if signed, err = format.ParseStatement(raw, kind); err == nil {
			s.Attestation, err = viewAttestation(signed.UnverifiedPayload())
		}
	case format.LicenseFile:
		var file format.File
		if file, err = format.ParseFile(raw); err != nil {
			break
		}
		if s.Delegation, err = viewDelegation(file.Delegation.UnverifiedPayload()); err == nil {
			s.License, err = viewLicense(file.License.UnverifiedPayload(), s.Delegation.Name)
		}
		if err == nil && file.List != nil {
			s.Revocations, err = viewList(file.List)
		}
	case format.CarriedLicense:
		s.Short, err = viewShort(raw)
	case format.RevocationFile:
		var list *format.List
		if list, err = format.ParseList(raw); err == nil {
			s.Revocations, err = viewList(list)
		}
	default:
		err = fmt.Errorf("this version does not know how to show a %s", kind)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}
