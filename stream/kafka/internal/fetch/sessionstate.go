package fetch

import (
	"cmp"
	"math"
	"strings"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A sessionState is a fetch session with one broker (KIP-227): the broker remembers
// what it was asked for, and is told what changes. It answers with what has
// changed on its side. The session is a state machine of requests and answers,
// of which one is under way at a time. Its zero value is ready for next.
type sessionState struct {
	id    int32
	epoch int32 // of the next request; 0: it begins a session
	// What the broker holds, and what it will after the request under way; in the
	// order of compare.
	held, sent []wire.FetchPartition
}

// compare is the order of partitions in a session.
func compare(a, b stream.TopicPartition) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// next makes f ask for want, which is in the order of compare. The broker is to
// begin with the one at first, if it may choose: within a session it sees to it
// that all have their turn.
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

// tell fills f with the differences of two ordered lists: what is held, and what
// is wanted.
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

// answered takes in what a broker says to the request under way. After an error
// the answer has nothing else, and the next request begins a new session.
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
	case s.id == 0: // it has no room for one
		s.epoch = 0
	case s.epoch == math.MaxInt32:
		s.epoch = 1
	default:
		s.epoch++
	}
	return nil
}

// lost is called when the request under way got no answer. The next one begins a
// new session, in place of the one that the broker may have.
func (s *sessionState) lost() { s.epoch = 0 }

// close makes f end the session. It reports false if there is none.
func (s *sessionState) close(f *wire.Fetch) bool {
	if s.id == 0 {
		return false
	}
	f.Session, f.Epoch = s.id, -1
	f.Partitions, f.Forgotten = f.Partitions[:0], f.Forgotten[:0]
	return true
}
