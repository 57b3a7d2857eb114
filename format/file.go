package format

// File is a license file: a license, the delegation under which it was signed, and
// perhaps the revocation list that was the newest then.
//
//	license-file = [delegation, license, ? revocation-file]
//
// It shares the memory of the bytes that it was parsed from.
type File struct {
	RawDelegation []byte // the delegation's bytes, for a cache of checked ones
	Delegation    Statement
	License       Statement
	RawList       []byte // of List
	List          *List  // nil: the file has none
}

// ParseFile reads a license file. Nobody has checked a signature yet. The error is a
// *MalformedError or a *WrongKindError.
func ParseFile(raw []byte) (File, error) {
	if len(raw) > MaxLicenseFile {
		return File{}, malformed("%d bytes, a license file has at most %d", len(raw), MaxLicenseFile)
	}
	r := reader{b: raw}
	elements := r.array(2, 3)
	var f File
	f.RawDelegation, f.Delegation = readDelegation(&r)
	f.License = readStatement(&r)
	if elements == 3 {
		f.RawList = r.b
		f.List = readList(&r)
	}
	r.end()
	switch {
	case r.err != nil:
		return File{}, r.err
	case f.Delegation.kind != Delegation:
		return File{}, &WrongKindError{Got: f.Delegation.kind, Want: Delegation}
	case f.License.kind != License:
		return File{}, &WrongKindError{Got: f.License.kind, Want: License}
	case f.List != nil:
		if err := f.List.check(); err != nil {
			return File{}, err
		}
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
// one that it had. The license itself stays as it was signed.
func AttachList(file, list []byte) ([]byte, error) {
	f, err := ParseFile(file)
	if err != nil {
		return nil, err
	}
	var w writer
	w.array(3)
	w.b = append(append(w.b, file[1:len(file)-len(f.RawList)]...), list...)
	if _, err := ParseFile(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}
