package format

// LicenseClaims say what may run where, and until when. The fields hold what was read;
// only the signature of a key that a trusted root delegated to makes it true.
type LicenseClaims struct {
	Issuer     string // the vendor's domain
	Activation string // the vendor's name for the use of one seat
	Product    string
	Expires    int64 // the hard end, grace included, seconds since 1970; 0: perpetual
	NotBefore  int64 // 0: from the start
	IssuedAt   int64
	ID         ID
	Terms      Terms
	Binding    *Binding // nil: a license for any machine
}

// Terms are what was bought.
type Terms struct {
	Type         string
	Seats        uint64 // of the entitlement, at least 1
	Epoch        uint64 // at least 1; of two licenses of one activation the higher counts
	Invoice      string
	Customer     string
	Edition      string            // empty if the product has none
	Site         string            // empty if the request gave none
	GraceDays    uint64            // how long before Expires the license is in grace
	UpdatesUntil int64             // builds made later are not covered; 0: all are
	MaxVersion   string            // highest version covered, such as "2.x"; empty: all are
	Features     []string          // nil: none
	Limits       map[string]uint64 // nil: none
	Ext          map[string]Scalar // may be ignored, so nothing here restricts

	// MinRevocation is the lowest number of a revocation list by which the license may be
	// judged; 0: it needs none.
	MinRevocation uint64

	// EmergencyDays is on how many days of declared emergency a failover license runs;
	// 0: they are not limited. Other types have none.
	EmergencyDays uint64

	// EmergencyFrom is the beginning of the day, in UTC, from which the emergency days
	// count. It is there if and only if they are.
	EmergencyFrom int64
}

// Binding ties a license to the site that asked for it.
type Binding struct {
	Key        []byte      // the machine's public key, 32 bytes
	Request    [32]byte    // SHA-256 of the body of the request that the license answers
	Need       uint64      // how many components must match: 1 to all, 0 if there are none
	Components []Component // of the request; empty: bound to the machine's key alone
}

const (
	termType = iota
	termSeats
	termEpoch
	termInvoice
	termCustomer
	termEdition
	termSite
	termRequest
	termNeed
	termComponents
	termGraceDays
	termUpdatesUntil
	termMaxVersion
	termFeatures
	termLimits
	termEmergencyDays
	termMinRevocation
	termEmergencyFrom
	termExt = 23
)

const (
	hashSize     = 32
	maxGraceDays = 3660
	day          = 24 * 60 * 60
)

