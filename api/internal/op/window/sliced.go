package window

import (
	"errors"
	"math"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/stream"
)

// Stores of sliced windows besides that of the slices.
const (
	endedStore   = "ended"   // the panes that were sent at the end of a bounded run
	closingStore = "closing" // how far the window is closed that a commit came in the middle of
)

// sliced are hopping windows that keep one value for each slice and key. A slice is as long as
// the interval, so that each window is a number of slices, which are merged when it closes.
// A record changes one value, however many windows it is in.
type sliced[K comparable, M, A, R, P any] struct {
	panes[K, M, A, R, P]
	size, every int64 // ms
	ended       *kv.Windows[layout.Pane[int64]]
	closing     *kv.Values[closing]

	next      int64 // windows that start before are closed
	partly    bool  // the one at next is closed up to lastKey
	resumed   bool  // next is known
	noted     []byte
	merged    merged[A]
	endAt     int64 // End has sent the windows that start before
	endPartly bool  // it has sent the one at endAt up to lastKey
}

// closing is how far windows are closed: those that start before, and the one at Start up to
// the entry's key, if Partly.
type closing struct {
	Start  int64 `json:"start"`
	Partly bool  `json:"partly"`
}

// slices reports whether windows are kept in slices.
func (r *recording[K, M, A, R, P]) slices() bool {
	s := &r.spec
	return s.Kind == Hopping && r.agg.Merges && s.plain() && s.Every > 0 && s.Size > s.Every && s.Size%s.Every == 0
}

// addSlices adds the stores of sliced windows.
func (r *recording[K, M, A, R, P]) addSlices() {
	r.addStore("", layout.NameWindows, layout.NewGrid(r.spec.Every, r.spec.Every).Params())
	ended := op.StoreSpec(r.p, r.spec.Name, endedStore, layout.NameWindows, r.keys, op.CodingOf[int64](r.p, nil))
	ended.Params = r.spec.grid().Params()
	r.numbers[endedStore] = len(r.stores)
	r.numbers[closingStore] = len(r.stores) + 1
	r.stores = append(r.stores, ended, op.StoreSpec(r.p, r.spec.Name, closingStore, layout.NameValues, r.keys, op.CodingOf[closing](r.p, nil)))
}

func (r *recording[K, M, A, R, P]) buildSliced(b *flow.Builder) (flow.Operator, error) {
	panes, err := r.panes(b)
	if err != nil {
		return nil, err
	}
	marks, errMarks := op.StoredOf(b, r.numbers[endedStore], op.CodingOf[int64](r.p, nil))
	progress, errProgress := op.StoredOf(b, r.numbers[closingStore], op.CodingOf[closing](r.p, nil))
	if err := errors.Join(errMarks, errProgress); err != nil {
		return nil, err
	}
	s := &sliced[K, M, A, R, P]{
		panes: panes, size: r.spec.Size.Milliseconds(), every: r.spec.Every.Milliseconds(),
		closing: kv.NewValues(b.Task.State, b.Store(r.numbers[closingStore]), progress),
		next:    math.MinInt64, endAt: math.MinInt64,
	}
	s.deliver = s.sendOut
	if s.ended, err = layout.NewWindows(b.Task.State, b.Store(r.numbers[endedStore]), marks); err != nil {
		return nil, err
	}
	flow.Take(b, "", s.push)
	return s, s.open()
}

// open finds how far a window was closed at the last commit.
func (s *sliced[K, M, A, R, P]) open() error {
	return s.closing.Range(nil, nil, func(key []byte, c *closing) (bool, error) {
		s.next, s.partly, s.resumed = c.Start, c.Partly, true
		s.lastKey, s.noted = append(s.lastKey[:0], key...), append([]byte{}, key...)
		return false, nil
	})
}

// resume finds which windows were closed at the last commit: those that were due by then, unless
// open has found more. It is called before anything else looks at the event time, which goes on.
func (s *sliced[K, M, A, R, P]) resume() {
	if s.resumed {
		return
	}
	s.resumed = true
	if reached := s.time.Reached(); reached != stream.NoTime {
		s.next = layout.WindowStart(reached-s.size-s.grace, s.every) + s.every
	}
}

// pass leaves windows behind that the watermark has passed while they had no slice: a late record
// of one of their slices doesn't open them.
func (s *sliced[K, M, A, R, P]) pass() {
	s.resume()
	now := s.time.Now()
	if now == stream.NoTime {
		return
	}
	if next := layout.WindowStart(now-s.size-s.grace, s.every) + s.every; next > s.next && s.Due() > now {
		s.next = next
	}
}

// BeforeCommit notes how far windows are closed, if more of them are due.
func (s *sliced[K, M, A, R, P]) BeforeCommit() error {
	if s.noted != nil {
		if err := s.closing.Delete(s.noted); err != nil {
			return err
		}
		s.noted = nil
	}
	if s.Due() > s.time.Now() {
		return nil
	}
	key := s.lastKey
	if !s.partly {
		slice, _ := s.windows.First()
		key = nil
		err := s.windows.Ascend(slice, nil, func(first []byte, _ *layout.Pane[A]) (bool, error) {
			key = append([]byte{}, first...)
			return false, nil
		})
		if err != nil || key == nil {
			return err
		}
	}
	c, _, err := s.closing.Upsert(key)
	if err != nil {
		return err
	}
	*c = closing{s.next, s.partly}
	s.noted = append([]byte{}, key...)
	return nil
}

func (s *sliced[K, M, A, R, P]) push(m M) error {
	s.scope.Operator = s.id
	s.pass()
	slice := layout.WindowStart(s.scope.Time, s.every)
	if slice+s.size+s.grace <= s.time.Now() {
		return s.tooLate(m)
	}
	if _, some := s.ended.First(); some {
		if all, err := s.allEnded(slice); all || err != nil {
			if err != nil {
				return err
			}
			return s.tooLate(m)
		}
	}
	s.added = Added{Key: s.scope.Key, Time: s.scope.Time, From: slice, To: slice + s.every, First: true, At: slice, Until: slice + 1}
	_, err := s.keep(slice, m)
	return err
}

// allEnded reports whether all windows of the record that aren't closed were sent at the end
// of a bounded run.
func (s *sliced[K, M, A, R, P]) allEnded(slice int64) (bool, error) {
	for start := slice; start > slice-s.size && start+s.size+s.grace > s.time.Now(); start -= s.every {
		if _, found, err := s.ended.Get(start, s.scope.Key); err != nil || !found {
			return false, err
		}
	}
	return true, nil
}

// first returns the first window that is open and has a slice.
func (s *sliced[K, M, A, R, P]) first() (start int64, found bool) {
	s.resume()
	slice, found := s.windows.First()
	if !found {
		return 0, false
	}
	return max(s.next, slice-s.size+s.every), true
}

// Watermark is behind the inputs by the grace, and by what is due and not yet sent.
func (s *sliced[K, M, A, R, P]) Watermark() int64 {
	pending := int64(loop.IdleTime)
	if start, found := s.first(); found {
		pending = start + s.size - 1
	}
	return s.time.Behind(s.grace, pending)
}

// Due is when the first window closes.
func (s *sliced[K, M, A, R, P]) Due() int64 {
	start, found := s.first()
	if !found {
		return loop.IdleTime
	}
	return start + s.size + s.grace
}
