package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

// TestJSON holds every command to --json, but for those that have nothing to say to a
// program.
func TestJSON(t *testing.T) {
	for _, c := range program().Commands {
		flags := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
		c.Setup(flags)
		if flags.Lookup("json") == nil && !slices.Contains([]string{"completion", "demo", "man", "serve"}, c.Name) {
			t.Errorf("%s has no --json", c.Name)
		}
	}
}

// answer [PATH=VALUE...] fails unless the standard output of the last command is one JSON
// object of version 1 that says so: names and places in lists, with dots between. PATH~
// means that there is something, !PATH that there is nothing, and PATH->NAME puts it into a
// variable.
func scriptAnswer(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: answer [PATH=VALUE|PATH~|!PATH|PATH->NAME]...")
	}
	text := ts.ReadFile("stdout")
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		ts.Fatalf("standard output is no JSON object: %v\n%s", err, text)
	}
	if _, err := decoder.Token(); err != io.EOF {
		ts.Fatalf("there is more than one JSON object:\n%s", text)
	}
	for _, arg := range append([]string{"version=1"}, args...) {
		arg, variable, keep := strings.Cut(arg, "->")
		path, want, compare := strings.Cut(arg, "=")
		path, absent := strings.CutPrefix(path, "!")
		got, found := walk(object, strings.Split(strings.TrimSuffix(path, "~"), "."))
		switch {
		case absent && found:
			ts.Fatalf("%s is there: %v\n%s", path, got, text)
		case !absent && !found:
			ts.Fatalf("%s is missing\n%s", path, text)
		case compare && fmt.Sprint(got) != want:
			ts.Fatalf("%s is %v, want %s\n%s", path, got, want, text)
		case keep:
			ts.Setenv(variable, fmt.Sprint(got))
		}
	}
}

// walk follows the names and places of a path.
func walk(v any, path []string) (any, bool) {
	for _, name := range path {
		switch inside := v.(type) {
		case map[string]any:
			found := false
			if v, found = inside[name]; !found {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(inside) {
				return nil, false
			}
			v = inside[i]
		default:
			return nil, false
		}
	}
	return v, true
}
