package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A student reads from a library, whose clock stands still while anything is
// done.
type student struct {
	*testing.T
	*consumer
	lib *library
	sys *System
	log *strings.Builder
	got map[stream.TopicPartition][]string
	pos map[stream.TopicPartition]int64
}

// study runs a test with a consumer of so many bytes.
func study(t *testing.T, lib *library, maxBytes int64, test func(s *student)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		lib.changed = make(chan struct{}) // one of this bubble
		log := new(strings.Builder)
		sys := newSystem(newFakeLink(lib.serve), Options{Patience: 10 * time.Second, Logger: slog.New(slog.NewTextHandler(log, nil))})
		s := &student{
			T: t, lib: lib, sys: sys, log: log, consumer: newConsumer(sys, stream.ConsumerConfig{MaxBytes: maxBytes}),
			got: make(map[stream.TopicPartition][]string), pos: make(map[stream.TopicPartition]int64),
		}
		test(s)
		must(t, s.Close())
		must(t, sys.Close())
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
		s.Release(c.TopicPartition)
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

func TestConsumerReads(t *testing.T) {
	lib := newLibrary(3)
	lib.topic("a", 5)
	for p := range int32(5) {
		lib.books[at("a", p)].append(values(t, "x", 100), values(t, "y", 3000), values(t, "z", 1))
	}
	study(t, lib, 0, func(s *student) {
		all := topicOf("a", 5)
		s.assign(0, all...)
		s.reads(3101, all...)
		s.assign(3090, all[2])
		s.reads(3101, all...)
		if got := s.got[all[2]]; len(got) != 11 || got[0] != "y2990" || got[10] != "z0" {
			s.Errorf("from the middle: %v", got)
		}
		if got := s.got[all[1]]; len(got) != 3101 || got[0] != "x0" || got[100] != "y0" || got[3100] != "z0" {
			s.Errorf("%d records", len(got))
		}
		if end := s.End(all[0]); end != 3101 {
			s.Errorf("the end is %d", end)
		}
	})
}

func topicOf(topic string, partitions int32) []stream.TopicPartition {
	var all []stream.TopicPartition
	for p := range partitions {
		all = append(all, at(topic, p))
	}
	return all
}

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
		s.Logf("%s at the worst", worst)
	})
}

// What lags isn't held up by what waits in the same lane.
func TestConsumerThroughput(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 3)
	for range 100 {
		lib.books[at("a", 0)].append(values(t, "x", 30_000))
	}
	study(t, lib, 0, func(s *student) {
		s.assign(0, topicOf("a", 3)...)
		began := time.Now()
		for s.pos[at("a", 0)] < 3_000_000 {
			lib.change(func() { lib.books[at("a", 1)].append(values(s, "y", 1)) })
			s.reads(s.pos[at("a", 0)]+20_000, at("a", 0))
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
		fetches, asked := lib.fetches, lib.asked
		s.rest(10 * time.Second)
		if n := lib.fetches - fetches; n > 21 {
			s.Errorf("%d requests in 10 seconds", n)
		}
		if n := lib.asked - asked; n > 0 {
			s.Errorf("%d partitions were named in requests although nothing changed", n)
		}
	})
}

// Each partition gets its turn although all of memory is taken by batches that are
// larger than its part.
func TestConsumerStarvesNobody(t *testing.T) {
	for _, sessions := range []bool{true, false} {
		lib := newLibrary(2)
		lib.sessions = sessions
		lib.topic("a", 30)
		large := make([]string, 0, 10)
		for range 10 {
			large = append(large, strings.Repeat("x", 10_000))
		}
		all := topicOf("a", 30)
		for _, tp := range all {
			for range 5 {
				lib.books[tp].append(writeBatches(t, testBatch{values: large}))
			}
		}
		study(t, lib, 500_000, func(s *student) {
			s.assign(0, all...)
			lead := int64(0)
			must(s, s.until(func() bool {
				least, most := s.pos[all[0]], s.pos[all[0]]
				for _, tp := range all {
					least, most = min(least, s.pos[tp]), max(most, s.pos[tp])
				}
				lead = max(lead, most-least)
				return least == 50
			}))
			if lead > 30 {
				s.Errorf("one was %d batches ahead of another", lead/10)
			}
		})
	}
}

