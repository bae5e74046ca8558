package fetch

import (
	"cmp"
	"math"
	"strings"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A sessionState is the state machine of a fetch session (KIP-227): the broker remembers
// the requested partitions, each request says what has changed, and so does each answer.
// One request is in flight at a time. The zero value is ready for next.
type sessionState struct {
	id    int32
	epoch int32 // of the next request; 0: it begins a session
	// The partitions that the broker holds, and those that it holds after the request in
	// flight, in the order of compare.
	held, sent []wire.FetchPartition
}

// compare orders partitions in a session.
func compare(a, b stream.TopicPartition) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// next makes f request want, which is in the order of compare. Outside a session the
// broker begins with the partition at first; within a session it takes turns by itself.
func (s *sessionState) next(f *wire.Fetch, want []wire.FetchPartition, first int) {
	f.Session, f.Epoch = s.id, s.epoch
	f.Partitions, f.Forgotten = f.Partitions[:0], f.Forgotten[:0]
	if s.epoch == 0 {
		f.Partitions = append(append(f.Partitions, want[first:]...), want[:first]...)
	} else {
		s.tell(f, want)
	}
	s.sent = append(s.sent[:0], want...)
}

// tell fills f with the differences between what the broker holds and what is wanted. Both
// lists are ordered.
func (s *sessionState) tell(f *wire.Fetch, want []wire.FetchPartition) {
	held := s.held
	for len(held) > 0 || len(want) > 0 {
		var order int
		switch {
		case len(held) == 0:
			order = 1
		case len(want) == 0:
			order = -1
		default:
			order = compare(held[0].TopicPartition, want[0].TopicPartition)
		}
		if order < 0 {
			f.Forgotten = append(f.Forgotten, held[0].TopicPartition)
		} else if order > 0 || held[0] != want[0] {
			f.Partitions = append(f.Partitions, want[0])
		}
		if order <= 0 {
			held = held[1:]
		}
		if order >= 0 {
			want = want[1:]
		}
	}
}

// answered takes in the answer to the request in flight. After an error the answer has
// nothing else, and the next request begins a new session.
func (s *sessionState) answered(a *wire.FetchAnswer) error {
	switch c := kerr.Code(a.Code); {
	case c == kerr.FetchSessionUnknown:
		s.id = 0
		s.lost()
		return c
	case c != 0:
		s.lost()
		return c
	case s.epoch == 0:
		s.id = a.Session
	case a.Session == 0: // the broker has ended it with this answer
		s.id, s.epoch = 0, 0
	}
	s.held, s.sent = s.sent, s.held
	switch {
	case s.id == 0: // the broker has no room for a session
		s.epoch = 0
	case s.epoch == math.MaxInt32:
		s.epoch = 1
	default:
		s.epoch++
	}
	return nil
}

// lost is called when the request in flight got no answer. The next request begins a new
// session, which replaces the broker's.
func (s *sessionState) lost() { s.epoch = 0 }

// close makes f end the session. It returns false if there is none.
func (s *sessionState) close(f *wire.Fetch) bool {
	if s.id == 0 {
		return false
	}
	f.Session, f.Epoch = s.id, -1
	f.Partitions, f.Forgotten = f.Partitions[:0], f.Forgotten[:0]
	return true
}
