package api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A source is a container.Source that knows its watermark.
type source interface {
	container.Source
	watermark() int64
}

// base is what all sources share: the scope of the task, the record that is
// loaded, and the watermark.
type base struct {
	scope    *scope
	record   *stream.Record
	time     int64
	mark     int64
	disorder time.Duration
	skips    bool
	// partition is the task's number: task p owns partition p of each input.
	partition int32
}

func newBase(b *builder) base {
	return base{scope: b.scope, mark: stream.NoTime, partition: b.task.ID}
}

func (s *base) SetWatermark(ms int64)   { s.mark = ms }
func (s *base) watermark() int64        { return s.mark }
func (s *base) Disorder() time.Duration { return s.disorder }
func (s *base) Skips() bool             { return s.skips }

// enter sets the scope for the record that was loaded last.
func (s *base) enter() {
	s.scope.key, s.scope.time, s.scope.partition = s.record.Key, s.time, s.partition
}

var (
	errTombstone = errors.New("the record has no value: it is a tombstone, which only tables know")
	errNoKey     = errors.New("the record has no key, but the stream is keyed: read it with From and key it with PartitionBy")
)

// A topicSource reads an input topic.
type topicSource[M any] struct {
	base
	parse     func([]byte, *M) error
	eventTime func(M) time.Time
	keyed     bool
	value     M
	down      push[M]
}

func newTopicSource[M any](b *builder, in input[M], keyed bool, down push[M]) source {
	s := &topicSource[M]{base: newBase(b), parse: serde.Parser(in.serde), eventTime: in.eventTime, keyed: keyed, down: down}
	s.disorder, s.skips = in.disorder, in.policy.kind == policySkip
	return s
}

func (s *topicSource[M]) Load(r *stream.Record) (int64, error) {
	if r.Value == nil {
		return 0, errTombstone
	}
	if s.keyed && r.Key == nil {
		return 0, errNoKey
	}
	var zero M
	s.value = zero
	if err := s.parse(r.Value, &s.value); err != nil {
		return 0, err
	}
	s.record, s.time = r, r.Time
	if s.eventTime != nil {
		s.time = s.eventTime(s.value).UnixMilli()
	}
	return s.time, nil
}

func (s *topicSource[M]) Process() error {
	s.enter()
	return s.down(s.value)
}

// A repartitionSource reads a repartition topic.
type repartitionSource[M any] struct {
	base
	parse func([]byte, *M) error
	value M
	down  push[M]
}

func (s *repartitionSource[M]) Load(r *stream.Record) (int64, error) {
	at, ok := r.Header(stream.TimeHeader)
	if !ok || len(at) != 8 {
		return 0, fmt.Errorf("header %q with the event time is missing: the topic is Grete's own, and something else has written to it", stream.TimeHeader)
	}
	var zero M
	s.value = zero
	if err := s.parse(r.Value, &s.value); err != nil {
		return 0, err
	}
	s.record, s.time = r, int64(binary.BigEndian.Uint64(at))
	return s.time, nil
}

func (s *repartitionSource[M]) Process() error {
	s.enter()
	return s.down(s.value)
}

// joinSources makes one source of all that read the same topic.
func joinSources(parts []source) container.Source {
	if len(parts) == 1 {
		return parts[0]
	}
	return joined(parts)
}

// joined gives each record to several sources.
type joined []source

func (j joined) Load(r *stream.Record) (int64, error) {
	earliest := int64(container.IdleTime)
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

// Skips only if all of them say so: the record is skipped for all.
func (j joined) Skips() bool {
	for _, s := range j {
		if !s.Skips() {
			return false
		}
	}
	return true
}