// What is held, and what is asked for, is within bounds at any time, whoever isn't
// released; and then all goes on.
func TestConsumerMemory(t *testing.T) {
	for _, x := range []struct {
		partitions int32
		codec      batch.Codec
		perBatch   int
	}{{1, batch.None, 1000}, {8, batch.None, 1000}, {8, batch.Zstd, 1000}, {100, batch.Snappy, 10}, {500, batch.None, 10}} {
		t.Run(fmt.Sprint(x), func(t *testing.T) {
			const bound = 4 << 20
			lib := newLibrary(3)
			lib.topic("a", x.partitions)
			all := topicOf("a", x.partitions)
			var list []string
			for i := range x.perBatch {
				list = append(list, fmt.Sprintf("%0100d", i))
			}
			b := writeBatches(t, testBatch{values: list, codec: x.codec})
			batches := max(10_000/x.perBatch/int(x.partitions), 30)
			for _, tp := range all {
				for range batches {
					lib.books[tp].append(b)
				}
			}
			study(t, lib, bound, func(s *student) {
				s.assign(0, all...)
				out := 0
				for range 100 { // nothing is released
					chunks, err := s.Poll()
					must(s, err)
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
				must(s, s.until(func() bool {
					s.checkMemory()
					return !slices.ContainsFunc(all, func(tp stream.TopicPartition) bool { return s.pos[tp] < int64(batches*x.perBatch) })
				}))
			})
		})
	}
}

// checkMemory counts what there is.
func (s *student) checkMemory() {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	held, decoding := int64(0), int64(0)
	for _, r := range s.assigned {
		for _, b := range r.blocks[:r.n] {
			held += int64(cap(b.buf))
		}
		if r.decoder != nil {
			decoding += r.decoder.bytes()
		}
	}
	if held > s.pool.held || decoding != s.decoders.held {
		s.Fatalf("%d bytes are held and %d for decoding, counted are %d and %d", held, decoding, s.pool.held, s.decoders.held)
	}
	if sum := s.pool.held + s.pool.reserved + s.pool.spare + s.decoders.held + s.decoders.spare; sum > s.max {
		s.Fatalf("%d bytes: arrived %d, reserved %d, spare %d, decoding %d, spare %d", sum, s.pool.held, s.pool.reserved, s.pool.spare, s.decoders.held, s.decoders.spare)
	}
}

// TestConsumerFailures: each is got over, without a record lost or given twice, or
// told as it should.
func TestConsumerFailures(t *testing.T) {
	const n = 300 // records of each partition, in batches of 10
	for _, x := range []struct {
		name  string
		fails func(l *library, b *book) // after a third was read
		heals func(l *library, b *book) // two seconds later
		err   string
		is    error
	}{
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
		{name: "an error that doesn't end", fails: func(_ *library, b *book) { b.code = storageError },
			err: "read a/0 at offset 130: tried for 10s: kafka storage error", is: storageError},
		{name: "the topic is deleted", fails: func(l *library, _ *book) { delete(l.books, at("a", 0)); delete(l.books, at("a", 1)) },
			err: "read a/0 at offset 130: tried for 10s: unknown topic or partition", is: stream.ErrUnknownTopic},
		{name: "it was deleted and made anew", fails: func(_ *library, b *book) { b.epoch = 0 }},
		{name: "no permission", fails: func(_ *library, b *book) { b.code = topicDenied },
			err: `the broker's access list must allow Read on topic "a" to this user`, is: topicDenied},
		{name: "bits flip on the way", fails: func(_ *library, b *book) { b.torn = 2 }},
		{name: "bits have flipped on the disk", fails: func(_ *library, b *book) { b.torn = 1 << 30 },
			err: "read a/0 at offset ", is: stream.ErrCorrupt},
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
		{name: "a broker stays away",
			fails: func(l *library, _ *book) {
				l.fault = func(node int32, _ *wire.Fetch) (f fetchFault) {
					if node == 1 {
						f.err = io.EOF
					}
					return f
				}
			},
			err: "tried for 10s: broker 1: EOF", is: io.EOF},
		{name: "sessions are forgotten", fails: func(l *library, _ *book) {
			l.fault = func(int32, *wire.Fetch) fetchFault { clear(l.open); return fetchFault{} }
		}},
		{name: "sessions are refused again and again", fails: func(l *library, _ *book) {
			l.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{code: fetchSessionEpoch} }
		}, heals: func(l *library, _ *book) { l.fault = nil }},
		{name: "the broker wants to be left alone", fails: func(l *library, _ *book) {
			l.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{throttle: 100 * time.Millisecond} }
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			lib := newLibrary(3)
			lib.topic("a", 2)
			lib.topic("b", 3)
			all := append(topicOf("a", 2), topicOf("b", 3)...)
			for _, tp := range all {
				for i := range 13 {
					lib.books[tp].append(values(t, fmt.Sprint(i, "."), 10))
				}
			}
			study(t, lib, 0, func(s *student) {
				s.assign(0, all...)
				s.reads(130, all...)
				lib.change(func() { x.fails(lib, lib.books[all[0]]) })
				for i := 13; i < n/10; i++ {
					for _, tp := range all {
						data := values(s, fmt.Sprint(i, "."), 10)
						lib.change(func() {
							if b := lib.books[tp]; b != nil {
								b.append(data)
							}
						})
					}
				}
				if x.err == "" {
					if x.heals != nil {
						s.rest(2 * time.Second)
						if s.pos[all[0]] != 130 {
							t.Errorf("there is nothing to heal: read to %d", s.pos[all[0]])
						}
						lib.change(func() { x.heals(lib, lib.books[all[0]]) })
					}
					began := time.Now()
					s.reads(n, all...)
					if took := time.Since(began); took > 6*time.Second {
						t.Errorf("it took %s", took)
					}
				} else {
					if err := s.untilError(); err == nil || !strings.Contains(err.Error(), x.err) || !errors.Is(err, x.is) {
						t.Fatalf("the error is %v", err)
					}
					s.reads(n, all[3], all[4]) // others go on
				}
				for _, tp := range all {
					s.checkValues(tp, min(int(s.pos[tp]), n))
				}
			})
		})
	}
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
		before := lib.fetches
		s.rest(8 * time.Second)
		// Two lanes with a long poll, and a try of each of the two every second or less.
		if n := lib.fetches - before; n > 80 {
			s.Errorf("%d requests in 8 seconds", n)
		}
		lib.change(func() { lib.fault = func(int32, *wire.Fetch) fetchFault { return fetchFault{err: io.EOF} } })
		before, metadata := lib.fetches, lib.metadata
		s.rest(8 * time.Second)
		if n := lib.fetches - before; n > 60 || lib.metadata-metadata > 60 {
			s.Errorf("%d requests in 8 seconds, and %d for leaders", n, lib.metadata-metadata)
		}
		lib.change(func() { lib.fault = nil })
		s.rest(3 * time.Second)
		if log := s.log.String(); strings.Count(log, "doesn't answer") != 1 || strings.Count(log, "answers again") != 1 {
			s.Errorf("the log says: %s", log)
		}
	})
}

