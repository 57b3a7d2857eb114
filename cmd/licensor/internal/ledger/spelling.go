package ledger

import (
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Claimed reports whether an account, as a request names it, is that of an e-mail address in
// any of its spellings. A server hashes what was typed there, and has no table of Unicode.
func Claimed(invoice, email string, account [format.AccountSize]byte) bool {
	return slices.ContainsFunc(spellings(email), func(s string) bool { return format.AccountHash(invoice, s) == account })
}

// spellings are the ways to write one e-mail address, 8 at most, as it was sold first: its
// letters with their marks in one character or in several, and its domain as people or as the
// network writes it.
func spellings(email string) []string {
	all := []string{email}
	name, domain, found := strings.Cut(email, "@")
	if !found || isASCII(email) && !strings.Contains(strings.ToLower(domain), "xn--") {
		return all
	}
	domains := []string{domain}
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domains = append(domains, ascii)
		if people, err := idna.Lookup.ToUnicode(ascii); err == nil {
			domains[0] = people
		}
	}
	domains = append([]string{norm.NFC.String(domains[0]), norm.NFD.String(domains[0])}, domains[1:]...)
	for _, name := range [...]string{norm.NFC.String(name), norm.NFD.String(name)} {
		for _, domain := range domains {
			if s := name + "@" + domain; !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// Plain returns an invoice number as another keyboard would have typed it: wide letters, digits of
// other scripts and signs that look like a dash. It is for a hint, and no rule.
func Plain(invoice string) string {
	return format.InvoiceForm(strings.ToUpper(strings.Trim(strings.Map(func(c rune) rune {
		for _, zero := range [...]rune{'٠', '۰', '०'} {
			if zero <= c && c <= zero+9 {
				return '0' + c - zero
			}
		}
		if strings.ContainsRune("˗ー〜~➖━─∕", c) {
			return '-'
		}
		return c
	}, norm.NFKC.String(invoice)), "#\"'“”„«».,;:。、")))
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7f })
}
