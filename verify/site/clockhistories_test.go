package site

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

var update = flag.Bool("update", false, "write CLOCKS.md again")

// clockHistory is what the clocks of a server and its vendor did, and what follows at the last
// step. All that is said here is in CLOCKS.md, too.
type clockHistory struct {
	what  string // has happened
	steps string // what was done by which clock, from the vendor's right noon on
	want  string // holds, warns or stops, at the last step
	why   string
	with  setting
}

// setting is what is not as in most histories.
type setting struct {
	issued time.Duration // by how much the vendor's clock was ahead
	built  time.Duration // when the program was built, from then on
	begins time.Duration // when the license begins; 0: at once
	grace  uint64        // days of it
	never  bool          // the license does not end
	days   uint64        // of emergency, of a failover license
	notice time.Duration // of the program, 0: 30 days
	ended  bool          // the license ends at the end of day 1
}

const lastClockDay = 365 // of which the whole day is good

var clockHistories = []clockHistory{
	{"all clocks are right", "request -1h, install 0, check 1d, check 200d", "holds", "nothing is the matter", setting{}},
	{"the server is 59 minutes behind the vendor", "request -59m, install -59m, check -59m", "holds", "clocks are rarely further apart than an hour", setting{}},
	{"the server is two hours behind", "request -2h, install -2h", "stops", "the license was signed later than the clock says: one of the two clocks is wrong", setting{}},
	{"it is set right", "request -2h, install -2h, install 1h", "holds", "nothing remembers the wrong time", setting{}},
	{"the battery of the clock is dead: 1970", "request -1h, install 0, check -20000d", "stops", "no license can be judged by such a clock; it says to set it", setting{}},
	{"the same, until the network sets the clock", "request -1h, install 0, check -20000d, check 1d", "holds", "what a clock says that is far behind is not recorded", setting{}},
	{"the vendor was two days ahead", "request -1h, install 2h", "stops", "the license was signed in the future: the hint names the vendor's clock, and when it will hold", setting{issued: 48 * time.Hour}},
	{"the same, two days later", "request -1h, install 2h, install 47h, check 48h", "holds", "that time has come", setting{issued: 48 * time.Hour}},
	{"the vendor was two hours ahead", "request -1h, install 1h5m, check 3h", "holds", "within the hour of tolerance", setting{issued: 2 * time.Hour}},
	{"the vendor was a month behind", "request -1h, install 0, check 1d", "holds", "what was signed has passed all the more", setting{issued: -720 * time.Hour}},
	{"the program was built tomorrow", "request -1h, install 0, check 0", "stops", "the hint names the build date beside the clock", setting{built: 24 * time.Hour}},
	{"the program is newer than the license", "request -1h, install 0, check 100d", "holds", "a build date only says what has passed", setting{built: 99 * 24 * time.Hour}},
	{"the clock is set back behind the build", "request -1h, install 0, check 100d, check 50d", "stops", "the build and the site's record both say that more has passed", setting{built: 99 * 24 * time.Hour}},

	{"a year ahead at the request", "request 365d, install 0, check 1d", "holds", "the time in a request stops nothing", setting{}},
	{"a year ahead at the installation, then right", "request 300d, install 300d, check 1h", "holds", "the record has moved by a day, and 25 hours are tolerated", setting{}},
	{"the same, a day later", "request 300d, install 300d, check 1h, check 26h", "holds", "the clock has caught up with the record", setting{}},
	{"ten years ahead at the installation", "request 0, install 3650d", "stops", "by that clock the license has ended", setting{}},
	{"the same, set right", "request 0, install 3650d, install 1h, check 2h", "holds", "nothing was recorded by the refusal", setting{}},
	{"ten years ahead for one check", "request 0, install 0, check 3650d, check 2h", "holds", "a clock that says the end has passed moves the record by a day at most", setting{}},
	{"a hundred years ahead for one check, no end", "request 0, install 0, check 36500d, check 2h", "holds", "the record has moved by a day at most", setting{never: true}},
	{"the firmware keeps local time: 14 hours ahead at each start", "request 0, install 0, check 14h, check 1h, check 25h, check 12h", "holds", "25 hours are tolerated", setting{}},
	{"daylight saving ends", "request 0, install 0, check 50h, check 49h", "holds", "clocks are compared in UTC, and an hour is nothing", setting{}},
	{"a week ahead for an afternoon", "request 0, install 0, check 7d, check 7d6h, check 7h", "holds", "one jump moves the record by a day", setting{}},
	{"a week ahead for a week", "request 0, install 0, check 7d, check 8d1h, check 9d2h, check 10d3h, check 11d4h, check 12d5h, check 13d6h, check 7d", "holds", "the record has moved by about a week, and a week has passed", setting{}},
	{"a clock that runs four times too fast, set right", "request 0, install 0, check 20h, check 40h, check 60h, check 80h, check 20h", "stops", "the record has followed it step by step; the hint names the file to remove", setting{}},
	{"the same, and the record is removed", "request 0, install 0, check 20h, check 40h, check 60h, check 80h, forget 20h, check 20h", "holds", "the record is the site's own, and goes as the hint says", setting{}},
	{"two jumps, ahead by one year and by two", "request 0, install 0, check 200d, check 1h, check 364d, check 30h", "holds", "the first moves the record by a day, the second does not", setting{}},
	{"a dead battery: another future at each start, no end", "request 0, install 300d, check 1h, check 4000d, check 2h, check 20000d, check 3h, check 9000d, check 36000d, check 4h, check 30h", "holds", "until the clock has caught up with the record, no other jump moves it", setting{never: true}},
	{"off for three months", "request 0, install 0, check 90d", "holds", "time passes without anybody asking", setting{}},
	{"a snapshot of a week ago is restored", "request 0, install 0, check 1d, check 2d, check 3d, check 9d", "holds", "the record is as old as the snapshot", setting{}},
	{"the clock stands still", "request 0, install 0, check 1d, check 1d, check 1d", "holds", "what has not passed cannot be known", setting{}},
	{"set back by two days", "request 0, install 0, check 20h, check 40h, check 60h, check 12h", "stops", "the site has seen a later time", setting{}},
	{"set back by a day", "request 0, install 0, check 20h, check 40h, check 16h", "holds", "it is judged by the later time, so nothing is won", setting{}},
	{"set back by a day over the end", "request 0, install 0, check 20h, check 36h, check 12h", "stops", "the end was seen, and stays seen", setting{ended: true}},
	{"set back over the end, the record cannot be written", "request 0, install 0, check 20h, readonly 36h, readonly 12h", "warns", "nothing remembers the end, and a warning says so", setting{ended: true}},
	{"the directory cannot be written", "request 0, install 0, readonly 100d", "warns", "it is judged by what is signed and what was recorded before; the warning says which protection is off", setting{}},
	{"the same, and the clock is behind the signature", "request 0, install 0, readonly -3d", "stops", "what is signed remains", setting{}},
	{"the same, and the clock is behind the record", "request 0, install 0, check 20h, check 40h, check 60h, readonly 12h", "stops", "what was recorded before remains", setting{}},
	{"the record is damaged", "request 0, install 0, damage 1d, check 2d", "warns", "the time seen before is not known; the warning names the file", setting{}},
	{"the year 12000", "request 0, install 0, check 3650000d, check 1d", "holds", "no file can say that year, so nothing is recorded", setting{never: true}},

	{"31 days before the last day ends", "request 0, install 0, check 334d", "holds", "a warning comes 30 days before", setting{}},
	{"30 days before the last day ends", "request 0, install 0, check 335d13h", "warns", "it names the last day, and whom to ask", setting{}},
	{"the same, a program that warns for 7 days", "request 0, install 0, check 335d13h", "holds", "how early is the program's choice", setting{notice: 7 * 24 * time.Hour}},
	{"8 days before, a program that warns for 60", "request 0, install 0, check 310d", "warns", "how early is the program's choice", setting{notice: 60 * 24 * time.Hour}},
	{"the last second of the last day", "request 0, install 0, check 365d11h59m", "warns", "the whole last day is good, in UTC", setting{}},
	{"the second after it", "request 0, install 0, check 365d12h", "stops", "it has ended; the refusal names the last day", setting{}},
	{"the second after it, with grace", "request 0, install 0, check 365d12h", "warns", "grace runs, and the warning names its last day", setting{grace: 14}},
	{"the last second of the grace", "request 0, install 0, check 379d11h59m", "warns", "the whole last day of the grace is good", setting{grace: 14}},
	{"the second after the grace", "request 0, install 0, check 379d12h", "stops", "it has ended, and so has its grace", setting{grace: 14}},
	{"before it begins", "request 0, install 1d", "stops", "the refusal names the first day", setting{begins: 10 * 24 * time.Hour}},
	{"when it begins", "request 0, install 10d, check 10d", "holds", "its time has come", setting{begins: 10 * 24 * time.Hour}},

	{"an emergency, and the clock is right", "request 0, install 0, start 1d, check 1d, check 2d", "warns", "it says which day of how many this is", setting{days: 5}},
	{"the clock is 200 days ahead when it is declared", "request 0, install 0, start 200d, check 1d, check 2d", "warns", "that costs one day, and then count those that come", setting{days: 5}},
	{"the clock is 200 days ahead for one check", "request 0, install 0, start 1d, check 200d, check 1d, check 2d", "warns", "more days than there are cannot have passed unseen, and none is counted", setting{days: 5}},
	{"the clock is 200 days ahead when it ends", "request 0, install 0, start 1d, check 1d, end 200d, start 10d, check 10d", "warns", "the days are counted up to one after the last time seen", setting{days: 5}},
	{"all days are used", "request 0, install 0, start 1d, check 1d, check 2d, check 3d, check 4d", "stops", "the license is on standby again", setting{days: 3}},
	{"the clock is set back in an emergency", "request 0, install 0, start 1d, check 1d, check 2d, check 3d, check 4d, check 3d", "warns", "a day that was used may run again, and no other", setting{days: 3}},
	{"an emergency is declared with a clock of 1970", "request 0, install 0, start -20000d", "stops", "by that clock no license holds; it says to set it", setting{days: 5}},
}

