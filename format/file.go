package format

import "cmp"

// File is a license file: a license, the delegation under which it was signed, and what
// else it carries, such as the revocation list that was the newest then.
//
//	license-file = [delegation, license, *4 further]
//	further = revocation-file / [1*2 statement of a later version]
//
// Nobody signs the array, so what stands behind the license is there for whoever knows it: one
// of an unknown typ is passed over.
//
// It shares the memory of the bytes that it was parsed from.
type File struct {
	RawDelegation []byte // the delegation's bytes, for a cache of checked ones
	Delegation    Statement
	License       Statement
	RawList       []byte // of List
	List          *List  // nil: the file has none
	Skipped       int    // how many statements are of a typ that this version does not know

	listAt int // where RawList begins
}

// maxFurther is the most that stands behind the license in its file.
const maxFurther = 4

// ParseFile reads a license file. Nobody has checked a signature yet. The error is a
// *MalformedError or a *WrongKindError.
func ParseFile(raw []byte) (File, error) {
	if len(raw) > MaxLicenseFile {
		return File{}, malformed("%d bytes, a license file has at most %d", len(raw), MaxLicenseFile)
	}
	r := reader{b: raw}
	further := r.array(2, 2+maxFurther) - 2
	var f File
	f.RawDelegation, f.Delegation = readDelegation(&r)
	f.License = readStatement(&r)
	var refused error
	for ; further > 0 && r.err == nil; further-- {
		at := len(raw) - len(r.b)
		l := readList(&r)
		switch {
		case r.err != nil:
		case l.Revocation.kind == 0:
			f.Skipped++
		case f.List != nil:
			refused = cmp.Or(refused, malformed("two lists, or what is none, behind the license"))
		default:
			end := len(raw) - len(r.b)
			f.RawList, f.List, f.listAt = raw[at:end:end], l, at
			refused = cmp.Or(refused, l.check())
		}
	}
	r.end()
	switch {
	case r.err != nil:
		return File{}, r.err
	case f.Delegation.kind != Delegation:
		return File{}, wrongKind(f.Delegation.kind, Delegation)
	case f.License.kind != License:
		return File{}, wrongKind(f.License.kind, License)
	case refused != nil:
		return File{}, refused
	}
	return f, nil
}

// MarshalFile puts a signed delegation and a signed license into one file, with a
// revocation list as MarshalList returns it, or nil for none.
func MarshalFile(delegation, license, list []byte) ([]byte, error) {
	var w writer
	w.array(2)
	if list != nil {
		w.b[0]++
	}
	w.b = append(append(append(w.b, delegation...), license...), list...)
	if _, err := ParseFile(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// AttachList returns a license file with the given revocation list, in the place of the
// one that it had. The license itself stays as it was signed, and so does all else that the
// file carries.
func AttachList(file, list []byte) ([]byte, error) {
	f, err := ParseFile(file)
	if err != nil {
		return nil, err
	}
	elements := int(file[0] & 0x1f)
	before, behind := file[1:], []byte(nil)
	if f.List == nil {
		elements++
	} else {
		before, behind = file[1:f.listAt], file[f.listAt+len(f.RawList):]
	}
	var w writer
	w.array(elements)
	w.b = append(append(append(w.b, before...), list...), behind...)
	attached, err := ParseFile(w.b)
	if err != nil {
		return nil, err
	}
	if attached.List == nil {
		return nil, malformed("what is to be attached is no revocation list")
	}
	return w.b, nil
}
