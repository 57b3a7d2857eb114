package verify_test

import (
	"encoding/binary"
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// bindings are licenses of each strength against each scope, and components by which a
// license is of one strength and not of the next.
func (m *vectorMaker) bindings() {
	named := func(need uint64, labels ...string) func(*format.LicenseClaims) {
		return func(l *format.LicenseClaims) {
			l.Binding.Need, l.Binding.Components = need, nil
			for _, label := range labels {
				l.Binding.Components = append(l.Binding.Components, format.Component{Label: label, Hash: []byte(label + "12345678")[:8]})
			}
		}
	}
	licenses := [...]func(*format.LicenseClaims){
		format.StrengthMachine:  func(*format.LicenseClaims) {},
		format.StrengthOperator: named(1, "cluster"),
		format.StrengthKey:      named(0),
		format.StrengthAny:      func(l *format.LicenseClaims) { l.Binding = nil },
	}
	add := func(name, comment string, change func(*format.LicenseClaims), is, weakest format.Strength) {
		expect, outcome := verify.Valid, "valid"
		if is > weakest {
			expect, outcome = verify.OutOfScope, "out-of-scope"
		}
		m.license(outcome+"-binding-"+name, expect, comment, func(s *scenario) {
			if change(s.license); s.license.Binding != nil {
				s.facts.Site.Components = s.license.Binding.Components
			}
			if got := s.license.Strength(); got != is {
				m.t.Fatalf("%s: the license is bound by %s, want %s", name, got, is)
			}
			s.delegation.Scope.Weakest = weakest
		})
	}
	for strength, license := range licenses {
		for weakest := range licenses {
			is, weakest := format.Strength(strength), format.Strength(weakest)
			add(fmt.Sprintf("%s-scope-%s", is, weakest), fmt.Sprintf("bound by %s, and the weakest that the key may sign is %s", is, weakest), license, is, weakest)
		}
	}
	const id, uuid, fs, mac = format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS, format.LabelMAC
	machine, operator := format.StrengthMachine, format.StrengthOperator
	add("one-of-one", "the machine id alone", named(1, id), machine, machine)
	add("two-of-three", "of two that no image brings and its file system, two: one of the former must match", named(2, id, uuid, mac), machine, machine)
	add("one-of-two", "the file system alone would do, and an image brings it", named(1, id, fs), operator, machine)
	add("images", "both of what images bring", named(2, fs, mac), operator, machine)
	add("operators-three", "of five, three that the operator chooses would do", named(3, id, fs, "rack", "team", "site"), operator, machine)
	add("operators-five", "five of the same five: the machine id must match", named(5, id, fs, "rack", "team", "site"), machine, machine)
	add("operator-and-image", "one of the operator's and one of an image would do", named(2, uuid, fs, "rack"), operator, machine)

	scope := func(name, comment, by string) {
		m.add("delegation-malformed-binding-"+name, &vector{
			expect: verify.Malformed, comment: comment, open: "delegation", roots: []keys.PublicKey{rootKey(m.t).Public()},
			text: format.EncodeFile(format.Delegation, seal(m.t, format.Delegation, m.once(m.payload(testDelegation(m.t)), "\x04\x03\x05\xf5", by), rootKey(m.t))),
		})
	}
	scope("machine", "machine is said by leaving the key out", "\x04\x00\x05\xf5")
	scope("four", "there is no weaker one than any", "\x04\x04\x05\xf5")
	scope("true", "a strength is a number", "\x04\xf5\x05\xf5")
}

// failover makes a license one that runs on so many emergency days from its issue on; 0:
// on any number.
func failover(l *format.LicenseClaims, days uint64) {
	if l.Terms.Type = format.TypeFailover; days > 0 {
		l.Terms.EmergencyDays, l.Terms.EmergencyFrom = days, l.IssuedAt/dayLong*dayLong
	}
}

// emergencies are failover licenses whose emergency days contradict themselves.
func (m *vectorMaker) emergencies() {
	l := testLicense(m.t)
	failover(l, 14)
	from := func(seconds int64) string {
		return "\x11\x1a" + string(binary.BigEndian.AppendUint32(nil, uint32(seconds)))
	}
	good, terms := from(l.Terms.EmergencyFrom), "\x3a\x00\x01\x11\x70"
	refuse := func(name, comment string, oldAndNew ...string) {
		payload := m.payload(l)
		for i := 0; i < len(oldAndNew); i += 2 {
			payload = m.once(payload, oldAndNew[i], oldAndNew[i+1])
		}
		m.sealed("malformed-payload-emergency-"+name, verify.Malformed, comment, m.delegation(), seal(m.t, format.License, payload, staffKey(m.t)))
	}
	refuse("days-of-production", "emergency days in a production license", "\x68failover", "\x6aproduction")
	refuse("zero-days", "no limit is said by leaving the key out", "\x0f\x0e", "\x0f\x00")
	refuse("no-from", "emergency days without the day from which they count", terms+"\xae", terms+"\xad", good, "")
	refuse("from-alone", "a day from which emergency days count, and no such days", terms+"\xae", terms+"\xad", "\x0f\x0e", "")
	refuse("from-noon", "emergency days count from the beginning of a day in UTC", good, from(issued.Unix()))
	refuse("from-zero", "the time is not zero", good, "\x11\x00")
}
