package qr

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// Hindrance is why a terminal is not shown a code, and what to do instead.
type Hindrance struct {
	Why   string
	first string // what else to do, before that
	last  string // or after
}

// Advice says what to do instead. text says how to get the text of the code, such as
// "--out FILE for the text"; it may be empty.
func (h *Hindrance) Advice(text string) string {
	advice := h.first + "use --qr-png FILE or --qr-svg FILE for a picture"
	for _, more := range [...]string{text, h.last} {
		if more != "" {
			advice += ", or " + more
		}
	}
	return advice
}

// Unsure returns why a terminal may not show a code right: where it could come out
// inverted, or as other characters. nil is that it does. color is what the terminal takes.
//
// A serial line (vt100, vt220) is not one: who sits at its other end has an emulator, and
// what does not know our colors shows light on dark. tmux, screen and the Linux console
// take the colors, and know half blocks where the locale is UTF-8.
func Unsure(env *cli.Env, color bool) *Hindrance {
	why := ""
	switch terminal := env.Getenv("TERM"); {
	case env.Getenv("NO_COLOR") != "":
		why = "NO_COLOR is set"
	case runtime.GOOS == "windows" && !color:
		why = "this console shows no colors"
	case runtime.GOOS == "windows":
	case terminal == "" || terminal == "dumb" || terminal == "unknown":
		why = fmt.Sprintf("the terminal is of no known type (TERM=%s)", cli.Clean(terminal))
	case !utf8Locale(env):
		why = "the locale is not UTF-8 (LANG)"
	}
	if why == "" {
		return nil
	}
	return &Hindrance{Why: "no QR code is drawn, for " + why, last: "--qr always to draw it all the same"}
}

// utf8Locale asks the variables that decide about characters, of which the first that is
// set counts. Without any nothing is known, as in most containers, whose terminal is an
// emulator outside: that counts as UTF-8.
func utf8Locale(env *cli.Env) bool {
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := env.Getenv(name); locale != "" {
			_, charset, _ := strings.Cut(strings.ToLower(locale), ".")
			charset, _, _ = strings.Cut(charset, "@")
			return charset == "utf-8" || charset == "utf8" || locale == "UTF-8" // the last on macOS
		}
	}
	return true
}

// Misfit returns why a terminal of so many columns and rows has no room for a code.
func Misfit(text string, columns, rows int) *Hindrance {
	wantColumns, wantRows, err := Size(text)
	wantRows++ // the prompt
	switch {
	case err != nil:
		return &Hindrance{Why: fmt.Sprintf("%d characters do not fit one QR code", len(text))}
	case wantColumns <= columns && wantRows <= rows:
		return &Hindrance{Why: "the QR code is larger than phones read well"}
	}
	return &Hindrance{
		Why:   fmt.Sprintf("the QR code takes %dx%d characters and this terminal has %dx%d", wantColumns, wantRows, columns, rows),
		first: "enlarge it, or ",
	}
}
