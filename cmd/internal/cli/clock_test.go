package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

func TestTime(t *testing.T) {
	at := func(now time.Time) *cli.Env { return &cli.Env{Now: func() time.Time { return now }} }
	good := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	if now, err := at(good).Time(); err != nil || !now.Equal(good) {
		t.Errorf("got %v, %v", now, err)
	}
	now, err := at(time.Unix(5, 0)).Time()
	if !now.IsZero() || err == nil || !strings.Contains(err.Error(), "1970-01-01") {
		t.Errorf("in 1970: got %v, %v", now, err)
	}
}
