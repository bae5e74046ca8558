package api

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

const kindWindow scheduler.Kind = "window"

// foldWindow records a window. step makes the next value of the last one and the
// record; existed is false for the first record of a window and key.
func foldWindow[K comparable, M, A any](w WindowedStream[K, M], how string, step func(a A, m M, existed bool) A) KeyedStream[K, Pane[K, A]] {
	app := w.stream.app
	for _, n := range app.nodes {
		if n.Kind == kindWindow && n.Name == w.name {
			app.mistake(caller(), fmt.Errorf("window %q: %w", w.name, errTwice))
		}
	}
	keys, keyName := app.serdes.For[K]()
	values, valueName := app.serdes.For[A]()
	n := w.stream.chained(kindWindow, w.name)
	n.At = w.at
	n.Stores = []scheduler.StoreSpec{{
		Layout: layout.NameWindows, Params: map[string]string{layout.ParamSize: w.window.size.String()},
		Key: keyName, Value: valueName, KeyShape: shapeOf(keys, keyName), ValueShape: shapeOf(values, valueName),
	}}
	n.Params = w.window.params(how)
	id := record[Pane[K, A]](app, node{
		Node: n,
		attach: func(b *builder, down any) (any, error) {
			store, err := b.task.Store(b.id, 0)
			if err != nil {
				return nil, err
			}
			op := &windowOperator[K, M, A]{
				task: b.task, scope: b.scope, id: b.id, keys: keys, step: step, down: down.(push[Pane[K, A]]),
				size: w.window.size.Milliseconds(), grace: w.window.grace.Milliseconds(), counts: b.task.Counts(w.name),
				reached: stream.NoTime, endedStart: stream.NoTime,
			}
			panes := paneSerde[A]{append: serde.Appender(values), parse: serde.Parser(values)}
			if op.windows, err = kv.NewWindows(b.task.State, store, panes); err != nil {
				return nil, err
			}
			b.addOperator(op)
			return push[M](op.push), nil
		},
	})
	return KeyedStream[K, Pane[K, A]]{Stream: Stream[Pane[K, A]]{app, id}}
}

// A windowOperator keeps one value for each window and key, and sends it on
// when the watermark has passed the window's end and grace.
type windowOperator[K comparable, M, A any] struct {
	task    *container.Task
	scope   *scope
	id      int
	keys    serde.Serde[K]
	step    func(A, M, bool) A
	down    push[Pane[K, A]]
	windows *kv.Windows[openPane[A]]
	counts  *metrics.Operator

	size, grace int64 // ms
	input       func() int64
	reached     int64 // the highest watermark of the input so far

	lastKey    []byte   // the last key that emit has come to
	closing    [][]byte // the keys of the panes that it has sent
	endedStart int64    // end has closed the windows before this one, and this one up to lastKey
}

// An openPane is the value of one window and key. One that has been written at
// the end of a bounded run, before its time, stays as closed until that time
// comes, so that a later run knows what is late.
type openPane[A any] struct {
	value  A
	closed bool
}

// closeChunk is how many panes are written in one piece of work, so that closing
// a huge window lets a commit come between.
const closeChunk = 4096

func (w *windowOperator[K, M, A]) push(m M) error {
	w.scope.operator = w.id
	start := windowStart(w.scope.time, w.size)
	if start+w.size+w.grace <= w.now() {
		w.counts.Late++
		return nil
	}
	v, existed, err := w.windows.Upsert(start, w.scope.key)
	if err != nil {
		return err
	}
	if v.closed {
		w.counts.Late++
		return nil
	}
	w.task.Changed()
	v.value = w.step(v.value, m, existed)
	return nil
}

// windowStart is the beginning of the window that a time is in, for times before
// 1970 too.
func windowStart(at, size int64) int64 {
	start := at - at%size
	if start > at {
		start -= size
	}
	return start
}

// now is the watermark of the input. It never goes back, whatever input becomes
// active again, or the windows that are closed would be opened once more.
func (w *windowOperator[K, M, A]) now() int64 {
	if in := w.input(); in != container.IdleTime && in > w.reached {
		w.reached = in
	}
	return w.reached
}

func (w *windowOperator[K, M, A]) setInput(f func() int64) { w.input = f }
func (w *windowOperator[K, M, A]) mark() int64             { return w.now() }
func (w *windowOperator[K, M, A]) setMark(ms int64)        { w.reached = ms }

