package flow

import (
	"iter"

	"github.com/gretestream/grete/stream"
)

// A Sample is an input that can generate records of its own, with its type erased.
type Sample struct {
	Topic string
	// Values are the encoded values whose event time is after a point, in ms since
	// 1970.
	Values func(after int64) iter.Seq2[[]byte, error]
	// TimeOf returns the event time of a record of the topic.
	TimeOf func(*stream.Record) (int64, error)
}
