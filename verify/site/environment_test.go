package site

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// environment returns what reads variables, and nothing of the process.
func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

const clusterID = "0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11"

// TestEnvironment is a site of which the program says nothing but its name: what else is
// needed stands in the environment, and is judged all the same.
func TestEnvironment(t *testing.T) {
	s, r := installedState(t)
	text := string(file(t, s, licenseFile))
	other := string(license(t, r, func(l *format.LicenseClaims) { l.Issuer = "other.example" }))
	floating := string(license(t, r, func(l *format.LicenseClaims) { l.Binding = nil }))
	bare := At(s.dir + "-bare") // the site's requests, and no license
	if err := os.CopyFS(bare.dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{licenseFile, keyFile, clockFile} {
		if err := os.Remove(bare.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	stranger := At(filepath.Join(t.TempDir(), "stranger"))
	request(t, stranger, options(t))
	at := func(content string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	newer := license(t, r, func(l *format.LicenseClaims) { l.ID, l.Terms.Epoch = format.ID{9}, 2 })
	renewed, _ := installedState(t)
	if err := os.CopyFS(renewed.dir+"2", os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	renewed = At(renewed.dir + "2")
	put(t, renewed, licenseFile, newer)

	const components, files, lic = ComponentsVariable, ComponentFilesVariable, LicenseVariable
	for name, c := range map[string]struct {
		state *State
		env   []string
		want  verify.Reason // "": an error that is no refusal
		warns verify.WarningCode
	}{
		"components":                           {s, []string{components, "cluster=" + clusterID}, verify.Valid, ""},
		"a file of one":                        {s, []string{files, "cluster=" + at(clusterID+"\n")}, verify.Valid, ""},
		"none":                                 {s, nil, verify.WrongMachine, ""},
		"another":                              {s, []string{components, "cluster=another-1234"}, verify.WrongMachine, ""},
		"a directory in the place of its file": {s, []string{files, "cluster=" + t.TempDir()}, verify.WrongMachine, ""},
		"a placeholder":                        {s, []string{components, "cluster=none"}, "", ""},
		"in both":                              {s, []string{components, "cluster=" + clusterID, files, "cluster=" + at(clusterID)}, "", ""},

		"license as text":            {bare, []string{components, "cluster=" + clusterID, lic, text}, verify.Valid, ""},
		"license as text, in a mess": {bare, []string{components, "cluster=" + clusterID, lic, "\n " + strings.ToLower(text)}, verify.Valid, ""},
		"license by its path":        {bare, []string{components, "cluster=" + clusterID, lic, at(text)}, verify.Valid, ""},
		"a missing path":             {bare, []string{components, "cluster=" + clusterID, lic, "nowhere.lic"}, "", ""},
		"a directory at its path":    {bare, []string{components, "cluster=" + clusterID, lic, t.TempDir()}, "", ""},
		"an empty file at its path":  {renewed, []string{components, "cluster=" + clusterID, lic, at(" \n")}, "", ""},
		"a text that is none":        {bare, []string{components, "cluster=" + clusterID, lic, "> " + text}, "", ""},
		"an empty variable":          {bare, []string{components, "cluster=" + clusterID, lic, " "}, verify.NoLicense, ""},
		"what is none":               {bare, []string{components, "cluster=" + clusterID, lic, "OLL1:AAAA"}, verify.Malformed, ""},
		"another vendor's":           {bare, []string{components, "cluster=" + clusterID, lic, other}, verify.OutOfScope, ""},
		"on another machine":         {bare, []string{components, "cluster=another-1234", lic, text}, verify.WrongMachine, ""},
		"at another site":            {stranger, []string{components, "cluster=" + clusterID, lic, text}, verify.WrongSite, ""},
		"older than the installed":   {renewed, []string{components, "cluster=" + clusterID, lic, text}, verify.Valid, OlderLicense},

		"no directory":                           {At(""), []string{components, "cluster=" + clusterID, lic, text}, verify.WrongSite, ""},
		"no directory, for any machine":          {At(""), []string{lic, floating}, verify.Valid, ReadOnly},
		"no directory, and no license":           {At(""), nil, verify.NoLicense, ""},
		"no directory, for any machine, by path": {At(""), []string{lic, at(floating)}, verify.Valid, ReadOnly},
	} {
		l, err := c.state.Verify(sitetest.Verifier(t), Program{Product: "evoq", Getenv: environment(c.env...)}, now)
		switch {
		case c.want == "":
			if err == nil || errors.As(err, new(*verify.Refusal)) {
				t.Errorf("%s: got %v", name, err)
			}
		case c.want != verify.Valid:
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.warns != "" && !slices.ContainsFunc(l.Warnings, func(w verify.Warning) bool { return w.Code == c.warns }):
			t.Errorf("%s: warns %q, not of %s", name, l.Warnings, c.warns)
		case c.warns == "" && len(l.Warnings) > 1: // the version is not known
			t.Errorf("%s: warns %q", name, l.Warnings)
		}
	}

	// A text that is no license is not repeated.
	if _, err := bare.Verify(sitetest.Verifier(t), Program{Product: "evoq", Getenv: environment(lic, "> "+text)}, now); err == nil || len(err.Error()) > 200 || !strings.Contains(err.Error(), "begins with OLL1:") {
		t.Errorf("got %v", err)
	}

	// The refusal names the file.
	_, err := s.Verify(sitetest.Verifier(t), Program{Product: "evoq", Getenv: environment(files, "cluster="+s.dir)}, now)
	if r, ok := errors.AsType[*verify.Refusal](err); !ok || !strings.Contains(r.Found, "is a directory: what was to be mounted there is missing") {
		t.Errorf("got %v", err)
	}
	// Nor is a request made that would leave it out in silence.
	o := options(t)
	o.Components, err = ParseComponentFiles("cluster=" + s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Request(o); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a request without its component: %v", err)
	}
}

// TestReadOnly: nothing is written, and a warning says which protection is off.
func TestReadOnly(t *testing.T) {
	s, _ := installedState(t)
	before := file(t, s, clockFile)
	p := program(t)
	p.ReadOnly = true
	l, err := s.Verify(sitetest.Verifier(t), p, now.Add(20*oneDay))
	if err != nil || !slices.ContainsFunc(l.Warnings, func(w verify.Warning) bool { return w.Code == ReadOnly && w.Value == s.dir }) {
		t.Errorf("got %v, %v", l, err)
	}
	sameFile(t, s, clockFile, before)
	// What was recorded before still counts.
	put(t, s, clockFile, seen{now.Add(9 * oneDay), now.Add(9 * oneDay)}.marshal())
	_, err = s.Verify(sitetest.Verifier(t), p, now)
	wantReason(t, err, verify.ClockRolledBack)
}
