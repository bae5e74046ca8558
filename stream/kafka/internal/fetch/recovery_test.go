package fetch

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A failure hits the first of some partitions after a part of each was read.
type failure struct {
	name  string
	fails func(l *fakeBrokers, b *fakeLog)
	ends  func(l *fakeBrokers, b *fakeLog) // ends the fault, after two seconds; nil: not needed
	err   string                           // "": it is got over
	is    error
}

// passing are failures that a consumer recovers from.
func passing() []failure {
	return []failure{
		{name: "the leader moves", fails: func(_ *fakeBrokers, b *fakeLog) { b.leader, b.epoch = 2, 2 }},
		{name: "there is no leader for a while",
			fails: func(_ *fakeBrokers, b *fakeLog) {
				b.leader, b.epoch, b.code = cluster.NoLeader, 2, kerr.LeaderNotAvailable
			},
			ends: func(_ *fakeBrokers, b *fakeLog) { b.leader, b.epoch, b.code = 3, 3, 0 }},
		{name: "a disk fails for a while",
			fails: func(_ *fakeBrokers, b *fakeLog) { b.code = kerr.StorageError },
			ends:  func(_ *fakeBrokers, b *fakeLog) { b.code = 0 }},
		{name: "an error that nobody knows, for a while",
			fails: func(_ *fakeBrokers, b *fakeLog) { b.code = -1 },
			ends:  func(_ *fakeBrokers, b *fakeLog) { b.code = 0 }},
		{name: "a broker truncates its answers", fails: func(_ *fakeBrokers, b *fakeLog) { b.truncated = 2 }},
		{name: "bits flip on the way", fails: func(_ *fakeBrokers, b *fakeLog) { b.corrupt = 2 }},
		{name: "connections break", fails: func(l *fakeBrokers, _ *fakeLog) {
			broken := 0
			l.fault = func(int32, *wire.Fetch) (f fetchFault) {
				if broken++; broken < 12 && broken%2 == 0 {
					f.err = io.ErrUnexpectedEOF
				}
				return f
			}
		}},
		{name: "a broker is away for a while",
			fails: func(l *fakeBrokers, _ *fakeLog) {
				l.fault = func(node int32, _ *wire.Fetch) (f fetchFault) {
					if node == 1 {
						f.err = io.EOF
					}
					return f
				}
			},
			ends: func(l *fakeBrokers, _ *fakeLog) { l.fault = nil }},
		{name: "sessions are forgotten", fails: func(l *fakeBrokers, _ *fakeLog) {
			l.fault = func(int32, *wire.Fetch) fetchFault { clear(l.sessions); return fetchFault{} }
		}},
		{name: "sessions are refused again and again", fails: func(l *fakeBrokers, _ *fakeLog) {
			l.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{code: kerr.FetchSessionEpoch} }
		}, ends: func(l *fakeBrokers, _ *fakeLog) { l.fault = nil }},
		{name: "the broker wants to be left alone", fails: func(l *fakeBrokers, _ *fakeLog) {
			l.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{throttle: 100 * time.Millisecond} }
		}},
	}
}

// lasting are failures that the user gets.
func lasting() []failure {
	return []failure{
		{name: "an error that doesn't end", fails: func(_ *fakeBrokers, b *fakeLog) { b.code = kerr.StorageError },
			err: "read a/0 at offset 130: tried for 11s: kafka storage error", is: kerr.StorageError},
		{name: "the topic is deleted", fails: func(l *fakeBrokers, _ *fakeLog) {
			delete(l.logs, linktest.At("a", 0))
			delete(l.logs, linktest.At("a", 1))
		},
			err: "at offset 130: tried for 11s: unknown topic or partition", is: stream.ErrUnknownTopic},
		{name: "no permission", fails: func(_ *fakeBrokers, b *fakeLog) { b.code = kerr.TopicDenied },
			err: `the broker's access list must allow Read on topic "a" to this user`, is: kerr.TopicDenied},
		{name: "bits have flipped on the disk", fails: func(_ *fakeBrokers, b *fakeLog) { b.corrupt = 1 << 30 },
			err: "read a/0 at offset ", is: stream.ErrCorrupt},
		{name: "a broker stays away",
			fails: func(l *fakeBrokers, _ *fakeLog) {
				l.fault = func(node int32, _ *wire.Fetch) (f fetchFault) {
					if node == 1 {
						f.err = io.EOF
					}
					return f
				}
			},
			err: "tried for 11s: broker 1: EOF", is: io.EOF},
		{name: "a broker cuts all of its answers short", fails: func(_ *fakeBrokers, b *fakeLog) { b.truncated = 1 << 30 },
			err: "read a/0 at offset 130: ", is: stream.ErrCorrupt},
	}
}

// The consumer recovers from each passing failure without a lost or repeated record, and
// reports each lasting one.
func TestConsumer_Failures(t *testing.T) {
	for _, x := range append(passing(), lasting()...) {
		t.Run(x.name, func(t *testing.T) {
			lib := newFakeBrokers(3)
			lib.topic("a", 2)
			lib.topic("b", 3)
			all := append(linktest.TopicOf("a", 2), linktest.TopicOf("b", 3)...)
			lib.fill(t, 0, 13, all...)
			withReader(t, lib, 0, func(s *reader) {
				s.assign(0, all...)
				s.readTo(130, all...)
				lib.change(func() { x.fails(lib, lib.logs[all[0]]) })
				lib.fill(s, 13, 30, all...)
				if x.err == "" {
					s.recoversFrom(x, all)
				} else {
					if err := s.pollUntilError(); err == nil || !strings.Contains(err.Error(), x.err) || !errors.Is(err, x.is) {
						s.Fatalf("the error is %v", err)
					}
					s.readTo(300, all[3], all[4]) // others go on
				}
				for _, tp := range all {
					s.checkValues(tp, int(s.next[tp]))
				}
			})
		})
	}
}

