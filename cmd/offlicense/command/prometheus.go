package command

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// The metrics, for the textfile collector of node_exporter, which joins the files of all
// sites. It loses a metric whose HELP differs between two files, so that the texts are
// constant, and each file has every metric that it can have.
var metrics = [...]struct {
	name, help string
	values     func(s *status) []sample
}{
	{"check_timestamp_seconds", "When the license was checked, since the epoch.", func(s *status) []sample { return moment(s.Checked) }},
	{"check_success", "Whether the license could be checked at all, 1 or 0.", func(s *status) []sample { return truth(s.Error == "") }},
	{"license_valid", "Whether the license holds, in its grace too, 1 or 0.", func(s *status) []sample { return truth(s.Valid) }},
	{"license_reason_info", "Why the license holds or does not, in one word.", func(s *status) []sample {
		if s.Reason == "" {
			return nil
		}
		return []sample{{[]label{{"reason", string(s.Reason)}}, 1}}
	}},
	{"license_info", "The license that holds.", func(s *status) []sample {
		if s.License == nil {
			return nil
		}
		l := s.License.License
		return []sample{{[]label{
			{"license", l.ID.String()}, {"vendor", l.Vendor}, {"product", l.Product}, {"edition", l.Edition},
			{"type", l.Type}, {"invoice", l.Invoice}, {"binding", l.Binding},
		}, 1}}
	}},
	{"license_issued_timestamp_seconds", "When the license that holds was issued, since the epoch.", ofLicense(func(l *verify.License) []sample { return moment(l.Issued) })},
	{"license_expires_timestamp_seconds", "When the license ends and its grace begins, since the epoch.", ofLicense(func(l *verify.License) []sample { return moment(l.Expires) })},
	{"license_grace_end_timestamp_seconds", "When the grace of the license ends, since the epoch.", ofLicense(func(l *verify.License) []sample { return moment(l.HardEnd) })},
	{"license_updates_until_timestamp_seconds", "When the updates that the license covers end, since the epoch.", ofLicense(func(l *verify.License) []sample { return moment(l.UpdatesUntil) })},
	{"machine_components_matching", "How many components of the machine match those that the license names.", ofMachine(func(m *verify.MachineMatch) uint64 { return m.Matching })},
	{"machine_components_needed", "How many of them must match.", ofMachine(func(m *verify.MachineMatch) uint64 { return m.Needed })},
	{"machine_components_installed", "How many of them matched when the license was installed.", ofMachine(func(m *verify.MachineMatch) uint64 { return m.Installed })},
	{"license_limit", "What the license allows of a quantity.", ofLicense(func(l *verify.License) []sample { return numbers(l.Limits) })},
	{"license_used", "What the program uses of a quantity.", func(s *status) []sample { return numbers(s.use) }},
	{"license_warnings", "How many warnings there are of the kind.", func(s *status) []sample {
		counts := make(map[string]uint64)
		for _, w := range s.Warnings {
			counts[string(w.Code)]++
		}
		return named("kind", counts)
	}},
	{"revocation_list_number", "The number of the revocation list by which the license was judged.", ofLicense(func(l *verify.License) []sample {
		if l.RevocationList == nil {
			return nil
		}
		return []sample{{nil, float64(l.RevocationList.Number)}}
	})},
	{"revocation_list_issued_timestamp_seconds", "When that list was issued, since the epoch.", ofLicense(func(l *verify.License) []sample {
		if l.RevocationList == nil {
			return nil
		}
		return moment(l.RevocationList.Issued)
	})},
	{"emergency_declared", "Whether an emergency is declared for a failover license, 1 or 0.", func(s *status) []sample {
		if s.Failover == nil {
			return nil
		}
		return truth(s.Failover.Declared)
	}},
	{"emergency_used_seconds", "How much emergency the failover license has used, in whole days.", func(s *status) []sample {
		if s.Failover == nil {
			return nil
		}
		return []sample{{nil, float64(s.Failover.DaysUsed) * daySeconds}}
	}},
	{"emergency_granted_seconds", "How much emergency the failover license grants, in whole days.", func(s *status) []sample {
		if s.Failover == nil || s.Failover.DaysGranted == 0 {
			return nil
		}
		return []sample{{nil, float64(s.Failover.DaysGranted) * daySeconds}}
	}},
}

const daySeconds = 24 * 60 * 60

// sample is a value of a metric.
type sample struct {
	labels []label // besides the state directory
	value  float64
}

type label struct{ name, value string }

func moment(t time.Time) []sample {
	if t.IsZero() {
		return nil
	}
	return []sample{{nil, float64(t.Unix())}}
}

func truth(is bool) []sample {
	if is {
		return []sample{{nil, 1}}
	}
	return []sample{{nil, 0}}
}

func ofLicense(values func(*verify.License) []sample) func(*status) []sample {
	return func(s *status) []sample {
		if s.License == nil {
			return nil
		}
		return values(s.License.License)
	}
}

func ofMachine(number func(*verify.MachineMatch) uint64) func(*status) []sample {
	return ofLicense(func(l *verify.License) []sample {
		if l.Machine == nil {
			return nil
		}
		return []sample{{nil, float64(number(l.Machine))}}
	})
}

func numbers(of map[string]uint64) []sample { return named("name", of) }

func named(name string, of map[string]uint64) (all []sample) {
	for _, key := range slices.Sorted(maps.Keys(of)) {
		all = append(all, sample{[]label{{name, key}}, float64(of[key])})
	}
	return all
}

// labelEscapes are those of the text format.
var labelEscapes = strings.NewReplacer("\\", `\\`, "\"", `\"`, "\n", `\n`)

// prometheus is the status in the text format of Prometheus.
func (s *status) prometheus() []byte {
	var b bytes.Buffer
	for _, m := range metrics {
		samples := m.values(s)
		if len(samples) == 0 {
			continue
		}
		fmt.Fprintf(&b, "# HELP offlicense_%s %s\n# TYPE offlicense_%s gauge\n", m.name, m.help, m.name)
		for _, sample := range samples {
			fmt.Fprintf(&b, "offlicense_%s{state=\"%s\"", m.name, labelEscapes.Replace(strings.ToValidUTF8(s.State, "\ufffd")))
			for _, l := range sample.labels {
				fmt.Fprintf(&b, ",%s=\"%s\"", l.name, labelEscapes.Replace(l.value))
			}
			fmt.Fprintf(&b, "} %s\n", strconv.FormatFloat(sample.value, 'f', -1, 64))
		}
	}
	return b.Bytes()
}
