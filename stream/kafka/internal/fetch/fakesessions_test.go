package fetch

import (
	"slices"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A fakeSession is what a broker remembers of a fetch session.
type fakeSession struct {
	node  int32
	epoch int32
	held  []*sessionEntry
}

type sessionEntry struct {
	wire.FetchPartition
	told int64 // the high watermark that was answered last; -1: none
}

// session finds the session of a request. If there is none, it sets the error in the
// answer.
func (l *fakeBrokers) session(node int32, f *wire.Fetch) (s *fakeSession, full bool) {
	if f.Epoch <= 0 {
		delete(l.sessions, f.Session)
		s = &fakeSession{node: node, epoch: 1}
		if f.Epoch == 0 && l.roomForSessions {
			l.lastID++
			f.Answer.Session = l.lastID
			l.sessions[l.lastID] = s
		}
		s.update(f)
		return s, true
	}
	s = l.sessions[f.Session]
	switch {
	case s == nil || s.node != node:
		f.Answer.Code = int16(kerr.FetchSessionUnknown)
		return nil, false
	case s.epoch != f.Epoch:
		f.Answer.Code = int16(kerr.FetchSessionEpoch)
		return nil, false
	}
	s.epoch++
	f.Answer.Session = f.Session
	s.update(f)
	return s, false
}

func (s *fakeSession) update(f *wire.Fetch) {
	for _, p := range f.Partitions {
		i := slices.IndexFunc(s.held, func(e *sessionEntry) bool { return e.TopicPartition == p.TopicPartition })
		if i < 0 {
			s.held = append(s.held, &sessionEntry{told: -1})
			i = len(s.held) - 1
		}
		s.held[i].FetchPartition = p
	}
	s.held = slices.DeleteFunc(s.held, func(e *sessionEntry) bool { return slices.Contains(f.Forgotten, e.TopicPartition) })
}
