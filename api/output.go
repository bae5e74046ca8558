package api

import "github.com/gretestream/grete/api/internal/op"

// An OutputOption is a setting of an output.
type OutputOption[M any] struct{ apply func(*op.OutputSpec[M]) }

// KeyedBy gives the records of an output a key, by which they are partitioned
// there.
func KeyedBy[M, K any](f func(M) K) OutputOption[M] {
	return OutputOption[M]{func(o *op.OutputSpec[M]) { o.Key = op.KeyedBy(f) }}
}

// OutputSerde sets how the values of an output are encoded.
func OutputSerde[M any](s Serde[M]) OutputOption[M] {
	return OutputOption[M]{func(o *op.OutputSpec[M]) { o.Serde = s }}
}
