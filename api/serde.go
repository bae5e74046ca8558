package api

import (
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

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

// An Option is a setting of an app.
type Option struct{ apply func(*App) }

// DefaultSerde makes s the serde of all values and keys of a type, in inputs,
// outputs, repartitions and stores.
func DefaultSerde[M any](s Serde[M]) Option {
	return Option{func(a *App) { a.serdes.SetDefault[M](s) }}
}

// DefaultFormat makes f the format of all types without a serde of their own,
// rather than JSON.
func DefaultFormat(f serde.Format) Option {
	return Option{func(a *App) { a.serdes.SetFormat(f) }}
}

// A shaper is a type of this package that writes its own JSON, and describes it.
type shaper interface{ shape() *shape.Shape }

// shapeOf describes what a serde stores, for the plan. Only the serdes that a type
// has by default are known; all others are opaque.
func shapeOf[M any](s Serde[M], name string) *shape.Shape {
	if _, standard := serde.For[M](); name != standard {
		return shape.Custom(name, s)
	}
	var zero M
	if s, ok := any(zero).(shaper); ok {
		return s.shape()
	}
	return shape.For[M]()
}

// Serdes returns the serdes of the app's types, for executors and test harnesses.
func (a *App) Serdes() *serde.Registry { return &a.serdes }
