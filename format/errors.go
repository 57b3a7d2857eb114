package format

import "fmt"

// MalformedError says that bytes or text are not a statement: cut off, mistyped, too
// large, not canonical, or with a field that this version does not know.
type MalformedError struct {
	reason  string
	foreign Foreign
	later   bool
	missing []int
}

func malformed(format string, args ...any) error {
	return &MalformedError{reason: fmt.Sprintf(format, args...)}
}

func (e *MalformedError) Error() string { return "malformed: " + e.reason }

// Reason returns the error's text without the word that says its kind.
func (e *MalformedError) Reason() string { return e.reason }

// Foreign is what a text is that is no statement at all.
type Foreign string

// What is given by mistake most often.
const (
	PrivateKey Foreign = "a private key"
	MachineKey Foreign = "the private key of a state directory"
	PublicKey  Foreign = "a public key"
	OtherText  Foreign = "another text"
)

// Foreign returns what the text is instead of a statement, "" if that is not known.
func (e *MalformedError) Foreign() Foreign { return e.foreign }

// Later reports whether it is what a later version of this format says, rather than a
// fault: a key, a type or a label that this version does not know.
func (e *MalformedError) Later() bool { return e.later }

// Missing returns the numbers of the parts that a text in parts lacks, in order; nil if
// that is not what is wrong with it.
func (e *MalformedError) Missing() []int { return e.missing }

// WrongKindError says that a well-formed statement is of another kind than wanted.
type WrongKindError struct {
	Got, Want Kind
}

// wrongKind says so of a statement whose typ may be unknown.
func wrongKind(got, want Kind) error {
	if got == 0 {
		return &MalformedError{reason: "a typ that this version does not know, where " + want.withArticle() + " belongs", later: true}
	}
	return &WrongKindError{Got: got, Want: want}
}

func (e *WrongKindError) Error() string {
	return fmt.Sprintf("this is %s; want %s", e.Got.withArticle(), e.Want.withArticle())
}

// failLater is fail for what a later version may well say.
func (r *reader) failLater(format string, args ...any) {
	if r.err == nil {
		r.fail(format, args...)
		r.err.(*MalformedError).later = true
	}
}
