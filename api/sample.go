package api

import (
	"iter"
	"time"

	commandline "github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// newSample erases the type of an input's own records.
func newSample[M any](topic string, in input[M]) commandline.Sample {
	encode, parse := serde.Appender(in.serde), serde.Parser(in.serde)
	timeOf := func(m M) int64 {
		if in.eventTime == nil {
			return time.Now().UnixMilli()
		}
		return in.eventTime(m).UnixMilli()
	}
	return commandline.Sample{
		Topic: topic,
		Values: func(after int64) iter.Seq2[[]byte, error] {
			return func(yield func([]byte, error) bool) {
				for m := range in.sample() {
					if timeOf(m) > after && !yield(encode(nil, &m)) {
						return
					}
				}
			}
		},
		TimeOf: func(r *stream.Record) (int64, error) {
			var m M
			if err := parse(r.Value, &m); err != nil {
				return 0, err
			}
			return timeOf(m), nil
		},
	}
}
