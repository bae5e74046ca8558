package kafka

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A failure hits the first of partitions after a part of each was read.
type failure struct {
	name  string
	fails func(l *library, b *book)
	heals func(l *library, b *book) // two seconds later; nil: it is got over without
	err   string                    // "": it is got over
	is    error
}

// passing are failures that a consumer gets over.
func passing() []failure {
	return []failure{
		{name: "the leader moves", fails: func(_ *library, b *book) { b.leader, b.epoch = 2, 2 }},
		{name: "there is no leader for a while",
			fails: func(_ *library, b *book) { b.leader, b.epoch, b.code = noLeader, 2, leaderNotAvailable },
			heals: func(_ *library, b *book) { b.leader, b.epoch, b.code = 3, 3, 0 }},
		{name: "a disk fails for a while",
			fails: func(_ *library, b *book) { b.code = storageError },
			heals: func(_ *library, b *book) { b.code = 0 }},
		{name: "an error that nobody knows, for a while",
			fails: func(_ *library, b *book) { b.code = -1 },
			heals: func(_ *library, b *book) { b.code = 0 }},
		{name: "it was deleted and made anew", fails: func(_ *library, b *book) { b.epoch = 0 }},
		{name: "a broker cuts its answers short", fails: func(_ *library, b *book) { b.cut = 2 }},
		{name: "bits flip on the way", fails: func(_ *library, b *book) { b.torn = 2 }},
		{name: "connections break", fails: func(l *library, _ *book) {
			broken := 0
			l.fault = func(int32, *wire.Fetch) (f fetchFault) {
				if broken++; broken < 12 && broken%2 == 0 {
					f.err = io.ErrUnexpectedEOF
				}
				return f
			}
		}},
		{name: "a broker is away for a while",
			fails: func(l *library, _ *book) {
				l.fault = func(node int32, _ *wire.Fetch) (f fetchFault) {
					if node == 1 {
						f.err = io.EOF
					}
					return f
				}
			},
			heals: func(l *library, _ *book) { l.fault = nil }},
		{name: "sessions are forgotten", fails: func(l *library, _ *book) {
			l.fault = func(int32, *wire.Fetch) fetchFault { clear(l.open); return fetchFault{} }
		}},
		{name: "sessions are refused again and again", fails: func(l *library, _ *book) {
			l.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{code: fetchSessionEpoch} }
		}, heals: func(l *library, _ *book) { l.fault = nil }},
		{name: "the broker wants to be left alone", fails: func(l *library, _ *book) {
			l.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{throttle: 100 * time.Millisecond} }
		}},
	}
}

// lasting are failures that users are told of.
func lasting() []failure {
	return []failure{
		{name: "an error that doesn't end", fails: func(_ *library, b *book) { b.code = storageError },
			err: "read a/0 at offset 130: tried for 11s: kafka storage error", is: storageError},
		{name: "the topic is deleted", fails: func(l *library, _ *book) { delete(l.books, at("a", 0)); delete(l.books, at("a", 1)) },
			err: "at offset 130: tried for 11s: unknown topic or partition", is: stream.ErrUnknownTopic},
		{name: "no permission", fails: func(_ *library, b *book) { b.code = topicDenied },
			err: `the broker's access list must allow Read on topic "a" to this user`, is: topicDenied},
		{name: "bits have flipped on the disk", fails: func(_ *library, b *book) { b.torn = 1 << 30 },
			err: "read a/0 at offset ", is: stream.ErrCorrupt},
		{name: "a broker stays away",
			fails: func(l *library, _ *book) {
				l.fault = func(node int32, _ *wire.Fetch) (f fetchFault) {
					if node == 1 {
						f.err = io.EOF
					}
					return f
				}
			},
			err: "tried for 11s: broker 1: EOF", is: io.EOF},
		{name: "a broker cuts all of its answers short", fails: func(_ *library, b *book) { b.cut = 1 << 30 },
			err: "read a/0 at offset 130: ", is: stream.ErrCorrupt},
	}
}

