package format

// codec goes over what a statement says, in the canonical order, and reads each value or
// writes it: one description of a statement serves both, so that they cannot differ.
type codec struct {
	r *reader // nil: it does not read
	w *writer // nil: it does not write
}

// absent is at the value of an entry that is not there. It does nothing.
var absent codec

// there reports whether there is a value.
func (c *codec) there() bool { return c.r != nil || c.w != nil }

// refuse makes what was read malformed.
func (c *codec) refuse(format string, args ...any) {
	if c.r != nil {
		c.r.fail(format, args...)
	}
}

// payload is what a statement says. What it reads is as hostile as its sender.
type payload interface{ wire(c *codec) }

// marshal refuses what could not be read again.
func marshal[P any](p payload, unmarshal func([]byte) (P, error)) ([]byte, error) {
	var w writer
	p.wire(&codec{w: &w})
	if _, err := unmarshal(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// unmarshal reads into p. The error is a *MalformedError.
func unmarshal[P payload](p P, b []byte, what string, most int) (P, error) {
	var none P
	if len(b) > most {
		return none, malformed("%d bytes, %s has at most %d", len(b), what, most)
	}
	r := newReader(b)
	p.wire(&codec{r: &r})
	r.end()
	if r.err != nil {
		return none, r.err
	}
	return p, nil
}

// entries are those of a map with integer keys, which are named in the canonical order.
type entries struct {
	*codec
	f fields    // that are read
	m mapWriter // that are written
}

func (c *codec) entries() entries {
	if c.r != nil {
		return entries{codec: c, f: c.r.fields()}
	}
	return entries{codec: c, m: c.w.fields()}
}

// need is at the value of a key that is always there.
func (e *entries) need(key int64, what string) *codec {
	if e.r != nil {
		e.f.need(key, what)
	} else {
		e.m.key(key)
	}
	return e.codec
}

// may is at the value of a key that is left out unless it is set.
func (e *entries) may(key int64, set bool) *codec {
	if e.r != nil {
		set = e.f.has(key)
	} else if set {
		e.m.key(key)
	}
	if !set {
		return &absent
	}
	return e.codec
}

// needUnless is need, but for a key that may be left out.
func (e *entries) needUnless(mayLack bool, key int64, what string, set bool) *codec {
	if mayLack {
		return e.may(key, set)
	}
	return e.need(key, what)
}

// end refuses entries that nobody has asked for.
func (e *entries) end() {
	if e.r != nil {
		e.f.end()
	}
}

func value[T any](c *codec, v *T, read func(*reader) T, write func(*writer, T)) {
	if c.r != nil {
		*v = read(c.r)
	} else if c.w != nil {
		write(c.w, *v)
	}
}

func (c *codec) vendor(s *string)      { value(c, s, (*reader).vendor, (*writer).text) }
func (c *codec) licenseType(s *string) { value(c, s, (*reader).licenseType, (*writer).text) }
func (c *codec) words(all *[]string)   { value(c, all, (*reader).words, (*writer).words) }
func (c *codec) allowed(all *[]string) { value(c, all, (*reader).allowed, (*writer).words) }
func (c *codec) time(t *int64)         { value(c, t, (*reader).time, (*writer).int) }
func (c *codec) confirmation(key *[]byte) {
	value(c, key, (*reader).confirmation, (*writer).confirmation)
}
func (c *codec) components(all *[]Component) { value(c, all, decodeComponents, encodeComponents) }
func (c *codec) set(s *Set)                  { value(c, s, (*reader).set, (*writer).set) }
func (c *codec) limits(all *map[string]uint64) {
	value(c, all, (*reader).limits, (*writer).limits)
}
func (c *codec) extensions(all *map[string]Scalar) {
	value(c, all, (*reader).extensions, (*writer).extensions)
}
func (c *codec) flag(yes *bool) { value(c, yes, (*reader).flag, (*writer).flag) }

// after is a time or a span in seconds that is left out when it is zero.
func (c *codec) after(t *int64) {
	value(c, t, func(r *reader) int64 { return int64(r.positive(maxTime)) }, (*writer).int)
}

// positive is a number that is left out when it is zero.
func (c *codec) positive(n *uint64, most uint64) {
	if c.r != nil {
		*n = c.r.positive(most)
	} else if c.w != nil {
		c.w.uint(*n)
	}
}

func (c *codec) text(s *string, most int) {
	if c.r != nil {
		*s = c.r.text(most)
	} else if c.w != nil {
		c.w.text(*s)
	}
}

func (c *codec) product(s *string, what string) {
	if c.r != nil {
		*s = c.r.product(what)
	} else if c.w != nil {
		c.w.text(*s)
	}
}

// fixed is a byte string of the length of b.
func (c *codec) fixed(b []byte) {
	if c.r != nil {
		copy(b, c.r.bytes(len(b), len(b)))
	} else if c.w != nil {
		c.w.bytes(b)
	}
}
