package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
)

// Extension returns a value of ext as a license has it: true and false are that, and what
// reads as a whole number is one.
func Extension(text string) format.Scalar {
	switch text {
	case "true", "false":
		return format.BoolScalar(text == "true")
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return format.IntScalar(n)
	}
	return format.TextScalar(text)
}

func extensions(ext map[string]string) map[string]format.Scalar {
	if len(ext) == 0 {
		return nil
	}
	all := make(map[string]format.Scalar, len(ext))
	for name, text := range ext {
		all[name] = Extension(text)
	}
	return all
}

// extTerm is the term of the vendor's own data. Its values may have spaces, so they are
// separated by ; alone.
func extTerm() Term {
	get := func(e *Entitlement) []string {
		var all []string
		for _, name := range slices.Sorted(maps.Keys(e.Ext)) {
			all = append(all, name+"="+e.Ext[name])
		}
		return all
	}
	return Term{Name: "ext", Label: "ext", Add: addExt,
		Set: func(e *Entitlement, text string, _ time.Time) error {
			e.Ext = nil
			if text == None {
				return nil
			}
			for _, item := range strings.Split(text, ";") {
				if name, _, _ := strings.Cut(item, "="); e.Ext[name] != "" {
					return fmt.Errorf("duplicate name %.64q", name)
				}
				if err := addExt(e, item); err != nil {
					return err
				}
			}
			return nil
		},
		Get:    func(e *Entitlement) string { return strings.Join(get(e), ";") },
		Show:   func(e *Entitlement) string { return strings.Join(get(e), ", ") },
		Remove: func(e *Entitlement, name string) { delete(e.Ext, name) }}
}

func addExt(e *Entitlement, item string) error {
	name, value, _ := strings.Cut(item, "=")
	if name == "" || value == "" || strings.Contains(value, ";") {
		return errors.New("want NAME=VALUE like support=gold, without ;")
	}
	if e.Ext == nil {
		e.Ext = make(map[string]string)
	}
	e.Ext[name] = value
	return nil
}
