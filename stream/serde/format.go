package serde

import (
	"reflect"
	"strings"

	"github.com/gretestream/grete/stream/serde/shape"
)

// A Format encodes values of any type. An app has one, for the types without a
// serde of their own: [JSON], unless the app sets another.
type Format interface {
	Text
	// Name stands in plans before the type: "json" gives "json(main.PageView)".
	Name() string
	// AppendValue appends the encoding of the value that v points to.
	AppendValue(dst []byte, v any) ([]byte, error)
	// ParseValue sets the value that v points to, which is the zero value, from src.
	ParseValue(src []byte, v any) error
}

// A formatSerde is a format's serde of one type.
type formatSerde[M any] struct{ format Format }

func (s formatSerde[M]) Append(dst []byte, m M) ([]byte, error) { return s.format.AppendValue(dst, &m) }

func (s formatSerde[M]) AppendFrom(dst []byte, m *M) ([]byte, error) {
	return s.format.AppendValue(dst, m)
}

func (s formatSerde[M]) Parse(src []byte) (m M, err error) {
	err = s.format.ParseValue(src, &m)
	return m, err
}

func (s formatSerde[M]) ParseInto(src []byte, m *M) error { return s.format.ParseValue(src, m) }

// formatName is the name of a format's serde of one type. It leaves out the path
// of the type's package, which differs between a program that go run starts and
// the same program under test.
func formatName[M any](f Format) string {
	return f.Name() + "(" + reflect.TypeFor[M]().String() + ")"
}

// formatOf returns the name of the format of a serde; empty if it isn't one of a
// format.
func formatOf(name string) string {
	format, _, ok := strings.Cut(name, "(")
	if !ok || !strings.HasSuffix(name, ")") {
		return ""
	}
	return format
}

// IsJSON reports whether the serde of a name in a plan writes JSON of a type.
func IsJSON(name string) bool { return formatOf(name) == JSON().Name() }

// Compatible reports whether two serdes, by their names in plans, encode in the
// same way: the types of one format may have other names in another program.
func Compatible(a, b string) bool {
	return a == b || formatOf(a) != "" && formatOf(a) == formatOf(b)
}

// Encoding returns the encoding of the serde of a name in a plan, without the name of
// the Go type: that of a format, or of a built-in serde; or [shape.CustomEncoding].
func Encoding(name string) string {
	switch name {
	case nameString, nameBytes, nameInt64, nameInt32, "":
		return name
	}
	if format := formatOf(name); format != "" {
		return format
	}
	return shape.CustomEncoding
}
