package serde

// A Serde turns values into bytes and back. Several goroutines use it at once.
// What Parse returns must not alias src: the bytes are reused.
type Serde[M any] interface {
	// Append appends the encoded value to dst and returns the result.
	Append(dst []byte, m M) ([]byte, error)
	Parse(src []byte) (M, error)
}

// A ParserInto is a [Serde] that can fill a value in place. The record path
// prefers it, since a value that Parse returns may have to be allocated.
type ParserInto[M any] interface {
	// ParseInto sets *m, which is the zero value, from src.
	ParseInto(src []byte, m *M) error
}

// An AppenderFrom is a [Serde] that can encode a value in place. The record path
// prefers it, since a value that is passed to Append may have to be allocated.
type AppenderFrom[M any] interface {
	AppendFrom(dst []byte, m *M) ([]byte, error)
}

// Appender returns the fastest way to encode values with a serde.
func Appender[M any](s Serde[M]) func(dst []byte, m *M) ([]byte, error) {
	if a, ok := s.(AppenderFrom[M]); ok {
		return a.AppendFrom
	}
	return func(dst []byte, m *M) ([]byte, error) { return s.Append(dst, *m) }
}

// Parser returns the fastest way to decode values with a serde. What the function
// sets must be the zero value before.
func Parser[M any](s Serde[M]) func(src []byte, m *M) error {
	if p, ok := s.(ParserInto[M]); ok {
		return p.ParseInto
	}
	return func(src []byte, m *M) (err error) {
		*m, err = s.Parse(src)
		return err
	}
}
