package kv

// An evictor is a view that can free memory.
type evictor interface {
	// held returns the bytes that the view has in use.
	held() int64
	// evict evicts a part of the clean entries, the ones that were used least recently. It
	// returns its work, and false if there is nothing that it can evict before a commit.
	evict() (work int, more bool)
	// sweep frees evicted memory, and returns its work, of which it has limit at most.
	sweep(limit int) (work int)
	dropIdle()
}

// Units of work. One is about a tenth of a microsecond.
const (
	stepUnits   = 40_000 // of a step of Trim
	lookWork    = 1      // to look at a window
	evictWork   = 8      // to evict a small table
	chunkWork   = 16     // to free a chunk of items
	slabWork    = 2      // to free a chunk of keys
	slotsWork   = 200    // to clear slotsAtOnce slots
	slotsAtOnce = 32 << 10
)

// Trimming reports that [Budget.Trim] has work left.
func (b *Budget) Trimming() bool { return b.trimming || b.condemned > 0 }

// Trim takes a step of eviction: a few milliseconds of work. It must not be called between
// Prepare and Apply.
func (b *Budget) Trim() {
	work := b.sweep(b.stepWork())
	if b.trimming {
		work = b.evict(work)
		b.sweep(work)
	}
	if b.Used()-b.condemned > b.target()+b.limit()/8 {
		for _, v := range b.views {
			v.dropIdle()
		}
	}
}

func (b *Budget) stepWork() int {
	if b.step > 0 {
		return b.step
	}
	return stepUnits
}

// startTrim makes Trim evict until a quarter of the limit is free for the next commit
// interval.
func (b *Budget) startTrim() { b.trimming = b.used-b.condemned > b.target() }

func (b *Budget) target() int64 { return b.limit() / 4 * 3 }

// sweep frees evicted memory. It returns what it leaves of the work.
func (b *Budget) sweep(work int) int {
	if b.condemned == 0 {
		return work
	}
	for _, v := range b.views {
		if work > 0 {
			work -= v.sweep(work)
		}
	}
	return work
}

// evict evicts from the largest view until that isn't the largest any more, and so on. It
// returns what it leaves of the work.
func (b *Budget) evict(work int) int {
	h := newViewHeap(b.views)
	for work > 0 {
		if b.used-b.condemned <= b.target() || len(h) == 0 {
			b.trimming = false
			return work
		}
		spent, more := h[0].view.evict()
		work -= spent
		h.update(more)
	}
	return work
}

// A viewHeap has the view that holds most on top.
type viewHeap []sizedView

type sizedView struct {
	view evictor
	held int64
}

func newViewHeap(views []evictor) viewHeap {
	h := make(viewHeap, len(views))
	for i, v := range views {
		h[i] = sizedView{v, v.held()}
	}
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
	return h
}

// update is called when the size of the view on top has changed; it isn't kept if there
// is no more to evict from it.
func (h *viewHeap) update(keep bool) {
	old := *h
	if keep {
		old[0].held = old[0].view.held()
	} else {
		last := len(old) - 1
		old[0] = old[last]
		*h = old[:last]
	}
	h.down(0)
}

func (h viewHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].held > h[child].held {
			child++
		}
		if h[i].held >= h[child].held {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
