package format

import (
	"fmt"
	"slices"
)

// MaxComponents is the most components that a request or a license names.
const MaxComponents = 6

// Component hashes are 6 to 8 bytes long: four of 6 bytes, or three of 8, fit a
// request into one QR code of 45 columns and 23 rows.
const (
	MinComponentHash = 6
	MaxComponentHash = 8
)

// Component is one thing that identifies a machine: a label and the first 6 to 8
// bytes of an HMAC-SHA256 of its value, keyed by the product.
type Component struct {
	Label string
	Hash  []byte
}

// Labels that this project defines travel as small integers; an operator's own travel
// as text. A label has one form, so the text "mac" is never in a statement.
const (
	LabelMachineID   = "machine-id"
	LabelProductUUID = "product-uuid"
	LabelRootFS      = "root-fs"
	LabelMAC         = "mac"
)

var labels = registry{LabelMachineID, LabelProductUUID, LabelRootFS, LabelMAC}

// ValidLabel returns nil if label may name a component: 1 to 16 of a-z, 0-9 and -,
// the first a letter.
func ValidLabel(label string) error {
	if len(label) == 0 || len(label) > 16 || label[0] < 'a' || label[0] > 'z' {
		return fmt.Errorf("invalid label %.64q: want 1 to 16 of a-z, 0-9 and -, starting with a letter", label)
	}
	for _, c := range []byte(label) {
		if !isLower(c) && !isDigit(c) && c != '-' {
			return fmt.Errorf("invalid label %.64q: want 1 to 16 of a-z, 0-9 and -, starting with a letter", label)
		}
	}
	return nil
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// encodeComponents writes
//
//	components = [1*6 (label, component-hash)]     ; flat: label, hash, label, hash
//	label = 1..4 / tstr
//	component-hash = bstr .size (6..8)
func encodeComponents(w *writer, components []Component) {
	w.array(2 * len(components))
	for _, c := range components {
		encodeLabel(w, c.Label)
		w.bytes(c.Hash)
	}
}

func encodeLabel(w *writer, label string) {
	if n, known := labels.number(label); known {
		w.uint(n)
	} else {
		w.text(label)
	}
}

func decodeComponents(r *reader) []Component {
	n := r.array(2, 2*MaxComponents)
	if n%2 != 0 {
		r.fail("components: got %d elements, want pairs", n)
		return nil
	}
	components := make([]Component, n/2)
	for i := range components {
		label := decodeLabel(r)
		for _, earlier := range components[:i] {
			if earlier.Label == label {
				r.fail("components: duplicate %q", label)
			}
		}
		components[i] = Component{Label: label, Hash: r.bytes(MinComponentHash, MaxComponentHash)}
	}
	return components
}

func decodeLabel(r *reader) string {
	if r.peek() == majorUint {
		return labels.read(r, "component label")
	}
	label := r.text(16)
	if r.err == nil {
		if _, known := labels.number(label); known {
			r.fail("component label %q: want its number", label)
		} else if err := ValidLabel(label); err != nil {
			r.fail("%v", err)
		}
	}
	return label
}

func encodeLabels(w *writer, all []string) {
	w.array(len(all))
	for _, label := range all {
		encodeLabel(w, label)
	}
}

// decodeLabels reads labels of some of the components, in their order and each once.
func decodeLabels(r *reader, of []Component) []string {
	some := make([]string, r.array(1, MaxComponents))
	for i := range some {
		some[i] = decodeLabel(r)
		at := slices.IndexFunc(of, func(c Component) bool { return c.Label == some[i] })
		if at < 0 {
			r.fail("label %q: want those of components, in their order and each once", some[i])
			return nil
		}
		of = of[at+1:]
	}
	return some
}