// TestClockHistories plays each history on a site of its own.
func TestClockHistories(t *testing.T) {
	if len(clockHistories) < 40 {
		t.Errorf("%d histories", len(clockHistories))
	}
	for _, h := range clockHistories {
		t.Run(strings.ReplaceAll(h.what, " ", "_"), func(t *testing.T) {
			p := clockPlay{t: t, with: h.with, site: At(filepath.Join(t.TempDir(), "S"))}
			for step := range strings.SplitSeq(h.steps, ", ") {
				p.step(step)
			}
			if p.outcome != h.want {
				t.Errorf("got %s, want %s: %v", p.outcome, h.want, p.said)
			}
			if said := strings.ToLower(fmt.Sprint(p.said)); strings.Contains(said, "tamper") || strings.Contains(said, "manipul") {
				t.Errorf("it accuses: %s", said)
			}
		})
	}
}

// clockPlay is a history that is played.
type clockPlay struct {
	t       *testing.T
	with    setting
	site    *State
	asked   *Request
	outcome string
	said    any
}

func (p *clockPlay) step(step string) {
	do, when, _ := strings.Cut(step, " ")
	at := sitetest.Issued.Add(p.offset(when))
	v := sitetest.Verifier(p.t)
	program := Program{Product: "evoq", Version: "9.1", Built: sitetest.Issued.Add(p.with.built), Components: []machine.Value{}, Notice: p.with.notice}
	if p.with.built == 0 {
		program.Built = sitetest.Issued.AddDate(0, -6, 0)
	}
	var l *verify.License
	var err error
	switch do {
	case "request":
		o := options(p.t)
		o.Components, o.KeyOnly, o.Now = nil, true, at
		if p.with.days > 0 {
			o.Type = format.TypeFailover
		}
		p.asked, err = p.site.Request(o)
	case "install":
		l, err = p.site.Install(v, p.license(), InstallOptions{Components: program.Components, Now: at})
	case "check":
		l, err = p.site.Verify(v, program, at)
	case "readonly":
		program.ReadOnly = true
		l, err = p.site.Verify(v, program, at)
	case "start":
		_, err = p.site.StartFailover(FailoverOptions{Why: "fire", Verifier: v, Components: program.Components, Now: at})
	case "end":
		_, err = p.site.StopFailover(FailoverOptions{Now: at})
	case "forget":
		err = os.Remove(p.site.path(clockFile))
	case "damage":
		err = os.WriteFile(p.site.path(clockFile), []byte("soon"), 0o644)
	default:
		p.t.Fatalf("unknown step %q", step)
	}
	switch {
	case err != nil:
		if !errors.As(err, new(*verify.Refusal)) {
			p.t.Fatalf("%s: %v", step, err)
		}
		p.outcome, p.said = "stops", err
	case l != nil && len(l.Warnings) > 0:
		p.outcome, p.said = "warns", l.Warnings
	default:
		p.outcome, p.said = "holds", nil
	}
}

