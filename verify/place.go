package verify

import (
	"bytes"
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

// machine refuses a machine of which fewer components than the license asks for are
// those that it names. A component that cannot be read matches nothing.
func (j *judgement) machine() error {
	binding := j.claims.Binding
	if binding == nil || j.facts.AnyMachine {
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
	if uint64(matching) >= binding.Need {
		if len(other) > 0 {
			w := Warning{Code: PartlyOther, Value: strings.Join(other, ", "), Count: uint64(matching), Of: binding.Need}
			j.warn(w, "this machine has changed or is only partly readable (%s); the license still holds: %d components match and %d must",
				w.Value, matching, binding.Need)
		}
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
