package common

import (
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// DateFlag is an option with a date. It means the last second of that day in UTC.
func DateFlag(t *time.Time) pflag.Value { return dateValue{t} }

type dateValue struct{ t *time.Time }

func (d dateValue) Type() string { return "date" }

func (d dateValue) String() string {
	if d.t == nil || d.t.IsZero() {
		return ""
	}
	return d.t.Format(time.DateOnly)
}

func (d dateValue) Set(s string) error {
	t, err := ledger.ParseDate(s)
	if err == nil {
		*d.t = t
	}
	return err
}

// DaysFlag is an option with a number of days, such as 14d.
func DaysFlag(days *uint64) pflag.Value { return daysValue{days} }

type daysValue struct{ days *uint64 }

func (d daysValue) Type() string { return "days" }

func (d daysValue) String() string {
	if d.days == nil || *d.days == 0 {
		return ""
	}
	return fmt.Sprintf("%dd", *d.days)
}

func (d daysValue) Set(s string) error {
	days, err := ledger.ParseDays(s)
	if err == nil {
		*d.days = days
	}
	return err
}

// ActivationFlag is the option --activation. An id may be typed in small letters.
func ActivationFlag(id *string) pflag.Value { return activationValue{id} }

type activationValue struct{ id *string }

func (a activationValue) Type() string { return "activation" }

func (a activationValue) String() string {
	if a.id == nil {
		return ""
	}
	return *a.id
}

func (a activationValue) Set(s string) error {
	*a.id = strings.ToUpper(s)
	return nil
}
