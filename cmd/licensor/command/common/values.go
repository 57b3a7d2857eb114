package common

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// CountByFlag is the option --count-by.
func CountByFlag(by *ledger.CountBy) pflag.Value { return countByValue{by} }

type countByValue struct{ by *ledger.CountBy }

func (c countByValue) Type() string { return "site or machine" }

func (c countByValue) String() string {
	if c.by == nil {
		return ""
	}
	return string(*c.by)
}

func (c countByValue) Set(s string) error {
	switch by := ledger.CountBy(s); by {
	case ledger.BySite, ledger.ByMachine:
		*c.by = by
		return nil
	}
	return errors.New("want site or machine")
}

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
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return errors.New("want a date like 2027-11-21")
	}
	if t.Year() < 1970 {
		return errors.New("want a date after 1970")
	}
	*d.t = t.Add(24*time.Hour - time.Second)
	return nil
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
	days, err := strconv.ParseUint(strings.TrimSuffix(s, "d"), 10, 16)
	if err != nil {
		return errors.New("want a number of days like 14d")
	}
	*d.days = days
	return nil
}

// LimitFlag is an option that is given once for each limit: cores=16.
func LimitFlag(limits map[string]uint64) pflag.Value { return limitValue{limits} }

type limitValue struct{ limits map[string]uint64 }

func (l limitValue) Type() string   { return "limit" }
func (l limitValue) String() string { return "" }

func (l limitValue) Set(s string) error {
	name, number, found := strings.Cut(s, "=")
	n, err := strconv.ParseUint(number, 10, 63)
	if !found || name == "" || err != nil {
		return errors.New("want NAME=NUMBER like cores=16")
	}
	if _, twice := l.limits[name]; twice {
		return fmt.Errorf("%s is given twice", cli.Quote(name))
	}
	l.limits[name] = n
	return nil
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
