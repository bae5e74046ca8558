package shape

import (
	"fmt"
	"strings"
)

// A Form is how the values of a type are encoded: in which encoding, and what they
// look like in it. It says no more than matters: two types whose values can be read
// as each other's have equal forms.
type Form struct {
	// Encoding is the name of a format or of a built-in serde, or [CustomEncoding]: then
	// the Shape is opaque and says which serde.
	Encoding string
	Shape    *Shape // nil: not known
}

// CustomEncoding is the encoding of a user's serde.
const CustomEncoding = "serde"

// String returns the encoding and [Shape.Text].
func (f Form) String() string { return f.join(f.Shape.Text()) }

// KeyString returns the encoding and [Shape.KeyText].
func (f Form) KeyString() string { return f.join(f.Shape.KeyText()) }

func (f Form) join(text string) string {
	if text == "" || text == f.Encoding {
		return f.Encoding
	}
	return f.Encoding + " " + text
}

// ParseForm reads what [Form.String] has written.
func ParseForm(text string) (Form, error) {
	encoding, rest, ok := strings.Cut(text, " ")
	if encoding == "" {
		return Form{}, fmt.Errorf("the form %q has no encoding", text)
	}
	if !ok && Kind(encoding).scalar() {
		rest = encoding
	}
	s, err := ParseText(rest)
	return Form{encoding, s}, err
}

// CompareForms is [Compare] of two forms. Forms of two encodings differ as a whole.
func CompareForms(old, now Form) []Difference {
	if old.Encoding != now.Encoding {
		return []Difference{{What: Retyped, Old: old.String(), New: now.String()}}
	}
	return Compare(old.Shape, now.Shape)
}
