package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// listFlags say by which revocation lists a license is judged, besides the one in its own
// file and that of the state directory.
type listFlags struct {
	files  []string
	min    uint64
	maxAge time.Duration
}

func (f *listFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.files, "revocations", nil, "")
	flags.Uint64Var(&f.min, "min-list", 0, "")
	flags.Var(ageValue{&f.maxAge}, "max-list-age", "")
}

// ageValue is an option with a number of days, such as 90d.
type ageValue struct{ age *time.Duration }

func (a ageValue) Type() string   { return "days" }
func (a ageValue) String() string { return "" }

func (a ageValue) Set(s string) error {
	days, err := strconv.ParseUint(strings.TrimSuffix(s, "d"), 10, 16)
	if err != nil || days == 0 {
		return errors.New("want a number of days like 90d")
	}
	*a.age = time.Duration(days) * 24 * time.Hour
	return nil
}

// givenList is a list of the command line.
type givenList struct {
	text []byte
	*verify.RevocationList
}

// load opens the lists that were given: one that does not open must not be passed over.
func (f *listFlags) load(env *cli.Env, v *verify.Verifier) ([]givenList, error) {
	var all []givenList
	for _, file := range f.files {
		text, err := env.ReadStatement(file, format.RevocationFile)
		if err != nil {
			return nil, err
		}
		l, err := v.OpenRevocationList(text)
		if err != nil {
			return nil, fmt.Errorf("cannot use \"%s\" as a revocation list: %w", file, err)
		}
		all = append(all, givenList{text, l})
	}
	return all, nil
}

// listAnswer is a verify.ListStatus with the age of the list.
type listAnswer struct {
	Number  uint64    `json:"number"`
	Issued  time.Time `json:"issued"`
	AgeDays int       `json:"age_days"` // whole days
}

func answerList(l *verify.ListStatus, now time.Time) *listAnswer {
	if l == nil {
		return nil
	}
	// A clock that is a little behind makes no negative age.
	return &listAnswer{l.Number, l.Issued, max(0, int(now.Sub(l.Issued)/(24*time.Hour)))}
}

// String says how old the list is.
func (l *listAnswer) String() string {
	switch {
	case l == nil:
		return "none seen"
	case l.AgeDays == 0:
		return fmt.Sprintf("list %d of %s, less than a day old", l.Number, text.Date(l.Issued))
	case l.AgeDays == 1:
		return fmt.Sprintf("list %d of %s, 1 day old", l.Number, text.Date(l.Issued))
	}
	return fmt.Sprintf("list %d of %s, %d days old", l.Number, text.Date(l.Issued), l.AgeDays)
}
