package fetch

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Each partition gets its turn although batches larger than their shares take all of the
// memory.
func TestConsumer_NoPartitionStarves(t *testing.T) {
	for _, sessions := range []bool{true, false} {
		lib := newFakeBrokers(2)
		lib.roomForSessions = sessions
		lib.topic("a", 30)
		large := make([]string, 0, 10)
		for range 10 {
			large = append(large, strings.Repeat("x", 10_000))
		}
		all := linktest.TopicOf("a", 30)
		for _, tp := range all {
			for range 5 {
				lib.logs[tp].append(writeBatches(t, testBatch{values: large}))
			}
		}
		withReader(t, lib, 500_000, func(s *reader) {
			s.assign(0, all...)
			lead := int64(0)
			linktest.Must(s, s.pollUntil(func() bool {
				synctest.Wait()
				least := int64(50)
				for node := range 2 { // a broker that is faster may be ahead of another
					var read []int64
					for i := node; i < len(all); i += 2 {
						read = append(read, s.next[all[i]])
					}
					least = min(least, slices.Min(read))
					lead = max(lead, slices.Max(read)-slices.Min(read))
				}
				return least == 50
			}))
			if lead > 20 {
				s.Errorf("one was %d batches ahead of another, with sessions: %v", lead/10, sessions)
			}
		})
	}
}

// A partition whose batches are larger than its share, or than all memory, has its turn
// among others that never come to their ends, and its turn at decoding.
func TestConsumer_LargeBatchesAmongSmall(t *testing.T) {
	small, all := values(t, "x", 20), linktest.TopicOf("a", 40)
	for _, x := range []struct {
		name  string
		codec batch.Codec
		value string
		kept  []stream.TopicPartition
	}{
		{"larger than its part", batch.None, strings.Repeat("x", 50_000), all[20:22]},
		{"larger than all there is", batch.None, strings.Repeat("x", 1_500_000), all[20:22]},
		{"one that isn't released is larger than all there is", batch.None, strings.Repeat("x", 1_500_000), all[:1]},
		{"much when it is unpacked", batch.Zstd, strings.Repeat("x", 100_000) + noise(100_000), all[20:22]},
		{"one that isn't released is much when it is unpacked", batch.Zstd, strings.Repeat("x", 100_000) + noise(100_000), all[:1]},
	} {
		for _, sessions := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, sessions %v", x.name, sessions), func(t *testing.T) {
				lib := newFakeBrokers(2)
				lib.roomForSessions = sessions
				lib.topic("a", 40)
				large := writeBatches(t, testBatch{values: []string{x.value}, codec: x.codec})
				for _, tp := range all[:2] {
					for range 20 {
						lib.logs[tp].append(large)
					}
				}
				for _, tp := range all[2:] {
					for range 1000 {
						lib.logs[tp].append(small)
					}
				}
				withReader(t, lib, 500_000, func(s *reader) {
					s.assign(0, all...)
					s.unreleased = x.kept
					if len(x.kept) == 1 { // another large one may have to wait for it
						s.readTo(20_000, all[2:]...)
						s.unreleased = nil
						s.Release(all[0])
					} else {
						s.takesTurns(all)
					}
					s.readTo(20, all[1])
				})
			})
		}
	}
}

// A long poll for batches that are larger than all memory doesn't keep lagging partitions
// of other brokers waiting, even while another such batch isn't released, and whichever
// broker got the last request.
func TestConsumer_LongPollForLargeBatches(t *testing.T) {
	small, all := values(t, "x", 20), linktest.TopicOf("a", 3)
	large := writeBatches(t, testBatch{values: []string{strings.Repeat("x", 1_500_000)}})
	unreleased, atEnd, lagging := all[0], all[1], all[2]
	for _, first := range []stream.TopicPartition{unreleased, atEnd} {
		t.Run(fmt.Sprint(first, " first"), func(t *testing.T) {
			lib := newFakeBrokers(2) // one leads the first and the third partition
			lib.topic("a", 3)
			for range 20 {
				lib.logs[unreleased].append(large)
			}
			lib.logs[atEnd].append(large)
			for range 1000 {
				lib.logs[lagging].append(small)
			}
			withReader(t, lib, 500_000, func(s *reader) {
				s.unreleased = []stream.TopicPartition{unreleased}
				s.assign(0, first)
				s.readTo(1, first)
				for _, second := range all[:2] {
					if second != first {
						s.assign(0, second)
						s.readTo(1, second)
					}
				}
				s.pollFor(3 * time.Second)
				began := time.Now()
				s.assign(0, lagging)
				s.readTo(20_000, lagging)
				if took := time.Since(began); took > time.Second {
					s.Errorf("it took %s", took)
				}
			})
		})
	}
}

