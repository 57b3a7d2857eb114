package command

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// statusOf is the status of a site whose license was judged so.
func statusOf(license *verify.License, err error) *status {
	s := &status{State: "/var/lib/evoq/license", Checked: sitetest.Issued}
	s.answer, _ = answerOf(license, err, sitetest.Issued)
	if license != nil {
		s.DaysLeft = daysLeft(license, sitetest.Issued)
	}
	return s
}

func licenseFor(reason verify.Reason, days int, warnings ...verify.Warning) *verify.License {
	l := &verify.License{
		Reason: reason, Warnings: warnings, ID: format.ID{1}, Vendor: "acme.example", Product: "evoq", Edition: "engage",
		Type: "production", Customer: "Site | Ltd", Invoice: "INV\"0042\\-1", Binding: "machine", Issued: sitetest.Issued,
		Limits: map[string]uint64{"users": 200},
	}
	if days != 0 {
		l.Expires = sitetest.Issued.Add(time.Duration(days) * 24 * time.Hour)
		l.HardEnd = l.Expires.AddDate(0, 0, 14)
	}
	return l
}

// TestPlugin: the line and the exit status of each outcome.
func TestPlugin(t *testing.T) {
	const of = "evoq engage, production, for Site / Ltd"
	for want, s := range map[string]*status{
		"0 OFFLICENSE OK - " + of + ": valid, perpetual":                                     statusOf(licenseFor(verify.Valid, 0), nil),
		"0 OFFLICENSE OK - " + of + ": valid until 2026-12-22 | days_left=31;31:;8:;0;":      statusOf(licenseFor(verify.Valid, 31), nil),
		"1 OFFLICENSE WARNING - " + of + ": valid until 2026-12-21 | days_left=30;31:;8:;0;": statusOf(licenseFor(verify.Valid, 30, verify.Warning{Code: verify.EndsSoon, Text: "it ends"}), nil),
		"2 OFFLICENSE CRITICAL - " + of + ": valid until 2026-11-28 | days_left=7;31:;8:;0;": statusOf(licenseFor(verify.Valid, 7), nil),
		"2 OFFLICENSE CRITICAL - " + of + ": grace until 2026-12-03 | days_left=0;31:;8:;0;": statusOf(licenseFor(verify.Grace, -2), nil),
		"1 OFFLICENSE WARNING - " + of + ": valid, perpetual; one component has changed":     statusOf(licenseFor(verify.Valid, 0, verify.Warning{Code: verify.NoMargin, Text: "one component has changed"}), nil),
		"0 OFFLICENSE OK - standby: no emergency is declared":                                statusOf(nil, &verify.Refusal{Reason: verify.Standby}),
		"3 OFFLICENSE UNKNOWN - cannot read \"x\": permission denied, it seems":              {answer: answer{Error: "cannot read \"x\": permission denied, it seems"}},
	} {
		state, line := s.nagios(30, 7)
		if got := string('0'+rune(state)) + " " + line; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for _, reason := range []verify.Reason{
		verify.NoLicense, verify.Malformed, verify.BadSignature, verify.UnknownKey, verify.OutOfScope, verify.Revoked, verify.Superseded,
		verify.Released, verify.WrongProduct, verify.WrongVersion, verify.UpdatesEnded, verify.WrongSite, verify.WrongMachine,
		verify.OverLimit, verify.NotYetValid, verify.Expired, verify.ClockRolledBack,
	} {
		state, line := statusOf(nil, &verify.Refusal{Reason: reason, Message: "what | is\nthe matter"}).nagios(30, 7)
		if want := "OFFLICENSE CRITICAL - " + string(reason) + ": what / is"; state != pluginCritical || !strings.HasPrefix(line, want) || strings.ContainsAny(line, "\n|") {
			t.Errorf("%d %q, want %q", state, line, want)
		}
	}
}

// TestMetrics: promtool has nothing to say against any of them, and a metric has the same
// HELP whatever the license: node_exporter loses it otherwise.
func TestMetrics(t *testing.T) {
	inUse := statusOf(licenseFor(verify.Valid, 31, verify.Warning{Code: verify.EndsSoon}), nil)
	inUse.License.Machine = &verify.MachineMatch{Matching: 2, Named: 3, Needed: 2, Installed: 3}
	inUse.License.UpdatesUntil = sitetest.Issued
	inUse.use = map[string]uint64{"users": 12}
	inUse.Failover = &failoverView{Declared: true, DaysUsed: 2, DaysGranted: 14}
	inUse.License.License.RevocationList = &verify.ListStatus{Number: 7, Issued: sitetest.Issued}
	other := statusOf(nil, &verify.Refusal{Reason: verify.Expired})
	other.State = "C:\\a \"b\"\n"
	unchecked := statusOf(nil, errNoDisk{})
	help := map[string]string{}
	for _, s := range []*status{inUse, other, unchecked} {
		text := s.prometheus()
		for _, m := range regexp.MustCompile(`(?m)^# HELP (\S+) (.*)$`).FindAllStringSubmatch(string(text), -1) {
			if known, ok := help[m[1]]; ok && known != m[2] {
				t.Errorf("%s has two texts", m[1])
			}
			help[m[1]] = m[2]
		}
		promtool, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("promtool is not installed")
		}
		cmd := exec.Command(promtool, "check", "metrics")
		cmd.Stdin = bytes.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %s\n%s", err, out, text)
		}
	}
	if len(help) != len(metrics) {
		t.Errorf("%d metrics of %d were seen", len(help), len(metrics))
	}
	for _, want := range []string{
		`offlicense_license_info{state="/var/lib/evoq/license",license="AEAAAAAAAAAAAAAAAAAAAAAAAA",vendor="acme.example",product="evoq",edition="engage",type="production",invoice="INV\"0042\\-1",binding="machine"} 1`,
		`offlicense_license_limit{state="/var/lib/evoq/license",name="users"} 200`, "offlicense_emergency_used_seconds{state=\"/var/lib/evoq/license\"} 172800",
	} {
		if !strings.Contains(string(inUse.prometheus()), want+"\n") {
			t.Errorf("no %s in\n%s", want, inUse.prometheus())
		}
	}
	if want := `offlicense_license_valid{state="C:\\a \"b\"\n"} 0`; !strings.Contains(string(other.prometheus()), want) {
		t.Errorf("no %s", want)
	}
}

type errNoDisk struct{}

func (errNoDisk) Error() string { return "the disk is gone" }