// watermark is behind the input's by the grace, and by what is due but not yet
// written. A pane's event time is the last millisecond of its window.
func (w *windowOperator[K, M, A]) watermark() int64 {
	if w.input() == container.IdleTime && len(w.windows.Starts()) == 0 {
		return container.IdleTime
	}
	at := w.now()
	if at == stream.NoTime {
		return at
	}
	at -= w.grace
	if starts := w.windows.Starts(); len(starts) > 0 {
		at = min(at, starts[0]+w.size-1)
	}
	return at
}

func (w *windowOperator[K, M, A]) due() int64 {
	starts := w.windows.Starts()
	if len(starts) == 0 {
		return container.IdleTime
	}
	return starts[0] + w.size + w.grace
}

// advance closes the windows whose time has come, oldest first.
func (w *windowOperator[K, M, A]) advance() (bool, error) {
	for w.due() <= w.now() {
		start := w.windows.Starts()[0]
		whole, err := w.emit(start, nil)
		if err != nil {
			return false, err
		}
		if !whole {
			return true, w.windows.Drop(start, w.lastKey)
		}
		if err := w.windows.Drop(start, nil); err != nil {
			return false, err
		}
	}
	return false, nil
}

// end writes what is open, without waiting for its time, and leaves it as
// closed.
func (w *windowOperator[K, M, A]) end() (bool, error) {
	for _, start := range w.windows.Starts() {
		var after []byte
		switch {
		case start < w.endedStart:
			continue
		case start == w.endedStart:
			after = w.lastKey
		}
		whole, err := w.emit(start, after)
		if err != nil {
			return false, err
		}
		if err := w.markClosed(start); err != nil {
			return false, err
		}
		w.endedStart = start
		if !whole {
			return true, nil
		}
	}
	return false, nil
}

// markClosed turns what emit has just written into marks.
func (w *windowOperator[K, M, A]) markClosed(start int64) error {
	for _, key := range w.closing {
		v, _, err := w.windows.Upsert(start, key)
		if err != nil {
			return err
		}
		*v = openPane[A]{closed: true}
	}
	return nil
}

// emit sends the panes of a window after a key on, up to a chunk of them, in the
// order of their keys. It tells whether that was all. lastKey is the last one's
// key, closing the keys of all.
func (w *windowOperator[K, M, A]) emit(start int64, after []byte) (whole bool, err error) {
	whole = true
	n := 0
	w.closing = w.closing[:0]
	err = w.windows.Ascend(start, after, func(key []byte, v *openPane[A]) (bool, error) {
		if n == closeChunk {
			whole = false
			return false, nil
		}
		n++
		w.lastKey = append(w.lastKey[:0], key...)
		if v.closed {
			return true, nil
		}
		w.closing = append(w.closing, append([]byte(nil), key...))
		return true, w.send(start, key, v.value)
	})
	return whole, err
}

// send passes one final pane on. Its event time is the last one in its window,
// so that it falls into the same window when it is windowed again.
func (w *windowOperator[K, M, A]) send(start int64, key []byte, value A) error {
	k, err := w.keys.Parse(key)
	if err != nil {
		return keyError(key, err)
	}
	w.task.Changed()
	w.scope.operator = w.id
	w.scope.key, w.scope.time, w.scope.partition = key, start+w.size-1, w.task.ID
	return w.down(Pane[K, A]{
		Key: k, Start: time.UnixMilli(start).UTC(), End: time.UnixMilli(start + w.size).UTC(), Value: value, Timing: Final,
	})
}

// paneSerde is how an openPane is stored: a byte that says whether it is closed,
// and the value if it isn't.
type paneSerde[A any] struct {
	append func([]byte, *A) ([]byte, error)
	parse  func([]byte, *A) error
}

func (s paneSerde[A]) Append(dst []byte, p openPane[A]) ([]byte, error) {
	return s.AppendFrom(dst, &p)
}

func (s paneSerde[A]) AppendFrom(dst []byte, p *openPane[A]) ([]byte, error) {
	if p.closed {
		return append(dst, 1), nil
	}
	return s.append(append(dst, 0), &p.value)
}

func (s paneSerde[A]) Parse(src []byte) (p openPane[A], err error) {
	err = s.ParseInto(src, &p)
	return p, err
}

func (s paneSerde[A]) ParseInto(src []byte, p *openPane[A]) error {
	if len(src) == 0 {
		return fmt.Errorf("a stored window value is empty")
	}
	if src[0] == 1 {
		p.closed = true
		return nil
	}
	return s.parse(src[1:], &p.value)
}
