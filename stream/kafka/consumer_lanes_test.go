package kafka

import (
	"testing"
	"testing/synctest"
	"time"
)

// A partition that has something new is read at once, whatever else waits, is
// paused or lags.
func TestConsumerLatency(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("idle", 20)
	lib.topic("busy", 3)
	lib.topic("paused", 3)
	for _, tp := range append(topicOf("busy", 3), topicOf("paused", 3)...) {
		for range 200 {
			lib.books[tp].append(values(t, "x", 1000))
		}
	}
	study(t, lib, 0, func(s *student) {
		s.assign(0, topicOf("idle", 20)...)
		s.assign(0, topicOf("paused", 3)...)
		for range 10 { // their chunks stay out
			synctest.Wait()
			_, err := s.Poll()
			must(s, err)
		}
		s.rest(3 * time.Second)
		worst := time.Duration(0)
		for i := range 300 {
			tp := at("idle", int32(i*7%20))
			end := s.pos[tp] + 1
			s.rest(time.Duration(i*13%997) * time.Millisecond)
			began := time.Now()
			lib.change(func() { lib.books[tp].append(values(s, "new", 1)) })
			s.reads(end, tp)
			worst = max(worst, time.Since(began))
			if i%50 == 0 { // something to catch up with
				s.assign(0, topicOf("busy", 3)[i%3])
			}
		}
		if worst > 5*time.Millisecond {
			s.Errorf("it took %s", worst)
		}
	})
}

// What lags isn't held up by what waits in the same lane.
func TestConsumerThroughput(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 3)
	for range 20 {
		lib.books[at("a", 0)].append(values(t, "x", 30_000))
	}
	study(t, lib, 0, func(s *student) {
		s.assign(0, topicOf("a", 3)...)
		began := time.Now()
		for s.pos[at("a", 0)] < 600_000 {
			lib.change(func() { lib.books[at("a", 1)].append(values(s, "y", 1)) })
			s.reads(min(s.pos[at("a", 0)]+20_000, 600_000), at("a", 0))
		}
		if took := time.Since(began); took > time.Second {
			s.Errorf("it took %s of waiting", took)
		}
	})
}

// Partitions at rest are all in the patient lane, and cost two requests a second.
func TestConsumerComesToRest(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 50)
	study(t, lib, 0, func(s *student) {
		all := topicOf("a", 50)
		s.assign(0, all...)
		for i := range 500 {
			lib.change(func() { lib.books[all[i%3]].append(values(s, "x", 1)) })
			s.rest(time.Millisecond)
		}
		s.rest(2 * time.Second)
		fetches, asked, _ := lib.counts()
		s.rest(10 * time.Second)
		fetchesAfter, askedAfter, _ := lib.counts()
		if n := fetchesAfter - fetches; n > 21 {
			s.Errorf("%d requests in 10 seconds", n)
		}
		if n := askedAfter - asked; n > 0 {
			s.Errorf("%d partitions were named in requests although nothing changed", n)
		}
	})
}
