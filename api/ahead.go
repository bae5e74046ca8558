package api

import "github.com/gretestream/grete/api/internal/op"

// OnAhead is added to an [EventTime]: what happens to a record that is further ahead of the
// clock than [InputOption.MaxAhead]. [Skip] leaves it out and counts it. [Fail] makes it a
// record that can't be processed: then [OnError] decides. Without OnAhead it is processed,
// and moves event time only as far as MaxAhead allows.
//
// If several inputs of a stage read the same topic, a record that one of them doesn't take
// is left out for all.
func (o InputOption[M]) OnAhead(p ErrorPolicy) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { o.apply(in); in.Ahead = op.AheadOf(p.policy) }}
}