// license is what the vendor signs: to the end of the last day, in UTC.
func (p *clockPlay) license() []byte {
	return license(p.t, p.asked, func(l *format.LicenseClaims) {
		midnight := sitetest.Issued.Truncate(oneDay)
		end := midnight.Add((lastClockDay + 1 + time.Duration(p.with.grace)) * oneDay)
		if p.with.ended {
			end = midnight.Add(2 * oneDay)
		}
		if l.Expires = end.Unix(); p.with.never {
			l.Expires = 0
		}
		l.IssuedAt = sitetest.Issued.Add(p.with.issued).Unix()
		if p.with.begins > 0 {
			l.NotBefore = sitetest.Issued.Add(p.with.begins).Unix()
		}
		l.Terms.GraceDays, l.Terms.EmergencyDays, l.Terms.UpdatesUntil = p.with.grace, p.with.days, 0
	})
}

// offset reads a time like 365d11h59m or -2h.
func (p *clockPlay) offset(text string) time.Duration {
	days := time.Duration(0)
	sign := time.Duration(1)
	if rest, behind := strings.CutPrefix(text, "-"); behind {
		text, sign = rest, -1
	}
	if n, rest, found := strings.Cut(text, "d"); found {
		if _, err := fmt.Sscan(n, &days); err != nil {
			p.t.Fatal(err)
		}
		text = rest
	}
	rest := time.Duration(0)
	if text != "" && text != "0" {
		var err error
		if rest, err = time.ParseDuration(text); err != nil {
			p.t.Fatal(err)
		}
	}
	return sign * (days*oneDay + rest)
}

