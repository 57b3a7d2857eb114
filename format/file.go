package format

// File is a license file: a license and the delegation under which it was signed.
//
//	license-file = [delegation, license]
//
// It shares the memory of the bytes that it was parsed from.
type File struct {
	RawDelegation []byte // the delegation's bytes, for a cache of checked ones
	Delegation    Statement
	License       Statement
}

// ParseFile reads a license file. Nobody has checked a signature yet. The error is a
// *MalformedError or a *WrongKindError.
func ParseFile(raw []byte) (File, error) {
	if len(raw) > MaxLicenseFile {
		return File{}, malformed("%d bytes, a license file has at most %d", len(raw), MaxLicenseFile)
	}
	r := reader{b: raw}
	r.array(2, 2)
	start := r.b
	var f File
	f.Delegation = readStatement(&r)
	f.RawDelegation = start[:len(start)-len(r.b)]
	f.License = readStatement(&r)
	r.end()
	switch {
	case r.err != nil:
		return File{}, r.err
	case len(f.RawDelegation) > MaxDelegation:
		return File{}, malformed("a delegation of %d bytes, at most %d are allowed", len(f.RawDelegation), MaxDelegation)
	case f.Delegation.kind != Delegation:
		return File{}, &WrongKindError{Got: f.Delegation.kind, Want: Delegation}
	case f.License.kind != License:
		return File{}, &WrongKindError{Got: f.License.kind, Want: License}
	}
	return f, nil
}

// MarshalFile puts a signed delegation and a signed license into one file.
func MarshalFile(delegation, license []byte) ([]byte, error) {
	var w writer
	w.array(2)
	w.b = append(append(w.b, delegation...), license...)
	if _, err := ParseFile(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}
