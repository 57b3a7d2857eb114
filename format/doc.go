// Package format is the wire format of offlicense: strict statements, their text form,
// and nothing that judges them.
//
// Nothing that this package returns is true because it was returned. It reads bytes that
// anybody may have written, and says whether their form is right; it checks no
// signature and knows no key. Package verify is the one door to content that can be
// trusted. What a hostile sender gets from this package is a [*MalformedError] or a
// [*WrongKindError], after little time and memory: inputs are at most [MaxText] long and
// no length in them is believed.
//
// A statement is a COSE_Sign1 (RFC 9052) with a CBOR payload, in a profile so strict that
// each statement has exactly one encoding. What is signed travels in a text form that
// survives mail, QR codes, shells and the telephone:
//
//	OLL1:QLJIIWBZUMASOBCI3UX3JYMLLYOOGEDYFFQXA4DMNFRWC5DJN5XC65TOMQXG6ZTG…
//
// One that is too long for a QR code travels in parts ([EncodeParts]), which [DecodeText]
// reads wherever it reads a text.
//
// A reader takes the layers off one by one, and checks the signature before it looks
// into the payload:
//
//	raw, err := format.DecodeTextAs(text, format.LicenseFile) // the checksum is right
//	file, err := format.ParseFile(raw)                        // two statements, in form
//	// … is file.License.Signature() one of file.License.SignedMessage()?
//	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
//
// SPEC.md says it for every implementation, license.cddl in the language for CBOR.
package format
