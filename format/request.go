package format

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Request asks for a license. Its body has one canonical encoding, which a file
// carries signed by the machine key and a QR code carries with a checksum alone.
//
// Nobody vouches for what a request says: whoever can write a file can write one. It is
// a claim that the vendor compares with what was sold.
type Request struct {
	Product    string
	Invoice    string            // in the form of InvoiceForm
	Account    [AccountSize]byte // AccountHash of the invoice and the customer's e-mail address
	Type       string            // a license type
	Time       int64             // the server's clock, seconds since 1970
	Key        []byte            // the machine's Ed25519 public key, 32 bytes
	Components []Component       // empty where nothing identifies the machine
	Site       string            // empty if not given, as are the following
	Host       string
	Prior      *ID // the license that this one replaces

	// Unreadable are the labels of those Components that the user who checks the license
	// cannot read, in their order: no license names them. They tell the machine from others.
	Unreadable []string
}

// Readable returns the components that the user who checks the license reads.
func (q *Request) Readable() []Component {
	return slices.DeleteFunc(slices.Clone(q.Components), func(c Component) bool { return slices.Contains(q.Unreadable, c.Label) })
}

// AccountSize is the length of an account hash in bytes.
const AccountSize = 8

// AccountHash returns the first 8 bytes of
//
//	SHA-256("offlicense account v1" 0x00 invoice 0x00 email)
//
// with A to Z in the address made a to z, and spaces, tabs, CR and LF around it taken
// away: ASCII alone, so that every implementation does the same. With the invoice in it,
// two requests of one customer do not show that they are one customer's.
func AccountHash(invoice, email string) [AccountSize]byte {
	email = strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c - 'A' + 'a'
		}
		return c
	}, strings.Trim(email, " \t\r\n"))
	sum := sha256.Sum256([]byte("offlicense account v1\x00" + invoice + "\x00" + email))
	return [AccountSize]byte(sum[:])
}

// The license types that mean more than a name.
const (
	TypeFailover    = "failover"    // runs while an emergency is declared
	TypeDevelopment = "development" // may be the bridge of a move
)

// types are the types of license, in the order in which people are shown them.
var types = registry{
	"production", "staging", "test", TypeDevelopment, TypeFailover, "nfr", "community", "evaluation",
}

// Types lists the types of license.
func Types() []string { return slices.Clone(types) }

// ValidType returns nil for a license type.
func ValidType(name string) error {
	if _, known := types.number(name); !known {
		return fmt.Errorf("unknown license type %.64q: want one of %s", name, strings.Join(types, ", "))
	}
	return nil
}

const (
	requestProduct = iota
	requestInvoice
	requestAccount
	requestType
	requestTime
	requestKey
	requestComponents
	requestSite
	requestHost
	requestPrior
	requestUnreadable
)

// Marshal returns the body:
//
//	request = {
//	  0 => tstr,             ; product
//	  1 => tstr,             ; invoice
//	  2 => bstr .size 8,     ; account
//	  3 => 1..8,             ; type
//	  4 => uint,             ; time
//	  5 => bstr .size 32,    ; the machine's public key
//	  ? 6 => components,
//	  ? 7 => tstr,           ; site
//	  ? 8 => tstr,           ; host
//	  ? 9 => bstr .size 16,  ; prior license
//	  ? 10 => [1*6 label],   ; unreadable components
//	}
func (q *Request) Marshal() ([]byte, error) {
	licenseType, known := types.number(q.Type)
	if !known {
		return nil, ValidType(q.Type)
	}
	var w writer
	m := w.fields()
	m.key(requestProduct).text(q.Product)
	m.key(requestInvoice).text(q.Invoice)
	m.key(requestAccount).bytes(q.Account[:])
	m.key(requestType).uint(licenseType)
	m.key(requestTime).int(q.Time)
	m.key(requestKey).bytes(q.Key)
	if len(q.Components) > 0 {
		encodeComponents(m.key(requestComponents), q.Components)
	}
	m.text(requestSite, q.Site)
	m.text(requestHost, q.Host)
	if q.Prior != nil {
		m.key(requestPrior).bytes(q.Prior[:])
	}
	if len(q.Unreadable) > 0 {
		list := m.key(requestUnreadable)
		list.array(len(q.Unreadable))
		for _, label := range q.Unreadable {
			encodeLabel(list, label)
		}
	}
	if _, err := UnmarshalRequest(w.b); err != nil {
		return nil, err
	}
	return w.b, nil
}

// UnmarshalRequest reads a body. The error is a *MalformedError.
func UnmarshalRequest(body []byte) (*Request, error) {
	if len(body) > MaxRequest {
		return nil, malformed("%d bytes, a request has at most %d", len(body), MaxRequest)
	}
	r := newReader(body)
	var q Request
	f := r.fields()
	f.need(requestProduct, "product")
	q.Product = r.product("product")
	f.need(requestInvoice, "invoice")
	q.Invoice = r.text(maxWord)
	if form := InvoiceForm(q.Invoice); r.err == nil && form != q.Invoice {
		r.fail("invoice %q is not in its one form, %q", q.Invoice, form)
	}
	f.need(requestAccount, "account")
	copy(q.Account[:], r.bytes(AccountSize, AccountSize))
	f.need(requestType, "type")
	q.Type = types.read(&r, "license type")
	f.need(requestTime, "time")
	q.Time = r.time()
	f.need(requestKey, "key")
	q.Key = r.bytes(publicKeySize, publicKeySize)
	if f.has(requestComponents) {
		q.Components = decodeComponents(&r)
	}
	if f.has(requestSite) {
		q.Site = r.text(maxName)
	}
	if f.has(requestHost) {
		q.Host = r.text(maxName)
	}
	if f.has(requestPrior) {
		id := r.id()
		q.Prior = &id
	}
	if f.has(requestUnreadable) {
		q.Unreadable = decodeLabels(&r, q.Components)
	}
	f.end()
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return &q, nil
}
