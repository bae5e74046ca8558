package op

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// TopicTable records a table of the latest record of each key in a topic. A record without
// a value deletes its key. The table has the name of the topic.
func TopicTable[K comparable, V any](p *flow.Pipeline, topic string, spec InputSpec[V], f Fold[V, V]) scheduler.Edge {
	keys := keysOf[K](p, fmt.Sprintf("table %q", topic))
	node := scheduler.Node{Kind: scheduler.KindInput, Topic: topic, Key: keys.name, KeyShape: keys.shape}
	in := input(p, node, spec, flow.Emit[*V](""), func(b *flow.Builder, s topicSource[V]) flow.Source {
		return &rowSource[V]{topicSource: s, rows: flow.Down[*V](b, "")}
	})
	if f.Serde == nil {
		f.Serde = spec.Serde
	}
	return tableOf[K](p, in, topic, f, func(b *flow.Builder, t *table[V, V]) {
		flow.Take(b, "", func(v *V) error {
			if v == nil {
				return t.remove()
			}
			return t.push(*v)
		})
	})
}

var errRowWithoutKey = errors.New("the record has no key, so it is no row of a table; read the topic with From")

// A rowSource reads the topic of a table.
type rowSource[V any] struct {
	topicSource[V]
	deletes bool // the loaded record has no value
	rows    flow.Push[*V]
}

func (s *rowSource[V]) Load(r *stream.Record) (int64, error) {
	if r.Key == nil {
		return 0, errRowWithoutKey
	}
	if s.deletes = r.Value == nil && s.tombstones == flow.Skip; !s.deletes {
		return s.topicSource.Load(r)
	}
	if s.check.partitions > 1 {
		if err := s.check.check(r.Key); err != nil {
			return 0, err
		}
	}
	if err := loop.CheckEventTime(r.Time, s.task.Now()); err != nil {
		return 0, err
	}
	return s.Loaded(r, r.Time), nil
}

func (s *rowSource[V]) Process() error {
	s.Enter()
	if s.deletes {
		return s.rows(nil)
	}
	return s.rows(&s.value)
}
