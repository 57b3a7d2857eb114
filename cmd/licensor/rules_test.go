package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestRulesOfVendors plays every rule of testdata/rules-of-vendors.md.
func TestRulesOfVendors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/rules-of-vendors.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var rules []string
	for _, section := range regexp.MustCompile(`(?ms)^## ([CF]\d+)\..*?\n`+"```\n(.*?)^```\n").FindAllStringSubmatch(string(text), -1) {
		id, script := section[1], section[2]
		rules = append(rules, id)
		if !strings.Contains(script, "std") && !strings.Contains(script, "! ") {
			t.Errorf("%s: a script that expects nothing", id)
		}
		product := map[byte]string{'C': "cms", 'F': "framework"}[id[0]]
		script = "env PRODUCT=" + product + "\n" + script + "exec licensor audit\n"
		if err := os.WriteFile(filepath.Join(dir, id+".txtar"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for set, rules := range map[string]int{"C": 24, "F": 20} {
		for i := range rules {
			want = append(want, fmt.Sprint(set, i+1))
		}
	}
	slices.Sort(want)
	if slices.Sort(rules); !slices.Equal(rules, want) {
		t.Fatalf("rules %q", rules)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(clockVariable, now.Format(time.RFC3339))
			env.Setenv("LICENSOR_HOME", "V")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"vendor":   scriptVendor,
			"sell":     scriptSell,
			"activate": scriptActivate,
			"runs":     scriptRuns,
			"remove":   scriptRemove,
		},
	})
}

// executed runs a command that must succeed, or fail where neg says so.
func executed(ts *testscript.TestScript, neg bool, command string, args ...string) {
	err := ts.Exec(command, args...)
	switch {
	case err == nil && neg:
		ts.Fatalf("%s %q: unexpected success", command, args)
	case err != nil && !neg:
		ts.Fatalf("%s %q: %v", command, args, err)
	}
}

// machineOf says what identifies the server of a directory.
func machineOf(dir string) string {
	server, _, _ := strings.Cut(dir, "/")
	return "host=machine-of-" + server
}

// vendor begins a vendor's home that sells the products of both examples.
func scriptVendor(ts *testscript.TestScript, neg bool, args []string) {
	executed(ts, neg, "licensor", append([]string{"init", "--vendor", "acme.example", "--name", "anna", "--insecure-no-passphrase"}, args...)...)
	executed(ts, neg, "licensor", "product", "add", "--example", "cms", "--yes")
	executed(ts, neg, "licensor", "product", "add", "--example", "framework", "--yes")
}

// sell INVOICE EDITION TYPE [OPTION...] sells to the customer of the rules.
func scriptSell(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: sell INVOICE EDITION TYPE [OPTION...]")
	}
	executed(ts, neg, "licensor", append([]string{"entitle", "--email", "ops@site.example", "--customer", "Site Ltd",
		"--product", ts.Getenv("PRODUCT"), "--binding", "operator", "--yes", "--invoice", args[0], "--edition", args[1], "--type", args[2]}, args[3:]...)...)
}

// activate DIR INVOICE TYPE [OPTION...] asks for a license, signs and installs it. Negated,
// it is the vendor who refuses.
func scriptActivate(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: activate DIR INVOICE TYPE [OPTION...]")
	}
	dir := args[0]
	executed(ts, false, "offlicense", append([]string{"request", "--state", dir, "--product", ts.Getenv("PRODUCT"), "--email", "ops@site.example",
		"--component", machineOf(dir), "--host", dir, "--qr", "never", "--out", dir + ".olq",
		"--invoice", args[1], "--type", args[2]}, args[3:]...)...)
	executed(ts, neg, "licensor", "sign", dir+".olq", "--out", dir+".lic", "--yes")
	if !neg {
		executed(ts, false, "offlicense", "install", "--state", dir, "--roots", "V/root.pub", "--component", machineOf(dir), dir+".lic")
	}
}

// runs DIR [OPTION...] is the product that starts.
func scriptRuns(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: runs DIR [OPTION...]")
	}
	executed(ts, neg, "offlicense", append([]string{"verify", "--state", args[0], "--roots", "V/root.pub", "--product", ts.Getenv("PRODUCT"),
		"--component", machineOf(args[0])}, args[1:]...)...)
}

// remove DIR takes the license off a server, and tells the vendor.
func scriptRemove(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: remove DIR")
	}
	executed(ts, false, "offlicense", "release", "--state", args[0], "--roots", "V/root.pub", "--out", args[0]+".olr", "--yes", "--qr", "never")
	executed(ts, false, "licensor", "release", args[0]+".olr", "--yes")
}