// TestConsumerFailures: each is got over, without a record lost or given twice, or
// told as it should.
func TestConsumerFailures(t *testing.T) {
	for _, x := range append(passing(), lasting()...) {
		t.Run(x.name, func(t *testing.T) {
			lib := newLibrary(3)
			lib.topic("a", 2)
			lib.topic("b", 3)
			all := append(topicOf("a", 2), topicOf("b", 3)...)
			lib.fill(t, 0, 13, all...)
			study(t, lib, 0, func(s *student) {
				s.assign(0, all...)
				s.reads(130, all...)
				lib.change(func() { x.fails(lib, lib.books[all[0]]) })
				lib.fill(s, 13, 30, all...)
				if x.err == "" {
					s.getsOver(x, all)
				} else {
					if err := s.untilError(); err == nil || !strings.Contains(err.Error(), x.err) || !errors.Is(err, x.is) {
						s.Fatalf("the error is %v", err)
					}
					s.reads(300, all[3], all[4]) // others go on
				}
				for _, tp := range all {
					s.checkValues(tp, int(s.pos[tp]))
				}
			})
		})
	}
}

// fill adds batches of ten records: the numbers are those from first up to last.
func (l *library) fill(t testing.TB, first, last int, all ...stream.TopicPartition) {
	t.Helper()
	for i := first; i < last; i++ {
		data := values(t, fmt.Sprint(i, "."), 10)
		for _, tp := range all {
			l.change(func() {
				if b := l.books[tp]; b != nil {
					b.append(data)
				}
			})
		}
	}
}

func (s *student) getsOver(x failure, all []stream.TopicPartition) {
	s.Helper()
	if x.heals != nil {
		s.rest(2 * time.Second)
		if s.pos[all[0]] != 130 {
			s.Errorf("there is nothing to heal: read to %d", s.pos[all[0]])
		}
		s.lib.change(func() { x.heals(s.lib, s.lib.books[all[0]]) })
	}
	began := time.Now()
	s.reads(300, all...)
	if took := time.Since(began); took > 6*time.Second {
		s.Errorf("it took %s", took)
	}
}

// While a broker fails, it isn't asked without pause, and one line is logged.
func TestConsumerIsPatient(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 4)
	study(t, lib, 0, func(s *student) {
		all := topicOf("a", 4)
		s.assign(0, all...)
		s.rest(time.Second)
		for _, tp := range all[:2] {
			lib.change(func() { lib.books[tp].code = storageError })
		}
		before, _, _ := lib.counts()
		s.rest(8 * time.Second)
		after, _, _ := lib.counts()
		// Two lanes with a long poll, and a try of each of the two every second or less.
		if n := after - before; n > 80 {
			s.Errorf("%d requests in 8 seconds", n)
		}
		for _, tp := range all[:2] {
			lib.change(func() { lib.books[tp].code = 0 })
		}
		s.rest(2 * time.Second)
		lib.change(func() { lib.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{err: io.EOF} } })
		before, _, leaders := lib.counts()
		s.rest(8 * time.Second)
		after, _, leadersAfter := lib.counts()
		if n, m := after-before, leadersAfter-leaders; n > 60 || m > 60 {
			s.Errorf("%d requests in 8 seconds, and %d for leaders", n, m)
		}
		lib.change(func() { lib.fault = nil })
		s.rest(3 * time.Second)
		if log := s.log.String(); strings.Count(log, "doesn't answer") != 1 || strings.Count(log, "answers again") != 1 {
			s.Errorf("the log says: %s", log)
		}
	})
}

// A partition that was read to its end may have more when the broker can't be asked.
// Of one that lags it is known what it has at least.
func TestConsumerForgetsTheEnd(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 2)
	read, lags := at("a", 0), at("a", 1)
	for _, tp := range []stream.TopicPartition{read, lags} {
		lib.books[tp].append(values(t, "x", 10))
	}
	study(t, lib, 0, func(s *student) {
		s.kept = []stream.TopicPartition{lags}
		s.assign(0, read, lags)
		s.reads(10, read, lags)
		ends := func(when string, ofRead int64) {
			t.Helper()
			if s.End(read) != ofRead || s.End(lags) != 10 {
				t.Errorf("%s: the ends are %d and %d, want %d and 10", when, s.End(read), s.End(lags), ofRead)
			}
		}
		s.rest(8 * time.Second)
		ends("while nothing comes", 10)
		lib.change(func() { lib.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{err: io.EOF} } })
		s.rest(5 * time.Second)
		ends("while the broker is away", -1)
		lib.change(func() { lib.fault = nil })
		s.rest(2 * time.Second)
		ends("when it is back", 10)
	})
}
