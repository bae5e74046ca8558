package fetch

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

// Small batches that unpack to much memory are unpacked one partition at a time.
func TestConsumer_UnpacksOneOversizedBatchAtATime(t *testing.T) {
	const size, partitions = 8 << 20, 16
	lib := newFakeBrokers(2)
	lib.topic("a", partitions)
	all := linktest.TopicOf("a", partitions)
	for i, tp := range all {
		codec := []batch.Codec{batch.Zstd, batch.Gzip, batch.LZ4}[i%3]
		bomb := writeBatches(t, testBatch{values: []string{strings.Repeat("x", size)}, codec: codec})
		for range 2 {
			lib.logs[tp].append(bomb)
		}
	}
	withReader(t, lib, 2<<20, func(s *reader) {
		s.assign(0, all...)
		linktest.Must(s, s.pollUntil(func() bool {
			synctest.Wait()
			if held := s.decoders.held; held > 1<<20+size+size/4 {
				s.Fatalf("%d bytes are held", held)
			}
			for _, tp := range all {
				if s.next[tp] < 2 {
					return false
				}
			}
			return true
		}))
	})
}

// A batch beyond the limit is an error that says where to go on.
func TestConsumer_BatchBeyondLimit(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 1)
	tp := linktest.TopicOf("a", 1)[0]
	small := values(t, "x", 20)
	lib.logs[tp].append(small)
	lib.logs[tp].append(writeBatches(t, testBatch{values: []string{strings.Repeat("x", batch.Limit), "y"}, codec: batch.Zstd}))
	lib.logs[tp].append(small)
	withReader(t, lib, 500_000, func(s *reader) {
		s.assign(0, tp)
		err := s.pollUntil(func() bool { synctest.Wait(); return s.next[tp] > 20 })
		var unreadable *stream.UnreadableError
		if !errors.As(err, &unreadable) || unreadable.TopicPartition != tp || unreadable.Offset != 20 || unreadable.Next != 22 || unreadable.Records != 2 || !errors.Is(err, batch.ErrTooLarge) {
			s.Fatalf("at %d: %v", s.next[tp], err)
		}
		s.assign(unreadable.Next, tp)
		linktest.Must(s, s.pollUntil(func() bool { synctest.Wait(); return s.next[tp] == 42 }))
	})
}
