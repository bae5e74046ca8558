package api

import (
	"fmt"

	"github.com/gretestream/grete/stream"
)

// serdeName is the name in plans of a serde that the user has given.
func serdeName(s any) string {
	if n, ok := s.(fmt.Stringer); ok {
		return n.String()
	}
	return fmt.Sprintf("%T", s)
}

// appender returns the fastest way to encode values with a serde.
func appender[M any](s stream.Serde[M]) func(dst []byte, m *M) ([]byte, error) {
	if a, ok := s.(stream.AppenderFrom[M]); ok {
		return a.AppendFrom
	}
	return func(dst []byte, m *M) ([]byte, error) { return s.Append(dst, *m) }
}

// parser returns the fastest way to decode values with a serde.
func parser[M any](s stream.Serde[M]) func(src []byte, m *M) error {
	if p, ok := s.(stream.ParserInto[M]); ok {
		return p.ParseInto
	}
	return func(src []byte, m *M) (err error) {
		*m, err = s.Parse(src)
		return err
	}
}