func TestConsumerOutOfRange(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 3)
	all := topicOf("a", 3)
	for _, tp := range all {
		lib.books[tp].append(values(t, "0.", 10), values(t, "1.", 10), values(t, "2.", 10))
	}
	lib.books[all[0]].start, lib.books[all[0]].batches = 10, lib.books[all[0]].batches[1:]
	study(t, lib, 0, func(s *student) {
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
			err := s.untilError()
			var outside *stream.OffsetOutOfRangeError
			if !errors.As(err, &outside) || err.Error() != x.want || time.Since(began) > x.within {
				s.Fatalf("%v after %s", err, time.Since(began))
			}
			// It is told once; the others go on, and then it does.
			s.reads(30, all[1])
			s.rest(time.Minute)
			s.assign(10, all[0])
			s.reads(30, all[0])
		}
		// What was fetched before is handed out before the error.
		lib.change(func() {
			b := lib.books[all[2]]
			b.start, b.batches = 50, nil
			b.append(values(s, "5.", 10))
		})
	})
}

// What was fetched is handed out before the error that comes after it.
func TestConsumerErrorAfterRecords(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 1)
	b := lib.books[at("a", 0)]
	b.append(values(t, "0.", 10))
	study(t, lib, 0, func(s *student) {
		s.assign(0, at("a", 0))
		s.Poll()
		synctest.Wait() // it has arrived
		lib.change(func() {
			b.start, b.batches = 50, nil
			b.append(values(s, "5.", 10))
		})
		s.rest(0)
		chunks, err := s.Poll()
		for range 5 {
			synctest.Wait()
			time.Sleep(time.Second) //nolint:forbidigo // the clock is a fake
		}
		_, _ = chunks, err
		s.reads(10, at("a", 0))
		var outside *stream.OffsetOutOfRangeError
		if err := s.untilError(); !errors.As(err, &outside) || outside.Offset != 10 || outside.Start != 50 {
			s.Fatal(err)
		}
	})
}

