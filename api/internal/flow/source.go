package flow

import (
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/stream"
)

// A Source takes the records of a topic into the operators. It embeds a
// [SourceBase] and adds Load and Process.
type Source interface {
	loop.Source
	Watermark() int64
}

// A SourceBase is what all sources share: the loaded record, its event time, and
// the watermark.
type SourceBase struct {
	scope     *Scope
	partition int32 // the number of the task: task p owns partition p of each input
	record    *stream.Record
	time      int64
	mark      int64
	order     Order
	skips     bool
}

// An Order is what is expected of the event times of an input.
type Order struct {
	// Disorder is how far event time may go back from one record to a later one.
	Disorder time.Duration
	// MaxAhead is how far ahead of the clock a record may move the watermark; 0: without
	// bound.
	MaxAhead time.Duration
}

// NewSourceBase returns the base of a source.
func NewSourceBase(b *Builder, order Order, policy Policy) SourceBase {
	return SourceBase{scope: b.Scope, partition: b.Task.ID, mark: stream.NoTime, order: order, skips: policy == Skip}
}

// SetWatermark implements [loop.Source].
func (s *SourceBase) SetWatermark(ms int64) { s.mark = ms }

// Watermark is the event time below which no more records are expected, or
// [loop.IdleTime].
func (s *SourceBase) Watermark() int64 { return s.mark }

// Disorder implements [loop.Source].
func (s *SourceBase) Disorder() time.Duration { return s.order.Disorder }

// MaxAhead implements [loop.Source].
func (s *SourceBase) MaxAhead() time.Duration { return s.order.MaxAhead }

// Skips implements [loop.Source].
func (s *SourceBase) Skips() bool { return s.skips }

// Loaded notes the record that Load has decoded, and its event time.
func (s *SourceBase) Loaded(r *stream.Record, eventTime int64) int64 {
	s.record, s.time = r, eventTime
	return eventTime
}

// Enter sets the scope for the loaded record. Process calls it.
func (s *SourceBase) Enter() {
	s.scope.Key, s.scope.Time, s.scope.Partition = s.record.Key, s.time, s.partition
}

// joinSources makes one source of all that read the same topic.
func joinSources(parts []Source) loop.Source {
	if len(parts) == 1 {
		return parts[0]
	}
	return joined(parts)
}

// joined gives each record to several sources.
type joined []Source

func (j joined) Load(r *stream.Record) (int64, error) {
	earliest := int64(loop.IdleTime)
	for _, s := range j {
		at, err := s.Load(r)
		if err != nil {
			return 0, err
		}
		earliest = min(earliest, at)
	}
	return earliest, nil
}

func (j joined) Process() error {
	for _, s := range j {
		if err := s.Process(); err != nil {
			return err
		}
	}
	return nil
}

func (j joined) SetWatermark(ms int64) {
	for _, s := range j {
		s.SetWatermark(ms)
	}
}

func (j joined) Disorder() time.Duration {
	longest := time.Duration(0)
	for _, s := range j {
		longest = max(longest, s.Disorder())
	}
	return longest
}

// MaxAhead is the least bound: the sources share a watermark.
func (j joined) MaxAhead() time.Duration {
	least := time.Duration(0)
	for _, s := range j {
		if d := s.MaxAhead(); d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// Skips reports whether all of them skip: a record is skipped for all or for none.
func (j joined) Skips() bool {
	for _, s := range j {
		if !s.Skips() {
			return false
		}
	}
	return true
}
