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
	if err := ValidType(q.Type); err != nil {
		return nil, err
	}
	return marshal(q, UnmarshalRequest)
}

// UnmarshalRequest reads a body. The error is a *MalformedError.
func UnmarshalRequest(body []byte) (*Request, error) {
	return unmarshal(new(Request), body, "a request", MaxRequest)
}

func (q *Request) wire(x *codec) {
	m := x.entries()
	m.need(requestProduct, "product").product(&q.Product, "product")
	m.need(requestInvoice, "invoice").text(&q.Invoice, maxWord)
	if form := InvoiceForm(q.Invoice); form != q.Invoice {
		x.refuse("invoice %q is not in its one form, %q", q.Invoice, form)
	}
	m.need(requestAccount, "account").fixed(q.Account[:])
	value(m.need(requestType, "type"), &q.Type, func(r *reader) string { return types.read(r, "license type") }, types.write)
	m.need(requestTime, "time").time(&q.Time)
	value(m.need(requestKey, "key"), &q.Key, (*reader).publicKey, (*writer).bytes)
	m.may(requestComponents, len(q.Components) > 0).components(&q.Components)
	m.may(requestSite, q.Site != "").text(&q.Site, maxName)
	m.may(requestHost, q.Host != "").text(&q.Host, maxName)
	if prior := m.may(requestPrior, q.Prior != nil); prior.there() {
		if q.Prior == nil {
			q.Prior = new(ID)
		}
		prior.fixed(q.Prior[:])
	}
	decode := func(r *reader) []string { return decodeLabels(r, q.Components) }
	value(m.may(requestUnreadable, len(q.Unreadable) > 0), &q.Unreadable, decode, encodeLabels)
	m.end()
}
