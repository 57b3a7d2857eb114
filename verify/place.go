package verify

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// site refuses the license of another site: one that answers a request which this
// state directory has not made, or made with another machine key.
func (j *judgement) site() error {
	binding := j.claims.Binding
	if binding == nil {
		return nil
	}
	if j.facts.AnyMachine {
		j.warn(Warning{Code: NoMachine}, "checked without its machine: whether it runs on its own site was not checked")
		return nil
	}
	if bytes.Equal(binding.Key, j.facts.Site.Key.Bytes()) && slices.Contains(j.facts.Site.Requests, binding.Request) {
		return nil
	}
	return &Refusal{
		Reason:   WrongSite,
		Message:  "the license was issued for a different request, or changed on its way",
		Expected: "a license for " + requestNames(j.facts.Site.Requests),
		Found:    "a license for request " + format.ComparisonCode(binding.Request),
		hint:     "install it on the server with that request, or send this server's request to the vendor",
	}
}

func requestNames(requests [][32]byte) string {
	if len(requests) == 0 {
		return "no request: none was made here"
	}
	names := make([]string, 0, len(requests))
	for _, request := range requests {
		names = append(names, format.ComparisonCode(request))
	}
	if len(names) > 3 {
		names = append(names[:2], fmt.Sprintf("one of %d more", len(names)-2))
	}
	return "request " + strings.Join(names, " or ")
}

// MachineMatch is how much of what a license names this machine has.
type MachineMatch struct {
	Matching uint64 `json:"matching"`
	Named    uint64 `json:"named"`
	Needed   uint64 `json:"needed"`
	Margin   uint64 `json:"margin"` // Matching - Needed: how many more may change before the license stops

	// Installed is how many matched when the license was installed, as far as the site has that
	// on record; else all that are named.
	Installed uint64   `json:"installed"`
	Changed   []string `json:"changed,omitempty"` // labels of what has changed or cannot be read
}

// HadMargin reports whether anything could have changed since the license was installed.
func (m *MachineMatch) HadMargin() bool { return m.Installed > m.Needed }

// String is "2 of 3 match, 2 needed".
func (m *MachineMatch) String() string {
	return fmt.Sprintf("%d of %d match, %d needed", m.Matching, m.Named, m.Needed)
}

// machine refuses a machine of which fewer components than the license asks for are
// those that it names. A component that cannot be read matches nothing.
func (j *judgement) machine() error {
	binding := j.claims.Binding
	if binding == nil || j.facts.AnyMachine || len(binding.Components) == 0 {
		return nil
	}
	var other, missing []string
	for _, want := range binding.Components {
		offered, same := offers(j.facts.Site.Components, want)
		if !same {
			other = append(other, want.Label)
		}
		if !offered && !fromSystem(want.Label) {
			missing = append(missing, want.Label)
		}
	}
	matching := len(binding.Components) - len(other)
	if m := (&MachineMatch{
		Matching: uint64(matching), Named: uint64(len(binding.Components)), Needed: binding.Need,
		Installed: cmp.Or(j.facts.Site.Matched, uint64(len(binding.Components))), Changed: other,
	}); m.Matching >= m.Needed {
		if m.Margin = m.Matching - m.Needed; m.Margin == 0 && m.Matching < m.Installed {
			j.warn(Warning{Code: NoMargin, Value: strings.Join(other, ", "), Count: m.Matching, Of: m.Needed},
				"%s: one more change and this license stops; make a new request now: `offlicense request`", m)
		}
		j.license.Machine = m
		return nil
	}
	hint := `compare with "offlicense machine" as root, or make a new request if the machine was replaced`
	if len(missing) > 0 {
		hint = fmt.Sprintf("the license counts on %s: give what the request was made with, by --component %s=VALUE or in OFFLICENSE_COMPONENTS",
			strings.Join(missing, " and "), missing[0])
	}
	return &Refusal{
		Reason:   WrongMachine,
		Message:  "the license is for another machine, or this one has changed",
		Expected: fmt.Sprintf("%d of %s", binding.Need, labelNames(binding.Components)),
		Found:    fmt.Sprintf("%d; changed or not readable: %s", matching, list(other)),
		hint:     hint,
	}
}

// offers reports whether the machine offers a component of the label, and whether it is
// the same one. The license may hold fewer bytes of the hash than the machine offers, and
// never fewer than 6.
func offers(offered []format.Component, want format.Component) (offers, same bool) {
	for _, have := range offered {
		if have.Label == want.Label {
			offers = true
			same = same || len(want.Hash) >= format.MinComponentHash && bytes.HasPrefix(have.Hash, want.Hash)
		}
	}
	return offers, same
}

// fromSystem reports whether components of the label are read from the machine, and not
// given by its operator.
func fromSystem(label string) bool {
	switch label {
	case format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS, format.LabelMAC,
		"host-machine-id", "host-uuid": // of a container, with --host-id
		return true
	}
	return false
}

func labelNames(components []format.Component) string {
	names := make([]string, len(components))
	for i, c := range components {
		names[i] = c.Label
	}
	return list(names)
}
