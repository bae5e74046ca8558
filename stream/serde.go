package stream

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/segmentio/encoding/json"
)

// A Serde turns values into bytes and back. It is used by several goroutines at
// once. What Parse returns must not alias src: the bytes are reused.
type Serde[M any] interface {
	// Append appends the encoded value to dst and returns it.
	Append(dst []byte, m M) ([]byte, error)
	Parse(src []byte) (M, error)
}

// A ParserInto is a [Serde] that can fill a value in place. The record path
// prefers it: a value returned by Parse may have to be allocated.
type ParserInto[M any] interface {
	// ParseInto sets *m, which is the zero value, from src.
	ParseInto(src []byte, m *M) error
}

// An AppenderFrom is a [Serde] that can encode a value in place. The record path
// prefers it: a value that is handed over may have to be allocated.
type AppenderFrom[M any] interface {
	AppendFrom(dst []byte, m *M) ([]byte, error)
}

// A JSONAppender is a type whose pointer writes its own JSON. The JSON serde uses
// it instead of the general encoder.
type JSONAppender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// SerdeFor returns the serde that goes with a type, and its name, which stands in
// plans. Strings are their UTF-8 bytes, []byte is itself, integers are
// big-endian as Java's (int and int64 8 bytes, int32 4), everything else is
// JSON. These encodings are a public contract: they decide the partition of a
// key.
func SerdeFor[M any]() (Serde[M], string) {
	var zero M
	var s any
	var name string
	switch any(zero).(type) {
	case string:
		s, name = stringSerde{}, "string"
	case []byte:
		s, name = bytesSerde{}, "bytes"
	case int64:
		s, name = int64Serde{}, "int64"
	case int:
		s, name = intSerde{}, "int64"
	case int32:
		s, name = int32Serde{}, "int32"
	default:
		return jsonSerde[M]{}, "json(" + typeName(reflect.TypeFor[M]()) + ")"
	}
	return s.(Serde[M]), name
}

// typeName leaves the package's path out: it differs between a program that is
// started by go run and the same one when tested.
func typeName(t reflect.Type) string { return t.String() }

type stringSerde struct{}

func (stringSerde) Append(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }
func (stringSerde) Parse(src []byte) (string, error)            { return string(src), nil }

type bytesSerde struct{}

func (bytesSerde) Append(dst []byte, b []byte) ([]byte, error) { return append(dst, b...), nil }
func (bytesSerde) Parse(src []byte) ([]byte, error)            { return append([]byte{}, src...), nil }

type int64Serde struct{}

func (int64Serde) Append(dst []byte, n int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(n)), nil
}

func (int64Serde) Parse(src []byte) (int64, error) {
	if len(src) != 8 {
		return 0, fmt.Errorf("an int64 has 8 bytes, not %d", len(src))
	}
	return int64(binary.BigEndian.Uint64(src)), nil
}

type intSerde struct{}

func (intSerde) Append(dst []byte, n int) ([]byte, error) {
	return int64Serde{}.Append(dst, int64(n))
}

func (intSerde) Parse(src []byte) (int, error) {
	n, err := int64Serde{}.Parse(src)
	return int(n), err
}

type int32Serde struct{}

func (int32Serde) Append(dst []byte, n int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
}

func (int32Serde) Parse(src []byte) (int32, error) {
	if len(src) != 4 {
		return 0, fmt.Errorf("an int32 has 4 bytes, not %d", len(src))
	}
	return int32(binary.BigEndian.Uint32(src)), nil
}

// jsonSerde is JSON by segmentio/encoding: the standard library's rules, a
// fifth of its time.
type jsonSerde[M any] struct{}

func (s jsonSerde[M]) Append(dst []byte, m M) ([]byte, error) {
	return s.AppendFrom(dst, &m)
}

func (jsonSerde[M]) AppendFrom(dst []byte, m *M) ([]byte, error) {
	if a, ok := any(m).(JSONAppender); ok {
		return a.AppendJSON(dst)
	}
	return json.Append(dst, m, 0)
}

func (s jsonSerde[M]) Parse(src []byte) (M, error) {
	var m M
	err := s.ParseInto(src, &m)
	return m, err
}

func (jsonSerde[M]) ParseInto(src []byte, m *M) error {
	rest, err := json.Parse(src, m, 0)
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return fmt.Errorf("JSON is followed by %d bytes that don't belong to it", len(rest))
	}
	return nil
}