// A topic that didn't exist for a while may be another one: its partition isn't read before
// it is assigned again.
func TestConsumer_TopicVanishes(t *testing.T) {
	at := linktest.At("a", 0)
	for name, vanishes := range map[string]func(*fakeBrokers){
		"epochs begin again": func(l *fakeBrokers) { l.logs[at].epoch = 0 },
		"the leader doesn't know it for a while": func(l *fakeBrokers) {
			l.logs[at].code = kerr.UnknownTopic
			requests := 0
			l.fault = func(int32, *wire.Fetch) (f fetchFault) {
				if requests++; requests > 5 {
					l.logs[at].code = 0
				}
				return f
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			lib := newFakeBrokers(3)
			lib.topic("a", 1)
			lib.topic("b", 1)
			other := linktest.At("b", 0)
			lib.fill(t, 0, 13, at, other)
			withReader(t, lib, 0, func(s *reader) {
				s.assign(0, at, other)
				s.readTo(130, at, other)
				lib.change(func() { vanishes(lib) })
				lib.fill(s, 13, 30, at, other)
				var vanished *stream.TopicVanishedError
				if err := s.pollUntilError(); !errors.As(err, &vanished) || vanished.TopicPartition != at {
					s.Fatalf("the error is %v", err)
				}
				s.readTo(300, other) // others go on
				if s.next[at] != 130 {
					s.Errorf("read up to %d without being told to", s.next[at])
				}
				s.assign(130, at)
				s.readTo(300, at)
			})
		})
	}
}

// fill adds batches of ten records with the numbers first up to last.
func (l *fakeBrokers) fill(t testing.TB, first, last int, all ...stream.TopicPartition) {
	t.Helper()
	for i := first; i < last; i++ {
		data := values(t, fmt.Sprint(i, "."), 10)
		for _, tp := range all {
			l.change(func() {
				if b := l.logs[tp]; b != nil {
					b.append(data)
				}
			})
		}
	}
}

func (s *reader) recoversFrom(x failure, all []stream.TopicPartition) {
	s.Helper()
	if x.ends != nil {
		s.pollFor(2 * time.Second)
		if s.next[all[0]] != 130 {
			s.Errorf("there is nothing to heal: read to %d", s.next[all[0]])
		}
		s.brokers.change(func() { x.ends(s.brokers, s.brokers.logs[all[0]]) })
	}
	began := time.Now()
	s.readTo(300, all...)
	if took := time.Since(began); took > 6*time.Second {
		s.Errorf("it took %s", took)
	}
}

// A failing broker gets requests at intervals only, and one line is logged.
func TestConsumer_RetriesUntilPatienceEnds(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 4)
	withReader(t, lib, 0, func(s *reader) {
		all := linktest.TopicOf("a", 4)
		s.assign(0, all...)
		s.pollFor(time.Second)
		for _, tp := range all[:2] {
			lib.change(func() { lib.logs[tp].code = kerr.StorageError })
		}
		before, _, _ := lib.counts()
		s.pollFor(8 * time.Second)
		after, _, _ := lib.counts()
		// Two fetch sessions with a long poll, each with an attempt at least every second.
		if n := after - before; n > 80 {
			s.Errorf("%d requests in 8 seconds", n)
		}
		for _, tp := range all[:2] {
			lib.change(func() { lib.logs[tp].code = 0 })
		}
		s.pollFor(2 * time.Second)
		lib.change(func() { lib.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{err: io.EOF} } })
		before, _, leaders := lib.counts()
		s.pollFor(8 * time.Second)
		after, _, leadersAfter := lib.counts()
		if n, m := after-before, leadersAfter-leaders; n > 60 || m > 60 {
			s.Errorf("%d requests in 8 seconds, and %d for leaders", n, m)
		}
		lib.change(func() { lib.fault = nil })
		s.pollFor(3 * time.Second)
		if log := s.log.String(); strings.Count(log, "doesn't answer") != 1 || strings.Count(log, "answers again") != 1 {
			s.Errorf("the log says: %s", log)
		}
	})
}

// A partition that was read to its end may have new records while its broker is
// unavailable. One that lags is known to have at least the rest.
func TestConsumer_EndExpires(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 2)
	read, lags := linktest.At("a", 0), linktest.At("a", 1)
	for _, tp := range []stream.TopicPartition{read, lags} {
		lib.logs[tp].append(values(t, "x", 10))
	}
	withReader(t, lib, 0, func(s *reader) {
		s.unreleased = []stream.TopicPartition{lags}
		s.assign(0, read, lags)
		s.readTo(10, read, lags)
		ends := func(when string, ofRead int64) {
			t.Helper()
			if s.End(read) != ofRead || s.End(lags) != 10 {
				t.Errorf("%s: the ends are %d and %d, want %d and 10", when, s.End(read), s.End(lags), ofRead)
			}
		}
		s.pollFor(8 * time.Second)
		ends("while nothing comes", 10)
		lib.change(func() { lib.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{err: io.EOF} } })
		s.pollFor(5 * time.Second)
		ends("while the broker is away", -1)
		lib.change(func() { lib.fault = nil })
		s.pollFor(2 * time.Second)
		ends("when it is back", 10)
	})
}
