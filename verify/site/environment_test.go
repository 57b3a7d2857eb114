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
		"components, quoted":                   {s, []string{components, `"cluster=` + clusterID + `"`}, verify.Valid, ""},
		"a value in quotes":                    {s, []string{components, `cluster="` + clusterID + `"`}, "", ""},
		"a file of one in quotes":              {s, []string{files, "cluster=" + at(`"`+clusterID+`"`)}, verify.WrongMachine, ""},
		"a file of one":                        {s, []string{files, "cluster=" + at(clusterID+"\n")}, verify.Valid, ""},
		"none":                                 {s, nil, verify.WrongMachine, ""},
		"another":                              {s, []string{components, "cluster=another-1234"}, verify.WrongMachine, ""},
		"a directory in the place of its file": {s, []string{files, "cluster=" + t.TempDir()}, verify.WrongMachine, ""},
		"a placeholder":                        {s, []string{components, "cluster=none"}, "", ""},
		"in both":                              {s, []string{components, "cluster=" + clusterID, files, "cluster=" + at(clusterID)}, "", ""},

		"license as text":            {bare, []string{components, "cluster=" + clusterID, lic, text}, verify.Valid, ""},
		"license as text, in a mess": {bare, []string{components, "cluster=" + clusterID, lic, "\n " + strings.ToLower(text)}, verify.Valid, ""},
		"license as text, quoted":    {bare, []string{components, "cluster=" + clusterID, lic, `"` + strings.ReplaceAll(text, "\n", `\n`) + `"`}, verify.Valid, ""},
		"license by quoted path":     {bare, []string{components, "cluster=" + clusterID, lic, "'" + at(text) + "'"}, verify.Valid, ""},
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

	// Without a directory it is one that is wanted, and not another license.
	_, nowhere := At("").Verify(sitetest.Verifier(t), Program{Product: "evoq", Getenv: environment(lic, text)}, now)
	if r, ok := errors.AsType[*verify.Refusal](nowhere); !ok || !strings.Contains(r.Hint(), "give the state directory") {
		t.Errorf("got %v", nowhere)
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

// TestLicenseOfEnvironmentInUse: whatever a check judges is what an emergency, a release and a
// change of machine are about.
func TestLicenseOfEnvironmentInUse(t *testing.T) {
	for name, c := range map[string]struct {
		installed, given uint64 // epochs; 0: none
		want             uint64
	}{
		"in the environment alone": {0, 1, 1},
		"newer than the installed": {1, 2, 2},
		"older than the installed": {2, 1, 2},
		"the installed alone":      {2, 0, 2},
	} {
		s, r := failoverState(t, 9)
		of := func(epoch uint64) []byte {
			return license(t, r, func(l *format.LicenseClaims) {
				l.ID, l.Terms.Epoch, l.Terms.EmergencyDays = format.ID{byte(epoch)}, epoch, 10*epoch
			})
		}
		if err := os.Remove(s.LicensePath()); err != nil {
			t.Fatal(err)
		}
		if c.installed > 0 {
			put(t, s, licenseFile, of(c.installed))
		}
		getenv := environment()
		if c.given > 0 {
			getenv = environment(LicenseVariable, string(of(c.given)))
		}
		o := FailoverOptions{Why: "fire", Verifier: sitetest.Verifier(t), Components: cluster(t), Now: now, Getenv: getenv}
		if f, err := s.StartFailover(o); err != nil || f.DaysGranted != 10*c.want || f.DaysUsed != 1 {
			t.Errorf("%s: start: got %+v, %v", name, f, err)
		}
		p := program(t)
		p.Getenv = getenv
		if _, err := s.Verify(sitetest.Verifier(t), p, now.Add(2*oneDay)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		o.Now = now.Add(3 * oneDay)
		if f, err := s.Failover(o); err != nil || f.DaysUsed != 4 || f.DaysGranted != 10*c.want {
			t.Errorf("%s: status: got %+v, %v", name, f, err)
		}
		asked := options(t)
		asked.Components, asked.Getenv = nil, environment(append([]string{ComponentsVariable, "cluster=another-1234"}, LicenseVariable, getenv(LicenseVariable))...)
		if q, err := s.Request(asked); err != nil || q.Prior == nil || *q.Prior != (format.ID{byte(c.want)}) {
			t.Errorf("%s: a change of machine: got %+v, %v", name, q, err)
		}
		if f, err := s.StopFailover(o); err != nil || f.DaysUsed != 4 {
			t.Errorf("%s: stop: got %+v, %v", name, f, err)
		}
		release := releaseOptions(t)
		release.Getenv, release.Now = getenv, o.Now
		if given, err := s.Release(release); err != nil || given.License != (format.ID{byte(c.want)}) || given.EmergencyDays != 4 {
			t.Errorf("%s: release: got %+v, %v", name, given, err)
		}
		_, err := s.Verify(sitetest.Verifier(t), p, o.Now)
		wantReason(t, err, verify.Released)
	}

	// An emergency can be ended also where the variable names what is gone.
	s, _ := failoverState(t, 9)
	mustStart(t, s, now)
	gone := FailoverOptions{Now: now, Getenv: environment(LicenseVariable, "/nowhere/license.lic")}
	if _, err := s.Failover(gone); !errors.Is(err, ErrLicenseVariable) {
		t.Errorf("status: got %v", err)
	}
	if f, err := s.StopFailover(gone); err != nil || f.Declared {
		t.Errorf("stop: got %+v, %v", f, err)
	}
}
