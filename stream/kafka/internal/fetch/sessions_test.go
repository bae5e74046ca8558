package fetch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

// New records of a partition are read at once, whatever other partitions wait, are paused
// or lag.
func TestConsumer_Latency(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("idle", 20)
	lib.topic("busy", 3)
	lib.topic("paused", 3)
	for _, tp := range append(linktest.TopicOf("busy", 3), linktest.TopicOf("paused", 3)...) {
		for range 200 {
			lib.logs[tp].append(values(t, "x", 1000))
		}
	}
	withReader(t, lib, 0, func(s *reader) {
		s.assign(0, linktest.TopicOf("idle", 20)...)
		s.assign(0, linktest.TopicOf("paused", 3)...)
		for range 10 { // their chunks stay out
			synctest.Wait()
			_, err := s.Poll()
			linktest.Must(s, err)
		}
		s.pollFor(3 * time.Second)
		worst := time.Duration(0)
		for i := range 300 {
			tp := linktest.At("idle", int32(i*7%20))
			end := s.next[tp] + 1
			s.pollFor(time.Duration(i*13%997) * time.Millisecond)
			began := time.Now()
			lib.change(func() { lib.logs[tp].append(values(s, "new", 1)) })
			s.readTo(end, tp)
			worst = max(worst, time.Since(began))
			if i%50 == 0 { // something to catch up with
				s.assign(0, linktest.TopicOf("busy", 3)[i%3])
			}
		}
		if worst > 5*time.Millisecond {
			s.Errorf("it took %s", worst)
		}
	})
}

// A lagging partition is not held up by a waiting one in the same session.
func TestConsumer_FewRequests(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 3)
	for range 20 {
		lib.logs[linktest.At("a", 0)].append(values(t, "x", 30_000))
	}
	withReader(t, lib, 0, func(s *reader) {
		s.assign(0, linktest.TopicOf("a", 3)...)
		began := time.Now()
		for s.next[linktest.At("a", 0)] < 600_000 {
			lib.change(func() { lib.logs[linktest.At("a", 1)].append(values(s, "y", 1)) })
			s.readTo(min(s.next[linktest.At("a", 0)]+20_000, 600_000), linktest.At("a", 0))
		}
		if took := time.Since(began); took > time.Second {
			s.Errorf("it took %s of waiting", took)
		}
	})
}

// Partitions at their ends are all in the patient session, and take two requests a second.
func TestConsumer_IdleRequests(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 50)
	withReader(t, lib, 0, func(s *reader) {
		all := linktest.TopicOf("a", 50)
		s.assign(0, all...)
		for i := range 500 {
			lib.change(func() { lib.logs[all[i%3]].append(values(s, "x", 1)) })
			s.pollFor(time.Millisecond)
		}
		s.pollFor(2 * time.Second)
		fetches, asked, _ := lib.counts()
		s.pollFor(10 * time.Second)
		fetchesAfter, askedAfter, _ := lib.counts()
		if n := fetchesAfter - fetches; n > 21 {
			s.Errorf("%d requests in 10 seconds", n)
		}
		if n := askedAfter - asked; n > 0 {
			s.Errorf("%d partitions were named in requests although nothing changed", n)
		}
	})
}
