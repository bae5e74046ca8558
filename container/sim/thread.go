package sim

import (
	"iter"
	"slices"
	"time"
)

// A thread is a goroutine of a simulated process, as a coroutine: it runs when the
// world says so, until it waits.
type thread struct {
	world   *World
	process *Process
	resume  func() (struct{}, bool)
	abandon func()
	yield   func(struct{}) bool

	until func() bool // whether what it waits for has come; nil: it waits for time alone
	wake  time.Time   // when it stops waiting anyhow; zero: never
	ready bool        // as of this step
}

// killed unwinds the stack of a thread whose process is dead.
type killed struct{}

// start makes a thread, which will have its first turn later.
func (w *World) start(p *Process, f func()) {
	t := &thread{world: w, process: p, until: always}
	t.resume, t.abandon = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if v := recover(); v != nil && v != (killed{}) {
				panic(v)
			}
		}()
		t.yield = yield
		f()
	})
	w.threads = append(w.threads, t)
}

func always() bool { return true }

// canRun tells whether the thread may have the next turn.
func (t *thread) canRun() bool {
	if t.frozen() {
		return false
	}
	return t.until != nil && t.until() || !t.wake.IsZero() && !t.wake.After(t.world.now)
}

func (t *thread) frozen() bool { return t.process != nil && t.process.paused }

// run gives the thread a turn.
func (t *thread) run() {
	w := t.world
	w.running = t
	_, alive := t.resume()
	w.running = nil
	if !alive {
		w.threads = slices.DeleteFunc(w.threads, func(o *thread) bool { return o == t })
	}
}

// abandon ends threads where they wait, and those that they start as they end.
func (w *World) abandon(which func(*thread) bool) {
	for {
		i := slices.IndexFunc(w.threads, which)
		if i < 0 {
			break
		}
		t := w.threads[i]
		w.threads = slices.Delete(w.threads, i, i+1)
		w.running = t
		t.abandon()
	}
	w.running = nil
}

// wait ends the turn of the thread that runs, until something has come, or d has
// passed; d of 0 is for ever. It doesn't return if the process is killed
// meanwhile.
func (w *World) wait(d time.Duration, until func() bool) {
	t := w.running
	t.until, t.wake = until, time.Time{}
	if d > 0 {
		t.wake = w.now.Add(d)
	}
	if !t.yield(struct{}{}) {
		panic(killed{})
	}
}

// closed tells whether a channel is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
