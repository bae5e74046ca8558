package sim

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// A World is the clock, the chance and the turns of a simulation. Everything that
// happens in it happens in one goroutine at a time, in an order that the seed
// alone decides: a thread runs until it waits, then the world chooses who is next.
type World struct {
	now     time.Time
	chance  *rand.Rand
	threads []*thread // that have not ended, as they were started
	events  events
	planned int64 // how many events there were, ever
	running *thread
}

// NewWorld makes a world in which nothing happens yet.
func NewWorld(seed uint64) *World {
	return &World{now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), chance: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

// Now is the true time. Processes may see another one.
func (w *World) Now() time.Time { return w.now }

// An event happens at a time, in no thread.
type event struct {
	at     time.Time
	number int64 // the order in which they were planned
	do     func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return x
}

// After plans something.
func (w *World) After(d time.Duration, do func()) {
	w.planned++
	heap.Push(&w.events, event{w.now.Add(d), w.planned, do})
}

// Step lets one thing happen, or time pass until something can. It is false if
// nothing ever will.
func (w *World) Step() bool {
	ready := 0
	for _, t := range w.threads {
		t.ready = t.canRun()
		if t.ready {
			ready++
		}
	}
	due := len(w.events) > 0 && !w.events[0].at.After(w.now)
	switch {
	case due && (ready == 0 || w.chance.IntN(ready+1) == 0):
		heap.Pop(&w.events).(event).do()
	case ready > 0:
		w.pick(w.chance.IntN(ready)).run()
	default:
		return w.pass()
	}
	return true
}

func (w *World) pick(n int) *thread {
	for _, t := range w.threads {
		if !t.ready {
			continue
		}
		if n == 0 {
			return t
		}
		n--
	}
	panic("sim: a thread less than counted")
}

// pass moves the clock to where something can happen.
func (w *World) pass() bool {
	var next time.Time
	if len(w.events) > 0 {
		next = w.events[0].at
	}
	for _, t := range w.threads {
		if !t.wake.IsZero() && !t.frozen() && (next.IsZero() || t.wake.Before(next)) {
			next = t.wake
		}
	}
	if next.IsZero() {
		return false
	}
	w.now = next
	return true
}

// Within draws a duration up to d.
func (w *World) Within(d time.Duration) time.Duration {
	return time.Duration(w.chance.Int64N(int64(d)) + 1)
}

// Often draws whether something happens that happens in one of n cases; never if n
// is 0.
func (w *World) Often(n int) bool { return n > 0 && w.chance.IntN(n) == 0 }
