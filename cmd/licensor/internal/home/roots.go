package home

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// MaxRoots is the most root keys of a vendor: the active one, the standby, and before
// them those that were revoked, for what stays good of them.
const MaxRoots = 4

// RootRole says what the i-th of so many root keys is, in the order of root.pub, which
// decides: the last one, the standby, can revoke all before it. It is empty for the only
// one there is.
func RootRole(i, of int) string {
	switch {
	case of == 1:
		return ""
	case i == of-1:
		return "standby"
	case i == of-2:
		return "active"
	}
	return "former"
}

// CheckRoles refuses root keys whose comments contradict their order, which decides: with
// two lines the wrong way round, the active root would be the one that can revoke the
// standby. A comment that names no role contradicts nothing.
func CheckRoles(roots []keys.NamedKey) error {
	if len(roots) == 1 {
		return nil
	}
	for i, root := range roots {
		_, said, _ := strings.Cut(root.Comment, " ")
		role := RootRole(i, len(roots))
		if (said == "active" || said == "standby" || said == "former") && said != role {
			return fmt.Errorf("root key %d of %d, %s, stands where the %s one belongs and calls itself %s", i+1, len(roots), root.Fingerprint(), role, said)
		}
	}
	return nil
}

// VendorIn returns the domain that the comment of a root public key names. Nobody has
// signed a comment: it is for showing and for telling mistakes, never for deciding.
func VendorIn(comment string) string {
	first, _, _ := strings.Cut(comment, " ")
	return first
}

// marshalRoots returns the text of root.pub.
func marshalRoots(roots []keys.NamedKey) ([]byte, error) {
	if len(roots) == 0 || len(roots) > MaxRoots {
		return nil, fmt.Errorf("got %d root keys, want 1 to %d", len(roots), MaxRoots)
	}
	var text bytes.Buffer
	for i, root := range roots {
		comment := root.Comment
		if len(roots) > 1 {
			comment = rootComment(VendorIn(roots[0].Comment), i, len(roots))
		}
		text.WriteString(root.MarshalLine(comment) + "\n")
	}
	return text.Bytes(), nil
}

// rootComment is the comment of a vendor's i-th root key of so many.
func rootComment(vendor string, i, of int) string {
	return strings.TrimSpace(vendor + " " + RootRole(i, of))
}

// NamedRoots returns the root keys in root.pub, in its order.
func (h Home) NamedRoots() ([]keys.NamedKey, error) {
	text, err := h.Roots()
	if err != nil {
		return nil, err
	}
	return keys.ParsePublicFile(text)
}

// PinRoots makes root.pub, which nothing replaces: from then on every delegation is
// checked against it. The error is fs.ErrExist if there is one.
func (h Home) PinRoots(roots []keys.NamedKey) error {
	text, err := marshalRoots(roots)
	if err != nil {
		return err
	}
	return atomicfile.Create(h.RootsFile(), text, 0o644)
}

// AddStandby adds a root key behind all others. The standby of before is the active one
// then.
func (h Home) AddStandby(standby keys.NamedKey) error {
	if err := h.Closed(); err != nil {
		return err
	}
	roots, err := h.NamedRoots()
	if err != nil {
		return err
	}
	text, err := marshalRoots(append(roots[:len(roots):len(roots)], standby))
	if err != nil {
		return err
	}
	return atomicfile.Write(h.RootsFile(), text, 0o644)
}
