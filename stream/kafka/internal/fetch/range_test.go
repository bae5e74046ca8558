package fetch

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

func TestConsumer_OutOfRange(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 2)
	all := linktest.TopicOf("a", 2)
	for _, tp := range all {
		lib.logs[tp].append(values(t, "0.", 10), values(t, "1.", 10), values(t, "2.", 10))
	}
	lib.logs[all[0]].start, lib.logs[all[0]].batches = 10, lib.logs[all[0]].batches[1:]
	withReader(t, lib, 0, func(s *reader) {
		for _, x := range []struct {
			offset int64
			want   string
			within time.Duration
		}{
			{9, "a/0: offset 9 is out of range: the partition holds 10 to 30", 0},
			{31, "a/0: offset 31 is out of range: the partition holds 10 to 30", time.Second},
		} {
			s.assign(x.offset, all[0])
			s.assign(0, all[1])
			began := time.Now()
			err := s.pollUntilError()
			var outside *stream.OffsetOutOfRangeError
			if !errors.As(err, &outside) || err.Error() != x.want || time.Since(began) > x.within {
				s.Fatalf("%v after %s", err, time.Since(began))
			}
			// It is told once; the others go on, and then it does.
			s.readTo(30, all[1])
			s.pollFor(time.Minute)
			s.assign(10, all[0])
			s.readTo(30, all[0])
		}
	})
}

// Records that were fetched are handed out before a later error.
func TestConsumer_ErrorAfterRecords(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 1)
	tp := linktest.At("a", 0)
	b := lib.logs[tp]
	b.append(values(t, "0.", 10))
	withReader(t, lib, 0, func(s *reader) {
		s.assign(0, tp)
		_, err := s.Poll()
		linktest.Must(s, err)
		synctest.Wait() // the records have come
		lib.change(func() {
			b.start, b.batches = 50, nil
			b.append(values(s, "5.", 10))
		})
		synctest.Wait()
		s.mu.Lock()
		known := s.byName[tp].err
		s.mu.Unlock()
		if known == nil {
			s.Fatal("nobody has found out")
		}
		s.readTo(10, tp)
		var outside *stream.OffsetOutOfRangeError
		if err := s.pollUntilError(); !errors.As(err, &outside) || outside.Offset != 10 || outside.Start != 50 {
			s.Fatal(err)
		}
	})
}

// A leader that lacks the newest records for a moment isn't out of range.
func TestConsumer_LeaderCatchesUp(t *testing.T) {
	lib := newFakeBrokers(2)
	lib.topic("a", 1)
	b := lib.logs[linktest.At("a", 0)]
	b.append(values(t, "0.", 10), values(t, "1.", 10))
	withReader(t, lib, 0, func(s *reader) {
		s.assign(0, linktest.At("a", 0))
		s.readTo(20, linktest.At("a", 0))
		rest := b.batches[1:]
		lib.change(func() {
			b.leader, b.epoch = 2, 2
			b.batches = b.batches[:1]
			b.stable = 10
		})
		s.pollFor(100 * time.Millisecond)
		lib.change(func() {
			b.batches = append(b.batches, rest...)
			b.append(values(s, "2.", 10))
		})
		s.readTo(30, linktest.At("a", 0))
		s.checkValues(linktest.At("a", 0), 30)
	})
}

func TestConsumer_UnknownTopics(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 2)
	withReader(t, lib, 0, func(s *reader) {
		began := time.Now()
		for _, tp := range []stream.TopicPartition{linktest.At("a", 2), linktest.At("a", -1), linktest.At("b", 0)} {
			if err := s.Assign(tp, 0); !errors.Is(err, stream.ErrUnknownTopic) || !strings.Contains(err.Error(), tp.String()) {
				s.Errorf("%s: %v", tp, err)
			}
		}
		if time.Since(began) != 0 {
			s.Errorf("it took %s", time.Since(began))
		}
		lib.change(func() { lib.logs[linktest.At("a", 2)] = &fakeLog{leader: 1, epoch: 1} }) // it grows
		s.assign(0, linktest.At("a", 2))
	})
}