// takesTurns checks that the second partition has turns while the others have.
func (s *reader) takesTurns(all []stream.TopicPartition) {
	s.Helper()
	s.readInStep(1, all[1:]...)
	if s.next[all[1]] > 10 {
		s.Errorf("%d batches of %s were read before the first one of another", s.next[all[1]], all[1])
		return
	}
	lagging := slices.DeleteFunc(slices.Clone(all[2:]), func(tp stream.TopicPartition) bool { return s.next[tp] > 8_000 })
	s.readInStep(s.next[all[1]]+10, all[1])
	for _, tp := range lagging {
		if s.next[tp] == 20_000 {
			s.Errorf("%s was read to its end before %d batches of %s", tp, s.next[all[1]], all[1])
			return
		}
	}
}

// noise returns incompressible data.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // it never fails
	return string(b)
}

// With the least memory, and more brokers than it can be divided by, partitions at their
// ends are still read.
func TestConsumer_TinyMemory(t *testing.T) {
	lib := newFakeBrokers(20)
	lib.topic("a", 40)
	all := linktest.TopicOf("a", 40)
	withReader(t, lib, 1, func(s *reader) {
		s.assign(0, all...)
		s.pollFor(2 * time.Second)
		for i, tp := range all {
			lib.change(func() { lib.logs[tp].append(values(s, "x", 100)) })
			s.readTo(100, tp)
			s.pollFor(time.Duration(i) * time.Millisecond)
		}
	})
}

// Held and reserved memory stays within bounds at any time, whatever is not released; then
// everything goes on.
func TestConsumer_MemoryBound(t *testing.T) {
	for _, x := range []struct {
		partitions int32
		codec      batch.Codec
		perBatch   int
	}{{1, batch.None, 1000}, {8, batch.None, 1000}, {8, batch.Zstd, 1000}, {100, batch.Snappy, 10}, {500, batch.None, 10}} {
		t.Run(fmt.Sprint(x), func(t *testing.T) {
			const bound = 4 << 20
			lib := newFakeBrokers(3)
			lib.topic("a", x.partitions)
			all := linktest.TopicOf("a", x.partitions)
			var list []string
			for i := range x.perBatch {
				list = append(list, fmt.Sprintf("%0100d", i))
			}
			b := writeBatches(t, testBatch{values: list, codec: x.codec})
			batches := max(10_000/x.perBatch/int(x.partitions), 30)
			for _, tp := range all {
				for range batches {
					lib.logs[tp].append(b)
				}
			}
			withReader(t, lib, bound, func(s *reader) {
				s.assign(0, all...)
				out := 0
				for range 100 { // nothing is released
					chunks, err := s.Poll()
					linktest.Must(s, err)
					out += len(chunks)
					synctest.Wait()
					s.checkMemory()
				}
				if out < min(int(x.partitions), 100) {
					s.Errorf("only %d chunks are out", out)
				}
				for _, tp := range all {
					s.assign(0, tp)
				}
				linktest.Must(s, s.pollUntil(func() bool {
					s.checkMemory()
					return !slices.ContainsFunc(all, func(tp stream.TopicPartition) bool { return s.next[tp] < int64(batches*x.perBatch) })
				}))
			})
		})
	}
}

// checkMemory compares the counts with the buffers that exist.
func (s *reader) checkMemory() {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	held, decoding := int64(0), int64(0)
	for _, r := range s.assigned {
		for _, b := range r.blocks[:r.n] {
			held += int64(cap(b.buf))
		}
		if r.decoder != nil {
			decoding += r.decoder.memory()
		}
	}
	if held > s.budget.pool.held || decoding != s.decoders.held {
		s.Fatalf("%d bytes are held and %d for decoding, counted are %d and %d", held, decoding, s.budget.pool.held, s.decoders.held)
	}
	if sum := s.budget.pool.held + s.budget.pool.reserved + s.budget.pool.spare + s.decoders.held + s.decoders.spare; sum > s.budget.max {
		s.Fatalf("%d bytes: arrived %d, reserved %d, spare %d, decoding %d, spare %d", sum, s.budget.pool.held, s.budget.pool.reserved, s.budget.pool.spare, s.decoders.held, s.decoders.spare)
	}
}

// The memory of a failed request is not reused: it is still written to.
func TestConsumer_LateAnswers(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 8)
	all := linktest.TopicOf("a", 8)
	for _, tp := range all {
		for i := range 300 {
			lib.logs[tp].append(values(t, fmt.Sprint(i, "."), 10))
		}
	}
	withReader(t, lib, 1<<20, func(s *reader) {
		n := 0
		scribble := make(chan struct{})
		lib.fault = func(int32, *wire.Fetch) (f fetchFault) {
			if n++; n%3 == 0 && n < 60 {
				f.err, f.late = io.ErrUnexpectedEOF, func() { <-scribble }
			}
			return f
		}
		s.assign(0, all...)
		s.readTo(500, all...)
		close(scribble)
		s.readTo(3000, all...)
		for _, tp := range all {
			s.checkValues(tp, 3000)
		}
		synctest.Wait()
		s.checkMemory()
	})
}