// Marshal returns the payload:
//
//	license = {
//	  1 => tstr, 2 => tstr, 3 => tstr,      ; vendor, activation, product
//	  ? 4 => uint, ? 5 => uint, 6 => uint,  ; exp, nbf, iat
//	  7 => bstr .size 16, ? 8 => cnf,       ; cti, the machine's key
//	  -70001 => terms,                      ; license.cddl
//	}
func (l *LicenseClaims) Marshal() ([]byte, error) {
	var w writer
	w.license(l)
	if _, err := UnmarshalLicense(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// license writes what there is of a license: all of it, or what is carried.
func (w *writer) license(l *LicenseClaims) {
	m := w.fields()
	m.text(claimIssuer, l.Issuer)
	m.key(claimSubject).text(l.Activation)
	m.text(claimAudience, l.Product)
	if l.Expires != 0 {
		m.key(claimExpires).int(l.Expires)
	}
	if l.NotBefore != 0 {
		m.key(claimNotBefore).int(l.NotBefore)
	}
	m.key(claimIssuedAt).int(l.IssuedAt)
	m.key(claimID).bytes(l.ID[:])
	if l.Binding != nil && l.Binding.Key != nil {
		m.key(claimConfirm).confirmation(l.Binding.Key)
	}
	m.key(claimTerms)
	encodeTerms(w, &l.Terms, l.Binding)
}

func encodeTerms(w *writer, t *Terms, b *Binding) {
	m := w.fields()
	m.text(termType, t.Type)
	m.key(termSeats).uint(t.Seats)
	m.key(termEpoch).uint(t.Epoch)
	m.text(termInvoice, t.Invoice)
	m.key(termCustomer).text(t.Customer)
	m.text(termEdition, t.Edition)
	m.text(termSite, t.Site)
	if b != nil {
		if b.Key != nil {
			m.key(termRequest).bytes(b.Request[:])
		}
		m.uint(termNeed, b.Need)
		if len(b.Components) > 0 {
			encodeComponents(m.key(termComponents), b.Components)
		}
	}
	m.uint(termGraceDays, t.GraceDays)
	if t.UpdatesUntil != 0 {
		m.key(termUpdatesUntil).int(t.UpdatesUntil)
	}
	m.text(termMaxVersion, t.MaxVersion)
	if len(t.Features) > 0 {
		m.key(termFeatures).words(t.Features)
	}
	if len(t.Limits) > 0 {
		m.key(termLimits).limits(t.Limits)
	}
	m.uint(termEmergencyDays, t.EmergencyDays)
	m.uint(termMinRevocation, t.MinRevocation)
	if t.EmergencyFrom != 0 {
		m.key(termEmergencyFrom).int(t.EmergencyFrom)
	}
	if len(t.Ext) > 0 {
		m.key(termExt).extensions(t.Ext)
	}
}

// UnmarshalLicense reads the payload of a license. The error is a *MalformedError.
func UnmarshalLicense(payload []byte) (*LicenseClaims, error) {
	if len(payload) > MaxLicenseFile {
		return nil, malformed("%d bytes, a license has at most %d", len(payload), MaxLicenseFile)
	}
	r := newReader(payload)
	l := r.license(false)
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return l, nil
}

// license reads a license: all of it, or what is carried.
func (r *reader) license(carried bool) *LicenseClaims {
	var l LicenseClaims
	f := r.fields()
	if f.needUnless(carried, claimIssuer, "iss") {
		l.Issuer = r.vendor()
	}
	f.need(claimSubject, "sub")
	l.Activation = r.text(maxWord)
	if f.needUnless(carried, claimAudience, "aud") {
		l.Product = r.product("product")
	}
	if f.has(claimExpires) {
		l.Expires = int64(r.positive(maxTime))
	}
	if f.has(claimNotBefore) {
		l.NotBefore = int64(r.positive(maxTime))
	}
	f.need(claimIssuedAt, "iat")
	l.IssuedAt = r.time()
	f.need(claimID, "cti")
	l.ID = r.id()
	if carried {
		l.Binding = new(Binding)
	} else if f.has(claimConfirm) {
		l.Binding = &Binding{Key: r.confirmation()}
	}
	f.need(claimTerms, "terms")
	decodeTerms(r, &l.Terms, l.Binding, carried)
	f.end()
	checkTimes(r, &l)
	return &l
}

func decodeTerms(r *reader, t *Terms, b *Binding, carried bool) {
	f := r.fields()
	if f.needUnless(carried, termType, "type") {
		t.Type = r.licenseType()
	}
	f.need(termSeats, "seats")
	t.Seats = r.positive(maxUint)
	f.need(termEpoch, "epoch")
	t.Epoch = r.positive(maxUint)
	if f.needUnless(carried, termInvoice, "invoice") {
		t.Invoice = r.text(maxWord)
	}
	f.need(termCustomer, "customer")
	t.Customer = r.text(maxName)
	if f.has(termEdition) {
		t.Edition = r.product("edition")
	}
	if f.has(termSite) {
		t.Site = r.text(maxName)
	}
	if b != nil {
		if !carried {
			f.need(termRequest, "request")
			copy(b.Request[:], r.bytes(hashSize, hashSize))
		}
		if f.has(termNeed) {
			b.Need = r.positive(MaxComponents)
			if f.needUnless(carried, termComponents, "components") {
				b.Components = decodeComponents(r)
			}
		}
		if r.err == nil && b.Need > uint64(len(b.Components)) && !carried {
			r.fail("%d components must match and there are %d", b.Need, len(b.Components))
		}
	}
	if f.has(termGraceDays) {
		t.GraceDays = r.positive(maxGraceDays)
	}
	if f.has(termUpdatesUntil) {
		t.UpdatesUntil = int64(r.positive(maxTime))
	}
	if f.has(termMaxVersion) {
		t.MaxVersion = r.text(maxWord)
	}
	if f.has(termFeatures) {
		t.Features = r.words(1)
	}
	if f.has(termLimits) {
		t.Limits = r.limits()
	}
	if f.has(termEmergencyDays) {
		t.EmergencyDays = r.positive(maxUint)
		if t.Type != TypeFailover && !carried {
			r.fail("emergency days in a license of type %s: want type %s", t.Type, TypeFailover)
		}
	}
	if f.has(termMinRevocation) {
		t.MinRevocation = r.positive(maxUint)
	}
	if t.EmergencyDays != 0 {
		f.need(termEmergencyFrom, "day from which the emergency days count")
		t.EmergencyFrom = int64(r.positive(maxTime))
		if t.EmergencyFrom%day != 0 {
			r.fail("the emergency days count from %d, which is not the beginning of a day", t.EmergencyFrom)
		}
	}
	if f.has(termExt) {
		t.Ext = r.extensions()
	}
	f.end()
}

// checkTimes refuses times that contradict each other.
func checkTimes(r *reader, l *LicenseClaims) {
	switch {
	case r.err != nil:
	case l.Expires == 0 && l.Terms.GraceDays != 0:
		r.fail("grace without an end")
	case l.Expires == 0:
	case l.Expires <= l.IssuedAt || l.Expires <= l.NotBefore:
		r.fail("the license ends before it begins")
	case l.Terms.GraceDays*day >= uint64(l.Expires):
		r.fail("%d grace days begin before 1970", l.Terms.GraceDays)
	}
}
