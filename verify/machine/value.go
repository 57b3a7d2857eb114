package machine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// maxValue is the most bytes that an operator's value has: ids of clusters and volumes
// (a Kubernetes UID, an ARN, a WWN) are well below.
const maxValue = 256

// Value is a component that the operator gives, such as the id of a cluster or of a
// volume. Only [ParseValue] and [ValueFile] make one, so that none is a placeholder. Printing it shows
// the label alone.
type Value struct {
	label string
	value string // normalized
	path  string // of the file that has the value; "": the value stands here
}

// Label is the component's label.
func (v Value) Label() string { return v.label }

// String is the label: the value stays out of logs.
func (v Value) String() string { return v.label }

// GoString keeps the value out of %#v, too.
func (v Value) GoString() string { return fmt.Sprintf("machine.Value(%q)", v.label) }

// ParseValue reads LABEL=VALUE, for example cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11.
// The label is as [format.ValidLabel] wants it, and none that the machine's own sources
// use. The value is 1 to 256 bytes of printable ASCII, and nothing that other sites have as
// well: no placeholder, nothing that an unset variable or an unfilled template leaves, no bare
// number below 2^32, no name that every host has. It is
// normalized as the package comment says, so letter case and the dashes of a UUID do not
// matter. Errors do not repeat the value.
func ParseValue(s string) (Value, error) {
	label, value, found := strings.Cut(s, "=")
	if !found {
		return Value{}, errors.New("malformed component: got no '=', want LABEL=VALUE, for example cluster=UID")
	}
	if err := checkLabel(label); err != nil {
		return Value{}, err
	}
	if len(value) > maxValue {
		return Value{}, fmt.Errorf("invalid value of component %q: got %d bytes, want at most %d", label, len(value), maxValue)
	}
	value = normalize(value)
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return Value{}, fmt.Errorf("invalid value of component %q: got byte %#02x, want printable ASCII", label, value[i])
		}
	}
	if n := len(value); n > 1 && strings.IndexByte("\"'`", value[0]) >= 0 && value[n-1] == value[0] {
		return Value{}, fmt.Errorf("invalid value of component %q: got one in quotes, want it without them", label)
	}
	if what := noIdentity(label, value); what != "" {
		return Value{}, fmt.Errorf("invalid value of component %q: got %s, want one that no other site has", label, what)
	}
	return Value{label: label, value: value}, nil
}

// checkLabel refuses a label that no operator can give.
func checkLabel(label string) error {
	if err := format.ValidLabel(label); err != nil {
		return err
	}
	switch label {
	case format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS, format.LabelMAC:
		return fmt.Errorf("invalid label %q: it is read from the machine itself, want another", label)
	}
	if OfHost(format.Component{Label: label}) {
		return fmt.Errorf("invalid label %q: it is read from the host of a container, with --host-id", label)
	}
	return nil
}