// A leader that doesn't have the newest records yet isn't out of range.
func TestConsumerLeaderCatchesUp(t *testing.T) {
	lib := newLibrary(2)
	lib.topic("a", 1)
	b := lib.books[at("a", 0)]
	b.append(values(t, "0.", 10), values(t, "1.", 10))
	study(t, lib, 0, func(s *student) {
		s.assign(0, at("a", 0))
		s.reads(20, at("a", 0))
		rest := b.batches[1:]
		lib.change(func() {
			b.leader, b.epoch = 2, 2
			b.batches = b.batches[:1]
			b.stable = 10
		})
		s.rest(100 * time.Millisecond)
		lib.change(func() {
			b.batches = append(b.batches, rest...)
			b.append(values(s, "2.", 10))
		})
		s.reads(30, at("a", 0))
		s.checkValues(at("a", 0), 30)
	})
}

func TestConsumerUnknownTopics(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 2)
	study(t, lib, 0, func(s *student) {
		began := time.Now()
		for _, tp := range []stream.TopicPartition{at("a", 2), at("a", -1), at("b", 0)} {
			if err := s.Assign(tp, 0); !errors.Is(err, stream.ErrUnknownTopic) || !strings.Contains(err.Error(), tp.String()) {
				s.Errorf("%s: %v", tp, err)
			}
		}
		if time.Since(began) != 0 {
			s.Errorf("it took %s", time.Since(began))
		}
		lib.change(func() { lib.books[at("a", 2)] = &book{leader: 1, epoch: 1} }) // it grows
		s.assign(0, at("a", 2))
	})
}

// What comes for a place that was left isn't handed out.
func TestConsumerMoves(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 1)
	tp := at("a", 0)
	for i := range 20 {
		lib.books[tp].append(values(t, fmt.Sprint(i, "."), 10))
	}
	study(t, lib, 0, func(s *student) {
		s.assign(200, tp)
		s.rest(time.Second) // the patient lane waits at the end
		s.assign(0, tp)
		_, err := s.Poll() // the eager lane is asked
		must(s, err)
		s.assign(100, tp)
		s.reads(200, tp)
		if got := s.got[tp]; len(got) != 100 || got[0] != "10.0" {
			s.Errorf("%d records from %q on", len(got), got[0])
		}
		s.Unassign(tp)
		s.Unassign(tp)
		lib.change(func() { lib.books[tp].append(values(s, "x", 1)) })
		s.rest(time.Second)
		if len(s.got[tp]) != 100 || s.End(tp) != -1 {
			s.Error("an unassigned partition is read")
		}
		s.assign(0, tp)
		s.reads(201, tp)
	})
}

// The memory of a request that failed is left alone: it is still written to.
func TestConsumerLateAnswers(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 8)
	all := topicOf("a", 8)
	for _, tp := range all {
		for i := range 300 {
			lib.books[tp].append(values(t, fmt.Sprint(i, "."), 10))
		}
	}
	study(t, lib, 1<<20, func(s *student) {
		n := 0
		scribble := make(chan struct{})
		lib.fault = func(int32, *wire.Fetch) (f fetchFault) {
			if n++; n%3 == 0 && n < 60 {
				f.err, f.late = io.ErrUnexpectedEOF, func() { <-scribble }
			}
			return f
		}
		s.assign(0, all...)
		s.reads(500, all...)
		close(scribble)
		s.reads(3000, all...)
		for _, tp := range all {
			s.checkValues(tp, 3000)
		}
		synctest.Wait()
		s.checkMemory()
	})
}

// Close returns at once, while a broker waits; what comes then is dropped.
func TestConsumerCloses(t *testing.T) {
	lib := newLibrary(2)
	lib.topic("a", 4)
	study(t, lib, 0, func(s *student) {
		all := topicOf("a", 4)
		s.assign(0, all...)
		s.rest(time.Second)
		began := time.Now()
		must(s, s.Close())
		must(s, s.Close())
		if time.Since(began) > 0 {
			s.Errorf("it took %s", time.Since(began))
		}
		if _, err := s.Poll(); !errors.Is(err, stream.ErrClosed) {
			s.Error(err)
		}
		if err := s.Assign(all[0], 0); !errors.Is(err, stream.ErrClosed) {
			s.Error(err)
		}
		s.Release(all[0])
		s.Unassign(all[0])
		synctest.Wait()
		if len(lib.open) > 2 { // of the patient lanes, which were under way
			s.Errorf("%d sessions are left", len(lib.open))
		}
	})
}

// When the system is closed Poll says so.
func TestConsumerOfClosedSystem(t *testing.T) {
	lib := newLibrary(1)
	lib.topic("a", 1)
	study(t, lib, 0, func(s *student) {
		s.assign(0, at("a", 0))
		s.rest(time.Second)
		must(s, s.sys.Close())
		if err := s.untilError(); !errors.Is(err, stream.ErrClosed) && !errors.Is(err, context.Canceled) {
			s.Error(err)
		}
	})
}
