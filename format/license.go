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
func (l *LicenseClaims) Marshal() ([]byte, error) { return marshal(l, UnmarshalLicense) }

// UnmarshalLicense reads the payload of a license. The error is a *MalformedError.
func UnmarshalLicense(payload []byte) (*LicenseClaims, error) {
	return unmarshal(new(LicenseClaims), payload, "a license", MaxLicenseFile)
}

func (l *LicenseClaims) wire(x *codec) { l.wireCarried(x, false) }

// wireCarried is wire of what is carried of a license, or of all.
func (l *LicenseClaims) wireCarried(x *codec, carried bool) {
	m := x.entries()
	m.needUnless(carried, claimIssuer, "iss", l.Issuer != "").vendor(&l.Issuer)
	m.need(claimSubject, "sub").text(&l.Activation, maxWord)
	m.needUnless(carried, claimAudience, "aud", l.Product != "").product(&l.Product, "product")
	m.may(claimExpires, l.Expires != 0).after(&l.Expires)
	m.may(claimNotBefore, l.NotBefore != 0).after(&l.NotBefore)
	m.need(claimIssuedAt, "iat").time(&l.IssuedAt)
	m.need(claimID, "cti").fixed(l.ID[:])
	confirm := &absent
	if !carried {
		confirm = m.may(claimConfirm, l.Binding != nil)
	}
	if l.Binding == nil && (carried || confirm.there()) {
		l.Binding = new(Binding)
	}
	if confirm.there() {
		confirm.confirmation(&l.Binding.Key)
	}
	l.Terms.wire(m.need(claimTerms, "terms"), l.Binding, carried)
	m.end()
	checkTimes(x, l)
}

func (t *Terms) wire(x *codec, b *Binding, carried bool) {
	m := x.entries()
	m.needUnless(carried, termType, "type", t.Type != "").licenseType(&t.Type)
	m.need(termSeats, "seats").positive(&t.Seats, maxUint)
	m.need(termEpoch, "epoch").positive(&t.Epoch, maxUint)
	m.needUnless(carried, termInvoice, "invoice", t.Invoice != "").text(&t.Invoice, maxWord)
	m.need(termCustomer, "customer").text(&t.Customer, maxName)
	m.may(termEdition, t.Edition != "").product(&t.Edition, "edition")
	m.may(termSite, t.Site != "").text(&t.Site, maxName)
	if b != nil {
		if !carried {
			m.need(termRequest, "request").fixed(b.Request[:])
		}
		need := m.may(termNeed, b.Need != 0 || len(b.Components) > 0)
		if need.positive(&b.Need, MaxComponents); need.there() {
			m.needUnless(carried, termComponents, "components", len(b.Components) > 0).components(&b.Components)
		}
		if b.Need > uint64(len(b.Components)) && !carried {
			x.refuse("%d components must match and there are %d", b.Need, len(b.Components))
		}
	}
	m.may(termGraceDays, t.GraceDays != 0).positive(&t.GraceDays, maxGraceDays)
	m.may(termUpdatesUntil, t.UpdatesUntil != 0).after(&t.UpdatesUntil)
	m.may(termMaxVersion, t.MaxVersion != "").text(&t.MaxVersion, maxWord)
	m.may(termFeatures, len(t.Features) > 0).words(&t.Features)
	m.may(termLimits, len(t.Limits) > 0).limits(&t.Limits)
	m.may(termEmergencyDays, t.EmergencyDays != 0).positive(&t.EmergencyDays, maxUint)
	if t.EmergencyDays != 0 && t.Type != TypeFailover && !carried {
		x.refuse("emergency days in a license of type %s: want type %s", t.Type, TypeFailover)
	}
	m.may(termMinRevocation, t.MinRevocation != 0).positive(&t.MinRevocation, maxUint)
	if t.EmergencyDays != 0 || t.EmergencyFrom != 0 {
		m.need(termEmergencyFrom, "day from which the emergency days count").after(&t.EmergencyFrom)
		if t.EmergencyFrom%day != 0 {
			x.refuse("the emergency days count from %d, which is not the beginning of a day", t.EmergencyFrom)
		}
	}
	m.may(termExt, len(t.Ext) > 0).extensions(&t.Ext)
	m.end()
}

// checkTimes refuses times that contradict each other.
func checkTimes(x *codec, l *LicenseClaims) {
	switch {
	case l.Expires == 0 && l.Terms.GraceDays != 0:
		x.refuse("grace without an end")
	case l.Expires == 0:
	case l.Expires <= l.IssuedAt || l.Expires <= l.NotBefore:
		x.refuse("the license ends before it begins")
	case l.Terms.GraceDays*day >= uint64(l.Expires):
		x.refuse("%d grace days begin before 1970", l.Terms.GraceDays)
	}
}
