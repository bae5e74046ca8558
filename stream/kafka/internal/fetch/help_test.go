package fetch

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
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

// A reader reads from fake brokers, in a synctest bubble.
type reader struct {
	*testing.T
	*Consumer
	brokers *fakeBrokers
	sys     *cluster.Client
	log     *strings.Builder
	got     map[stream.TopicPartition][]string
	next    map[stream.TopicPartition]int64
	// unreleased are partitions whose chunks are not released.
	unreleased []stream.TopicPartition
}

// withReader runs a test with a consumer of so many bytes.
func withReader(t *testing.T, lib *fakeBrokers, maxBytes int64, test func(s *reader)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		lib.changed = make(chan struct{}) // one of this bubble
		log := new(strings.Builder)
		sys := cluster.NewClient(linktest.New(lib.serve), 10*time.Second, slog.New(slog.NewTextHandler(log, nil)))
		s := &reader{
			T: t, brokers: lib, sys: sys, log: log, Consumer: New(sys, stream.ConsumerConfig{MaxBytes: maxBytes}),
			got: make(map[stream.TopicPartition][]string), next: make(map[stream.TopicPartition]int64),
		}
		defer func() { // also of a test that fails, which would leave goroutines
			if err := errors.Join(s.Close(), sys.Link.Close()); err != nil {
				t.Error(err)
			}
		}()
		test(s)
	})
}

func (s *reader) assign(offset int64, all ...stream.TopicPartition) {
	s.Helper()
	for _, tp := range all {
		linktest.Must(s, s.Assign(tp, offset))
		s.next[tp] = offset
		delete(s.got, tp)
	}
}

// poll polls once, and keeps and releases the chunks.
func (s *reader) poll() (n int, err error) {
	s.Helper()
	chunks, err := s.Poll()
	for _, c := range chunks {
		if c.Next <= s.next[c.TopicPartition] {
			s.Fatalf("%s: a chunk from %d to %d", c.TopicPartition, s.next[c.TopicPartition], c.Next)
		}
		for i := range c.Records {
			if o := c.Records[i].Offset; o < s.next[c.TopicPartition] || o >= c.Next {
				s.Fatalf("%s: offset %d, expected one from %d to %d", c.TopicPartition, o, s.next[c.TopicPartition], c.Next)
			}
			s.next[c.TopicPartition] = c.Records[i].Offset + 1
			s.got[c.TopicPartition] = append(s.got[c.TopicPartition], string(c.Records[i].Value))
		}
		s.next[c.TopicPartition] = c.Next
		if !slices.Contains(s.unreleased, c.TopicPartition) {
			s.Release(c.TopicPartition)
		}
	}
	return len(chunks), err
}

// pollUntil polls until done or until Poll fails, for a minute at most.
func (s *reader) pollUntil(done func() bool) error {
	s.Helper()
	timeout := time.After(time.Minute)
	for !done() {
		n, err := s.poll()
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		select {
		case <-s.Ready():
		case <-timeout:
			s.Fatalf("waited in vain at %v; the log: %s", s.next, s.log)
		}
	}
	return nil
}

// pollUntilError polls until Poll fails.
func (s *reader) pollUntilError() error {
	s.Helper()
	return s.pollUntil(func() bool { return false })
}

// readTo polls until partitions are read up to an offset.
func (s *reader) readTo(to int64, all ...stream.TopicPartition) {
	s.Helper()
	linktest.Must(s, s.pollUntil(func() bool {
		return !slices.ContainsFunc(all, func(tp stream.TopicPartition) bool { return s.next[tp] < to })
	}))
}

// readInStep is readTo with brokers that are equally fast: all have answered before each
// poll.
func (s *reader) readInStep(to int64, all ...stream.TopicPartition) {
	s.Helper()
	linktest.Must(s, s.pollUntil(func() bool {
		synctest.Wait()
		return !slices.ContainsFunc(all, func(tp stream.TopicPartition) bool { return s.next[tp] < to })
	}))
}

// pollFor polls for so long.
func (s *reader) pollFor(d time.Duration) {
	s.Helper()
	after := time.After(d)
	for {
		if _, err := s.poll(); err != nil {
			s.Fatal(err)
		}
		select {
		case <-s.Ready():
		case <-after:
			return
		}
	}
}

// values returns a batch of n records "prefix0", "prefix1", ….
func values(t testing.TB, prefix string, n int) []byte {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(prefix, i))
	}
	return writeBatches(t, testBatch{values: list})
}

// checkValues checks that the first n records have been read, in order.
func (s *reader) checkValues(tp stream.TopicPartition, n int) {
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
