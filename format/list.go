package format

// List is a signed revocation list as it travels: alone if a root has signed it, else
// with the delegation of the key that has.
//
//	revocation-file = [revocation] / [delegation, revocation]
//
// It shares the memory of the bytes that it was parsed from.
type List struct {
	RawDelegation []byte // nil: the list claims to be signed by a root
	Delegation    Statement
	Revocation    Statement
}

// ParseList reads a revocation list. Nobody has checked a signature yet. The error is a
// *MalformedError or a *WrongKindError.
func ParseList(raw []byte) (*List, error) {
	if len(raw) > MaxRevocation {
		return nil, malformed("%d bytes, a revocation list has at most %d", len(raw), MaxRevocation)
	}
	r := reader{b: raw}
	l := readList(&r)
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	return l, nil
}

func readList(r *reader) *List {
	var l List
	if r.array(1, 2) == 2 {
		l.RawDelegation, l.Delegation = readDelegation(r)
	}
	l.Revocation = readStatement(r)
	return &l
}

func (l *List) check() error {
	if l.RawDelegation != nil && l.Delegation.kind != Delegation {
		return wrongKind(l.Delegation.kind, Delegation)
	}
	if l.Revocation.kind != Revocation {
		return wrongKind(l.Revocation.kind, Revocation)
	}
	return nil
}

// readDelegation reads a statement that should be a delegation, and returns its bytes too.
func readDelegation(r *reader) ([]byte, Statement) {
	start := r.b
	s := readStatement(r)
	n := len(start) - len(r.b)
	raw := start[:n:n] // so that an append does not write into what follows
	if len(raw) > MaxDelegation {
		r.fail("a delegation of %d bytes, at most %d are allowed", len(raw), MaxDelegation)
	}
	return raw, s
}

// MarshalList puts a signed revocation list into the form in which it travels, with the
// delegation of the key that has signed it, or nil if that is a root.
func MarshalList(delegation, revocation []byte) ([]byte, error) {
	var w writer
	if delegation == nil {
		w.array(1)
	} else {
		w.array(2)
		w.b = append(w.b, delegation...)
	}
	w.b = append(w.b, revocation...)
	if _, err := ParseList(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}
