package op

import (
	"iter"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// sample erases the type of what an input generates for a first run.
func (s *InputSpec[M]) sample(topic string, values coding[M]) flow.Sample {
	encode, parse := serde.Appender(values.Serde), serde.Parser(values.Serde)
	timeOf := func(m M) int64 {
		if s.EventTime == nil {
			return time.Now().UnixMilli()
		}
		return s.EventTime(m).UnixMilli()
	}
	generate := s.Sample
	return flow.Sample{
		Topic: topic,
		Values: func(after int64) iter.Seq2[[]byte, error] {
			return func(yield func([]byte, error) bool) {
				for m := range generate() {
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
