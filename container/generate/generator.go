package generate

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/stream"
)

// Slots is how many values a sequence may be ahead of the loop.
const Slots = 256

// A Sequence is the values of a generator. It stores them itself, so that they needn't be
// boxed: value n is in slot n % Slots until the loop has released it.
type Sequence interface {
	// Run runs the sequence. For each value it calls next, which waits for a free slot. If
	// that is negative, the value is skipped; else Run stores the value in it and calls
	// stored. Run returns when next reports false, or when the sequence ends.
	Run(next func() (slot int, ok bool), stored func())
}

// A generator runs one sequence. The goroutine of the sequence and that of the loop share
// the atomics; everything else belongs to the loop.
type generator struct {
	cfg  *Config
	name string
	seq  Sequence

	skip    int64        // values before it were processed already
	yielded int64        // by the sequence; belongs to its goroutine until it is over
	made    atomic.Int64 // values before it are stored, or skipped
	used    atomic.Int64 // values before it are released: their slots are free
	stopped atomic.Bool
	over    atomic.Bool // the sequence has ended, was stopped, or has panicked
	err     error       // of the panic; valid when it is over

	hungry  atomic.Bool   // the loop is to be woken by the next value
	waits   atomic.Bool   // the sequence waits for a slot
	room    chan struct{} // gets a token when there is one
	ended   chan struct{} // gets a token when it is over
	pending int64         // up to which values the loop has; -1: it has none
	next    int64         // number of the value that the loop gets next
	reading bool          // the partition is assigned
	records [Slots]stream.Record
}

// start runs the sequence, and skips its first values.
func (g *generator) start(skip int64) {
	g.skip, g.next, g.pending = skip, skip, -1
	g.made.Store(skip)
	g.used.Store(skip)
	g.room, g.ended = make(chan struct{}, 1), make(chan struct{}, 1)
	g.cfg.Limit.add(g)
	g.cfg.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				g.err = g.cfg.Panicked(v)
			}
			g.over.Store(true)
			g.cfg.Limit.changed()
			signal(g.ended)
			g.cfg.Wake()
		}()
		g.seq.Run(g.slot, g.stored)
	})
}

// slot is the next of [Sequence.Run].
func (g *generator) slot() (int, bool) {
	n := g.yielded
	if g.stopped.Load() {
		return 0, false
	}
	g.yielded++
	if n < g.skip {
		return -1, true
	}
	for !g.free(n) {
		if g.stopped.Load() {
			return 0, false
		}
		g.waits.Store(true)
		if g.free(n) || g.stopped.Load() {
			continue
		}
		g.cfg.Await(context.Background(), time.Second, g.room)
	}
	return int(n % Slots), true
}

// free reports whether value n may be made now.
func (g *generator) free(n int64) bool {
	return n < g.used.Load()+Slots && n < g.cfg.Limit.of(g.name)
}

// stored is that of [Sequence.Run].
func (g *generator) stored() {
	g.made.Store(g.yielded)
	if g.hungry.Load() && g.hungry.Swap(false) {
		g.cfg.Wake()
	}
	g.cfg.Limit.changed()
}

// wakeUp lets the sequence look for a free slot again, if it waits.
func (g *generator) wakeUp() {
	if g.waits.Swap(false) {
		signal(g.room)
	}
}

// chunk returns the values that are there for the loop, if it has none.
func (g *generator) chunk(now int64) (records []stream.Record) {
	if !g.reading || g.pending >= 0 {
		return nil
	}
	g.hungry.Store(true)
	made := g.made.Load()
	if made == g.next {
		return nil
	}
	g.hungry.Store(false)
	first := g.next % Slots
	g.pending = min(made, g.next+Slots-first) // up to the end of the slots
	records = g.records[first : first+g.pending-g.next]
	for i := range records {
		records[i] = stream.Record{Offset: g.next + int64(i), Time: now}
	}
	return records
}

// release frees the slots of the values that the loop has.
func (g *generator) release() {
	if g.pending < 0 {
		return
	}
	g.next, g.pending = g.pending, -1
	g.used.Store(g.next)
	g.wakeUp()
}

// total returns the number of values of a sequence that has ended.
func (g *generator) total() (int64, bool) {
	return g.made.Load(), g.over.Load() && g.err == nil
}

// stop ends the sequence and waits for it. Only the sequence itself can stop what it does
// between two values.
func (g *generator) stop() {
	g.stopped.Store(true)
	for waited := time.Duration(0); !g.over.Load(); waited += patience {
		g.waits.Store(true)
		g.wakeUp()
		g.cfg.Await(context.Background(), patience, g.ended)
		if !g.over.Load() {
			g.cfg.Logger.Warn("waiting for a generator, which can stop only when its sequence comes to its next value or ends", "generator", g.name, "waited", waited+patience)
		}
	}
	g.cfg.Limit.remove(g)
}

// patience is after how long a sequence that doesn't stop is named in the log.
const patience = 5 * time.Second

// signal puts a token into a channel that has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
