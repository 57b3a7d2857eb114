package qr

import (
	"runtime"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

func TestUnsure(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no locale in the environment")
	}
	for env, want := range map[string]string{
		"TERM=linux LANG=C.UTF-8":                         "",
		"TERM=xterm-256color LANG=de_DE.utf8":             "",
		"TERM=tmux-256color LC_CTYPE=UTF-8":               "",
		"TERM=screen LANG=C LC_CTYPE=en_US.UTF-8":         "",
		"TERM=vt220 LANG=ca_ES.UTF-8@valencia":            "",
		"TERM=vt100 LANG=C LC_ALL=C.UTF-8":                "",
		"TERM=linux LANG=C.UTF-8 LC_ALL=C":                "the locale is not UTF-8",
		"TERM=linux LANG=de_DE.ISO-8859-1":                "the locale is not UTF-8",
		"TERM=linux LANG=de_DE":                           "the locale is not UTF-8",
		"TERM=linux LANG=en_US.UTF-8 LC_CTYPE=de_DE@euro": "the locale is not UTF-8",
		"TERM=linux":                         "",
		"TERM=dumb LANG=C.UTF-8":             "TERM=dumb",
		"LANG=C.UTF-8":                       "TERM=",
		"TERM=linux LANG=C.UTF-8 NO_COLOR=1": "NO_COLOR is set",
	} {
		set := map[string]string{}
		for word := range strings.FieldsSeq(env) {
			name, value, _ := strings.Cut(word, "=")
			set[name] = value
		}
		got := Unsure(&cli.Env{Getenv: func(name string) string { return set[name] }}, true)
		switch {
		case got == nil && want != "" || got != nil && want == "":
			t.Errorf("%s: got %+v", env, got)
		case got != nil && (!strings.Contains(got.Why, want) || !strings.Contains(got.Advice(""), "--qr-png")):
			t.Errorf("%s: got %+v, want %q", env, got, want)
		}
	}
}
