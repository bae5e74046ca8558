package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream"
)

// A student reads from a library, whose clock stands still while anything is
// done.
type student struct {
	*testing.T
	*consumer
	lib *library
	sys *client
	log *strings.Builder
	got map[stream.TopicPartition][]string
	pos map[stream.TopicPartition]int64
	// kept are partitions of which nothing is released.
	kept []stream.TopicPartition
}

// study runs a test with a consumer of so many bytes.
func study(t *testing.T, lib *library, maxBytes int64, test func(s *student)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		lib.changed = make(chan struct{}) // one of this bubble
		log := new(strings.Builder)
		sys := newClient(newFakeLink(lib.serve), 10*time.Second, slog.New(slog.NewTextHandler(log, nil)))
		s := &student{
			T: t, lib: lib, sys: sys, log: log, consumer: newConsumer(sys, stream.ConsumerConfig{MaxBytes: maxBytes}),
			got: make(map[stream.TopicPartition][]string), pos: make(map[stream.TopicPartition]int64),
		}
		defer func() { // also of a test that fails, which would leave goroutines
			if err := errors.Join(s.Close(), sys.link.Close()); err != nil {
				t.Error(err)
			}
		}()
		test(s)
	})
}

func (s *student) assign(offset int64, all ...stream.TopicPartition) {
	s.Helper()
	for _, tp := range all {
		must(s, s.Assign(tp, offset))
		s.pos[tp] = offset
		delete(s.got, tp)
	}
}

// take polls once, and keeps and releases what comes.
func (s *student) take() (n int, err error) {
	s.Helper()
	chunks, err := s.Poll()
	for _, c := range chunks {
		if c.Next <= s.pos[c.TopicPartition] {
			s.Fatalf("%s: a chunk from %d to %d", c.TopicPartition, s.pos[c.TopicPartition], c.Next)
		}
		for i := range c.Records {
			if o := c.Records[i].Offset; o < s.pos[c.TopicPartition] || o >= c.Next {
				s.Fatalf("%s: offset %d, expected one from %d to %d", c.TopicPartition, o, s.pos[c.TopicPartition], c.Next)
			}
			s.pos[c.TopicPartition] = c.Records[i].Offset + 1
			s.got[c.TopicPartition] = append(s.got[c.TopicPartition], string(c.Records[i].Value))
		}
		s.pos[c.TopicPartition] = c.Next
		if !slices.Contains(s.kept, c.TopicPartition) {
			s.Release(c.TopicPartition)
		}
	}
	return len(chunks), err
}

// until takes until done, or Poll fails, for a minute at most.
func (s *student) until(done func() bool) error {
	s.Helper()
	timeout := time.After(time.Minute)
	for !done() {
		n, err := s.take()
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		select {
		case <-s.Ready():
		case <-timeout:
			s.Fatalf("waited in vain at %v; the log: %s", s.pos, s.log)
		}
	}
	return nil
}

// untilError takes until Poll fails.
func (s *student) untilError() error {
	s.Helper()
	return s.until(func() bool { return false })
}

// reads takes until partitions are read up to an offset.
func (s *student) reads(to int64, all ...stream.TopicPartition) {
	s.Helper()
	must(s, s.until(func() bool {
		return !slices.ContainsFunc(all, func(tp stream.TopicPartition) bool { return s.pos[tp] < to })
	}))
}

// rest takes whatever comes for so long.
func (s *student) rest(d time.Duration) {
	s.Helper()
	after := time.After(d)
	for {
		if _, err := s.take(); err != nil {
			s.Fatal(err)
		}
		select {
		case <-s.Ready():
		case <-after:
			return
		}
	}
}

// values makes a batch of n records "prefix0", "prefix1", ….
func values(t testing.TB, prefix string, n int) []byte {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(prefix, i))
	}
	return writeBatches(t, testBatch{values: list})
}

func topicOf(topic string, partitions int32) []stream.TopicPartition {
	var all []stream.TopicPartition
	for p := range partitions {
		all = append(all, at(topic, p))
	}
	return all
}

// checkValues: the first n records are there, in order.
func (s *student) checkValues(tp stream.TopicPartition, n int) {
	s.Helper()
	if len(s.got[tp]) != n {
		s.Fatalf("%s: %d records, want %d", tp, len(s.got[tp]), n)
	}
	for i, v := range s.got[tp] {
		if want := fmt.Sprintf("%d.%d", i/10, i%10); v != want {
			s.Fatalf("%s: record %d is %q, want %q", tp, i, v, want)
		}
	}
}
