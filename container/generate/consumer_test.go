package generate_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An emptyLog is a consumer without records.
type emptyLog struct{ stream.Consumer }

func (emptyLog) Poll() ([]stream.Chunk, error) { return nil, nil }
func (emptyLog) Close() error                  { return nil }

// slots is a sequence of numbers.
type slots struct {
	seq     iter.Seq[int64]
	numbers [generate.Slots]int64
	yielded atomic.Int64
	runs    atomic.Int64
}

func (s *slots) Run(next func() (int, bool), stored func()) {
	s.runs.Add(1)
	for n := range s.seq {
		slot, ok := next()
		if !ok {
			return
		}
		s.yielded.Store(n + 1)
		if slot >= 0 {
			s.numbers[slot] = n
			stored()
		}
	}
}

func upTo(end int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for n := int64(0); n < end && yield(n); n++ {
		}
	}
}

// A reading is a consumer with one generator.
type reading struct {
	*generate.Consumer
	t     *testing.T
	seq   *slots
	woken chan struct{}
	mu    sync.Mutex
	said  bytes.Buffer
}

var ticks = stream.TopicPartition{Topic: "generator:ticks"}

func (r *reading) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.Write(b)
}

func read(t *testing.T, seq iter.Seq[int64]) *reading {
	r := &reading{t: t, seq: &slots{seq: seq}, woken: make(chan struct{}, 1)}
	r.Consumer = generate.New(emptyLog{}, generate.Config{
		Now: func() time.Time { return time.UnixMilli(7) },
		Go:  func(f func()) { go f() },
		Await: func(_ context.Context, d time.Duration, ready ...<-chan struct{}) {
			select {
			case <-ready[0]:
			case <-time.After(d):
			}
		},
		Wake: func() {
			select {
			case r.woken <- struct{}{}:
			default:
			}
		},
		Panicked: func(v any) error { return fmt.Errorf("panic: %v", v) },
		Logger:   slog.New(slog.NewTextHandler(r, nil)),
	})
	r.Add(ticks, "ticks", r.seq)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *reading) assign(at int64) {
	r.t.Helper()
	if err := r.Assign(ticks, at); err != nil {
		r.t.Fatal(err)
	}
}

// chunk waits for the next chunk and returns its numbers, which must be those of its offsets.
func (r *reading) chunk() (first int64, numbers []int64) {
	r.t.Helper()
	for {
		chunks, err := r.Poll()
		if err != nil {
			r.t.Fatal(err)
		}
		if len(chunks) == 0 {
			<-r.woken
			continue
		}
		for i := range chunks[0].Records {
			n := r.seq.numbers[chunks[0].Records[i].Offset%generate.Slots]
			if n != chunks[0].Records[i].Offset {
				r.t.Fatalf("value %d is at offset %d", n, chunks[0].Records[i].Offset)
			}
			numbers = append(numbers, n)
		}
		return numbers[0], numbers
	}
}

// take reads up to a number.
func (r *reading) take(from, to int64) {
	r.t.Helper()
	for from < to {
		first, numbers := r.chunk()
		if first != from {
			r.t.Fatalf("got %d, want %d", first, from)
		}
		from += int64(len(numbers))
		r.Release(ticks)
	}
}

// total waits for the end of the sequence.
func (r *reading) total() int64 {
	for {
		if total, ended := r.Total(ticks); ended {
			return total
		}
		<-r.woken
	}
}

func TestConsumer_GivesAllValuesInOrder(t *testing.T) {
	r := read(t, upTo(10_000))
	r.assign(0)
	r.take(0, 10_000)
	if total := r.total(); total != 10_000 {
		t.Errorf("total %d", total)
	}
}

func TestConsumer_SequenceWaitsForTheLoop(t *testing.T) {
	r := read(t, upTo(1<<40))
	r.assign(0)
	r.take(0, 100)
	first, _ := r.chunk() // not released
	for range 100 {
		if n := r.seq.yielded.Load(); n > first+generate.Slots {
			t.Fatalf("the sequence is at %d, and the loop at %d", n, first)
		}
		runtime.Gosched()
	}
}

func TestConsumer_SkipsProcessedValues(t *testing.T) {
	r := read(t, upTo(10_000))
	r.assign(9_000)
	r.take(9_000, 10_000)
}

// A hold unassigns the generator. Values that the loop hasn't processed come again.
func TestConsumer_GoesOnWhereTheLoopIs(t *testing.T) {
	r := read(t, upTo(1<<40))
	r.assign(0)
	r.take(0, 1000)
	first, numbers := r.chunk()
	r.Unassign(ticks)
	if chunks, err := r.Poll(); len(chunks) > 0 || err != nil {
		t.Fatalf("got %v and %v while unassigned", chunks, err)
	}
	at := first + int64(len(numbers))/2
	r.assign(at)
	r.take(at, at+1000)
	if runs := r.seq.runs.Load(); runs != 1 {
		t.Errorf("the sequence ran %d times", runs)
	}
	r.assign(5)
	r.take(5, 1000)
	if runs := r.seq.runs.Load(); runs != 2 {
		t.Errorf("the sequence ran %d times", runs)
	}
}

func TestConsumer_PanicComesAfterTheValues(t *testing.T) {
	r := read(t, func(yield func(int64) bool) {
		if yield(0) && yield(1) {
			panic("no more")
		}
	})
	r.assign(0)
	r.take(0, 2)
	for {
		if _, err := r.Poll(); err != nil {
			if want := "generator ticks, after 2 values: panic: no more"; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			return
		}
		<-r.woken
	}
}

func TestConsumer_WarnsOfShorterSequence(t *testing.T) {
	r := read(t, upTo(5))
	r.assign(8)
	if total := r.total(); total != 8 {
		t.Errorf("total %d: the run would never end", total)
	}
	for range 2 {
		if _, err := r.Poll(); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(r.said.String(), "fewer values than were processed before"); n != 1 || !strings.Contains(r.said.String(), "values=5 processed=8") {
		t.Errorf("the log has it %d times: %s", n, r.said.String())
	}
}

func TestLimit_AwaitsWhatIsAllowed(t *testing.T) {
	r := read(t, upTo(1<<40))
	limit := generate.NewLimit()
	limited := generate.New(emptyLog{}, generate.Config{
		Now: time.Now, Go: func(f func()) { go f() }, Wake: func() {}, Limit: limit, Logger: slog.New(slog.DiscardHandler),
		Await:    func(_ context.Context, _ time.Duration, ready ...<-chan struct{}) { <-ready[0] },
		Panicked: func(v any) error { return fmt.Errorf("panic: %v", v) },
	})
	limited.Add(ticks, "ticks", r.seq)
	if err := limited.Assign(ticks, 0); err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, n := range []int64{3, 0, 2} {
		limit.Allow("ticks", n)
		limit.Await()
		chunks, err := limited.Poll()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			got = append(got, int64(len(c.Records)))
			limited.Release(ticks)
		}
	}
	if want := []int64{3, 2}; !slices.Equal(got, want) {
		t.Errorf("got chunks of %v, want %v", got, want)
	}
	if err := limited.Close(); err != nil {
		t.Error(err)
	}
}
