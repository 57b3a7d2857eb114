package format

import (
	"errors"
	"strings"
)

// dashes are what office programs, mail and other keyboards make of "-".
var dashes = []span{
	{0x58a, 0x58a}, {0x5be, 0x5be}, {0x1400, 0x1400}, {0x1806, 0x1806}, {0x2010, 0x2015}, {0x2043, 0x2043},
	{0x2212, 0x2212}, {0x2e3a, 0x2e3b}, {0xfe31, 0xfe32}, {0xfe58, 0xfe58}, {0xfe63, 0xfe63}, {0xff0d, 0xff0d},
}

// InvoiceForm returns the one form of an invoice number: blanks at both ends and dots at the
// end are taken away, every dash is made "-", and a to z are made A to Z.
func InvoiceForm(number string) string {
	const blanks = " \t\n\v\f\r\u00a0\u3000"
	number = strings.TrimRight(strings.TrimLeft(number, blanks), blanks+".")
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case in(c, dashes):
			return '-'
		}
		return c
	}, number)
}

// Rounded reports whether a spreadsheet has made a text of a long number, as 1.23457E+14, or
// 1.23457E14, of 123456789012345. The digits are lost.
func Rounded(text string) bool {
	number, exponent, _ := strings.Cut(strings.ToUpper(text), "E")
	number = strings.TrimLeft(number, "+-")
	signed := exponent != "" && (exponent[0] == '+' || exponent[0] == '-')
	if at := strings.IndexAny(number, ".,"); at > 0 && at < len(number)-1 {
		number, signed = number[:at]+number[at+1:], signed || at == 1
	}
	return digits(number) && signed && digits(strings.TrimLeft(exponent, "+-"))
}

// digits reports whether a text is one or more of 0 to 9.
func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ParseInvoice returns the form of an invoice number that somebody has typed or pasted. It
// refuses what no request can say, and what a spreadsheet has rounded.
func ParseInvoice(number string) (string, error) {
	form := InvoiceForm(number)
	if Rounded(form) {
		return "", errors.New("a spreadsheet has made this of a long number: its last digits are lost")
	}
	return form, ValidText(form, maxWord)
}
