package kafkasim

import (
	"math"
	"slices"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A session is a broker's memory of a client's fetches (KIP-227).
type session struct {
	id         int32
	epoch      int32        // of the next request
	partitions []*following // those without data lately come first
}

// A following is a partition in a session.
type following struct {
	wire.FetchPartition
	end, start int64 // as the client knows them; -1: it doesn't
}

// maxSessions is how many sessions a broker keeps. Further clients get none.
const maxSessions = 1000

// update applies the changes of a request.
func (s *session) update(f *wire.Fetch) {
	for i := range f.Partitions {
		p := &f.Partitions[i]
		if at := slices.IndexFunc(s.partitions, func(o *following) bool { return o.TopicPartition == p.TopicPartition }); at >= 0 {
			s.partitions[at].FetchPartition = *p
		} else {
			s.partitions = append(s.partitions, &following{*p, -1, -1})
		}
	}
	if len(f.Forgotten) > 0 {
		s.partitions = slices.DeleteFunc(s.partitions, func(o *following) bool { return slices.Contains(f.Forgotten, o.TopicPartition) })
	}
}

func (b *broker) session(id int32) *session {
	for _, s := range b.sessions {
		if s.id == id {
			return s
		}
	}
	return nil
}

func (b *broker) close(id int32) {
	b.sessions = slices.DeleteFunc(b.sessions, func(s *session) bool { return s.id == id })
}

// open opens a session, unless there are too many.
func (b *broker) open(partitions []*following) (id int32) {
	if len(b.sessions) >= maxSessions {
		return 0
	}
	b.opened++
	b.sessions = append(b.sessions, &session{id: b.opened, epoch: 1, partitions: partitions})
	return b.opened
}

// next is the epoch after another.
func next(epoch int32) int32 {
	if epoch == math.MaxInt32 {
		return 1
	}
	return epoch + 1
}

// tell reports whether a partition belongs in an incremental answer, and notes what the
// client will know.
func (o *following) tell(p *fetched) bool {
	told := p.Code != 0 || p.size > 0 || p.FetchedEnd != o.end || p.Start != o.start
	o.end, o.start = p.FetchedEnd, p.Start // -1 with an error: the first answer without one includes them
	return told
}
