package api

import "github.com/gretestream/grete/stream/serde"

// A Serde turns values into bytes and back. Several goroutines use it at once.
// What Parse returns must not alias src: the bytes are reused.
//
// Without one, strings, []byte and integers are plain, and everything else is
// JSON. [DefaultSerde] sets the serde of a type for the whole app; options of an
// input or output set it there. In plans it has the name that its String method
// returns, or else that of its type.
type Serde[M any] interface {
	// Append appends the encoded value to dst and returns the result.
	Append(dst []byte, m M) ([]byte, error)
	Parse(src []byte) (M, error)
}

// DefaultSerde makes s the serde of all values and keys of a type, in inputs,
// outputs, repartitions and stores.
func DefaultSerde[M any](s Serde[M]) Option {
	return Option{func(a *App) { a.pipeline.Serdes.SetDefault[M](s) }}
}

// DefaultFormat makes f the format of all types without a serde of their own,
// rather than JSON.
func DefaultFormat(f serde.Format) Option {
	return Option{func(a *App) { a.pipeline.Serdes.SetFormat(f) }}
}