// TestClockHistoriesDocument keeps CLOCKS.md.
func TestClockHistoriesDocument(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(clocksHead)
	for _, h := range clockHistories {
		fmt.Fprintf(&b, "| %s%s | %s | **%s** | %s |\n", h.what, h.with, h.steps, h.want, h.why)
	}
	if *update {
		if err := os.WriteFile("CLOCKS.md", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile("CLOCKS.md"); err != nil || !bytes.Equal(kept, b.Bytes()) {
		t.Errorf("CLOCKS.md is not what the histories say: go test ./verify/site -run ClockHistories -update (%v)", err)
	}
	for i, h := range clockHistories {
		if slices.ContainsFunc(clockHistories[:i], func(o clockHistory) bool { return o.what == h.what && o.with == h.with }) {
			t.Errorf("%q is a duplicate", h.what)
		}
	}
}

// String says what is not as in most histories.
func (s setting) String() string {
	text := ""
	if s.grace > 0 {
		text += fmt.Sprintf(" (%d grace days)", s.grace)
	}
	if s.ended {
		text += " (of day 1)"
	}
	if s.days > 0 {
		text += fmt.Sprintf(" (%d emergency days)", s.days)
	}
	return text
}

const clocksHead = `# What may happen to clocks

Each row is a history that a test plays, and says in advance what becomes of the license at its last step: it **holds**; it
holds and **warns**; or it **stops** the product.

Times are those of the server's clock, counted from the moment at which the vendor signs, at noon on day 0, UTC. The license is
good to the end of day 365. A check by the owner of the directory records the time; readonly is one that records nothing.

This file is made by "go test ./verify/site -run ClockHistories -update".

| what happens | steps | the license | why |
|---|---|---|---|
`
