package sheet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
)

// What to do with a sheet, where the statement is taken.
const (
	onServer = "On the server, type this command, and then scan the codes with a scanner that plays a keyboard, or type the text. DIR is the directory that made the request."
	atDesk   = "At the vendor's desk, take photos of the codes and name them, or type this command and the text."
)

// describe says what the statement says.
func (s *Sheet) describe(kind format.Kind, raw []byte) error {
	switch kind {
	case format.LicenseFile:
		return s.license(raw)
	case format.RevocationFile:
		return s.list(raw)
	case format.RequestBody:
		return s.request(raw)
	}
	signed, err := format.ParseStatement(raw, kind)
	if err != nil {
		return err
	}
	switch payload := signed.UnverifiedPayload(); kind {
	case format.SignedRequest:
		return s.request(payload)
	case format.Release:
		return s.release(payload)
	case format.Delegation:
		return s.delegation(payload)
	default:
		name := kind.String()
		s.Title = strings.ToUpper(name[:1]) + name[1:]
		s.Before, s.Command = atDesk, "licensor show -"
		return nil
	}
}

func (s *Sheet) add(label, value string) {
	if value != "" {
		s.Rows = append(s.Rows, Row{label, value})
	}
}

func (s *Sheet) license(raw []byte) error {
	file, err := format.ParseFile(raw)
	if err != nil {
		return err
	}
	c, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return err
	}
	s.Title = "License for " + named(c.Product, c.Terms.Edition)
	s.add("customer", c.Terms.Customer)
	s.add("invoice", c.Terms.Invoice)
	s.add("vendor", c.Issuer)
	s.add("type", c.Terms.Type)
	s.add("site", c.Terms.Site)
	ends, hard := c.Ends()
	end := text.LastDay(ends)
	if !hard.Equal(ends) {
		end += ", in grace until " + text.LastDay(hard)
	}
	s.add("ends", end)
	s.add("license", c.ID.String())
	if c.Binding != nil {
		s.add("for request", format.ComparisonCode(c.Binding.Request))
	}
	s.Before, s.Command = onServer, "offlicense install --state DIR --roots roots.pub -"
	return nil
}

func named(product, edition string) string {
	if edition == "" {
		return product
	}
	return product + " " + edition
}

func (s *Sheet) list(raw []byte) error {
	l, err := format.ParseList(raw)
	if err != nil {
		return err
	}
	c, err := format.UnmarshalRevocation(l.Revocation.UnverifiedPayload())
	if err != nil {
		return err
	}
	s.Title = fmt.Sprintf("Revocation list %d", c.Number)
	s.add("vendor", c.Issuer)
	s.add("issued", text.Minute(format.Time(c.IssuedAt)))
	s.add("licenses", fmt.Sprint(c.Licenses.Len()))
	s.add("keys", fmt.Sprint(len(c.Keys)))
	s.Before, s.Command = onServer, "offlicense install --state DIR --roots roots.pub -"
	return nil
}

func (s *Sheet) request(body []byte) error {
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return err
	}
	s.Title = "Request for a license of " + q.Product
	s.add("invoice", q.Invoice)
	s.add("type", q.Type)
	s.add("site", q.Site)
	s.add("server", q.Host)
	s.add("made", text.Minute(format.Time(q.Time)))
	s.Before, s.Command = atDesk, "licensor sign -"
	return nil
}

func (s *Sheet) release(payload []byte) error {
	c, err := format.UnmarshalRelease(payload)
	if err != nil {
		return err
	}
	s.Title = "Release of a license"
	s.add("vendor", c.Vendor)
	s.add("license", c.License.String())
	s.add("activation", c.Activation)
	s.add("at", text.Minute(format.Time(c.IssuedAt)))
	s.Before, s.Command = atDesk, "licensor release -"
	return nil
}

func (s *Sheet) delegation(payload []byte) error {
	c, err := format.UnmarshalDelegation(payload)
	if err != nil {
		return err
	}
	s.Title = "Delegation to " + c.Name
	s.add("vendor", c.Issuer)
	signs := "revocation lists"
	if !c.Scope.Revocations {
		signs = "licenses: types " + listed(c.Scope.Types) + "; products " + listed(c.Scope.Products)
	}
	s.add("signs", signs)
	s.add("until", text.LastDay(time.Unix(c.Expires, 0)))
	s.Before, s.Command = atDesk, "licensor key add -"
	return nil
}

func listed(names []string) string {
	if slices.Contains(names, format.Any) {
		return "all"
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}
