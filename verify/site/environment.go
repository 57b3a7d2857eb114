package site

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// The variables of the environment that are read unless [Program] says otherwise.
const (
	// ComponentsVariable holds components: "cluster=UID,volume=ID". A pod's specification
	// sets it.
	ComponentsVariable = "OFFLICENSE_COMPONENTS"

	// ComponentFilesVariable names the files of components: "cluster=/etc/evoq/cluster-uid".
	ComponentFilesVariable = "OFFLICENSE_COMPONENT_FILES"

	// LicenseVariable holds the license: the text of the file, or its path.
	LicenseVariable = "OFFLICENSE_LICENSE"
)

// ParseComponents reads components with commas between them, as [ComponentsVariable]
// holds them; none in an empty text.
func ParseComponents(list string) ([]machine.Value, error) {
	return parseList(list, machine.ParseValue)
}

// ParseComponentFiles reads labels and paths with commas between them, as
// [ComponentFilesVariable] holds them; none in an empty text.
func ParseComponentFiles(list string) ([]machine.Value, error) {
	return parseList(list, machine.ParseValueFile)
}

func parseList(list string, parse func(string) (machine.Value, error)) ([]machine.Value, error) {
	var values []machine.Value
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		value, err := parse(item)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// EnvironmentComponents returns the components that an environment names, never nil; a label
// may stand in one of the two variables. getenv nil is that of the process.
func EnvironmentComponents(getenv func(string) string) ([]machine.Value, error) {
	all := []machine.Value{}
	for _, from := range [...]struct {
		variable string
		parse    func(string) ([]machine.Value, error)
	}{{ComponentsVariable, ParseComponents}, {ComponentFilesVariable, ParseComponentFiles}} {
		values, err := from.parse(unquoted(orProcess(getenv)(from.variable)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from.variable, err)
		}
		all = append(all, values...)
	}
	return all, nil
}

// orProcess returns what reads an environment, nil being that of the process.
func orProcess(getenv func(string) string) func(string) string {
	if getenv == nil {
		return os.Getenv
	}
	return getenv
}

// given returns the components that the operator gives: those of the program, or else of its
// environment.
func (p Program) given() ([]machine.Value, error) {
	if p.Components != nil {
		return p.Components, nil
	}
	return EnvironmentComponents(p.Getenv)
}

// license returns the text of the license that the environment holds, nil for none.
func (p Program) license() ([]byte, error) {
	given := unquoted(orProcess(p.Getenv)(LicenseVariable))
	if given == "" || isLicense(given) {
		return []byte(given), nil
	}
	if len(given) > maxPath || strings.ContainsAny(given, "\r\n") {
		return nil, fmt.Errorf("%w: %.20q... is neither a license, which begins with OLL1:, nor a path", ErrLicenseVariable, given)
	}
	text, err := readRegular(given)
	if err == nil && len(bytes.TrimSpace(text)) == 0 {
		err = errors.New("the file is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrLicenseVariable, given, cause(err))
	}
	return text, nil
}

// unquoted takes away the quotes, and the \n in the place of line feeds, that a file of variables
// has and Docker's --env-file leaves.
func unquoted(s string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n > 1 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		s = strings.TrimSpace(s[1 : n-1])
	}
	if isLicense(s) {
		s = strings.NewReplacer(`\r`, "", `\n`, "\n").Replace(s)
	}
	return s
}

// maxPath is the longest path, in bytes, that is looked for; what is longer is a text.
const maxPath = 1024

// isLicense tells the text of a license file, perhaps in parts, from a path.
func isLicense(text string) bool {
	const prefix = "OLL1"
	start := strings.TrimPrefix(text, "\ufeff")
	return len(start) > len(prefix) && strings.EqualFold(start[:len(prefix)], prefix) && strings.Contains(start, ":")
}

// question opens the license of a program: that of its environment, or else the installed one.
func (s *State) question(v *verify.Verifier, p Program, now time.Time) (q question, err error) {
	text, err := p.license()
	fromEnvironment := len(text) > 0
	if err == nil && !fromEnvironment {
		text, err = s.readLicense()
	}
	if err != nil {
		return q, err
	}
	q = question{Program: p, now: now}
	if q.known, err = s.lists(v, p); err != nil {
		return q, err
	}
	if !fromEnvironment {
		q.opened, err = v.Open(text)
		return q, err
	}
	if q.opened, err = s.Open(v, text, nil); err == nil {
		q.installed = s.installed(v)
	}
	return q, err
}

// inUse returns the text of the license that a check judges, and where it stands: that of the
// environment, unless the directory has a newer one of its activation. Nobody has checked it.
func (s *State) inUse(getenv func(string) string) (text []byte, place string, err error) {
	place = s.path(licenseFile)
	given, err := Program{Getenv: getenv}.license()
	if err != nil {
		return nil, LicenseVariable, err
	}
	if len(given) == 0 {
		text, err = s.readLicense()
		return text, place, err
	}
	if l, err := unverifiedLicense(given); err == nil {
		installed, err := s.unverifiedLicense()
		if err == nil && installed.Issuer == l.Issuer && installed.Activation == l.Activation && installed.Terms.Epoch > l.Terms.Epoch {
			text, err = s.readLicense()
			return text, place, err
		}
	}
	return given, LicenseVariable, nil
}

// claimsInUse returns what the license in use says of itself, which grants nothing.
func (s *State) claimsInUse(getenv func(string) string) (*format.LicenseClaims, error) {
	text, _, err := s.inUse(getenv)
	if err != nil {
		return nil, err
	}
	return unverifiedLicense(text)
}

// superseded reports whether the directory has a newer license than the environment. A variable
// that nobody has set anew takes none away.
func (q question) superseded(err error) bool {
	return q.installed != nil && errors.Is(err, verify.Superseded)
}

// older warns of that.
func (s *State) older() verify.Warning {
	return verify.Warning{Code: OlderLicense, Value: LicenseVariable}.Says(
		"%s holds an older license than the state directory %q: the newer one is used", LicenseVariable, s.dir)
}

// withoutLicense is the program in an environment that holds no license.
func (p Program) withoutLicense() Program {
	getenv := orProcess(p.Getenv)
	p.Getenv = func(name string) string {
		if name == LicenseVariable {
			return ""
		}
		return getenv(name)
	}
	return p
}

// unread is a component of the operator that could not be read, and why; or else one of the
// machine's own that this user does not read.
type unread struct{ label, why, own string }

// firstUnread returns the first of those given that an identity lacks, if any.
func firstUnread(given []machine.Value, identity *machine.Identity) unread {
	for _, f := range identity.Findings {
		if f.Status != machine.Present && slices.ContainsFunc(given, func(v machine.Value) bool { return v.Label() == f.Label }) {
			return unread{label: f.Label, why: f.Detail}
		}
	}
	return unread{}
}

// ownUnread returns the first label that a request counts on and that is there, for others to read.
func ownUnread(asked *verify.Request, identity *machine.Identity) string {
	for _, f := range identity.Findings {
		if f.Status == machine.Unreadable && slices.ContainsFunc(asked.Readable(), func(c format.Component) bool { return c.Label == f.Label }) {
			return f.Label
		}
	}
	return ""
}

// name tells of it where the machine is another one, perhaps for want of it.
func (u unread) name(err error) error {
	refusal, ok := errors.AsType[*verify.Refusal](err)
	if !ok || refusal.Reason != verify.WrongMachine || u.label+u.own == "" {
		return err
	}
	named := *refusal
	if u.label == "" {
		return named.WithHint("let the product's user read %s, or name that user in a new request: --service-user NAME", u.own)
	}
	named.Found += fmt.Sprintf("; component %q: %s", u.label, u.why)
	return named.WithHint("mend the mount or the file of component %q, and try again", u.label)
}
