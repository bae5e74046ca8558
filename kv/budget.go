package kv

import "slices"

// DefaultLimit is the limit of a Budget without one.
const DefaultLimit = 64 << 20

// A Budget bounds the memory of the decoded values of all tasks of a container. It
// belongs to the container's goroutine. The zero value is ready, with [DefaultLimit].
//
// Clean entries are evicted at a commit ([State.Apply]), dirty ones never. So the bound
// holds if the container commits when [Budget.CommitDue] is true.
type Budget struct {
	// Limit is in bytes. It may be changed while the budget is in use.
	Limit int64

	used, idle, dirty int64
	views             []evictor
}

// An evictor is a view that can free memory.
type evictor interface {
	// evictable returns how many bytes evict can free; evict frees a part of them.
	evictable() int64
	evict()
	// age makes the young generation of each cache larger than share the old one.
	age(share int64)
	dropIdle()
}

func (b *Budget) limit() int64 {
	if b.Limit > 0 {
		return b.Limit
	}
	return DefaultLimit
}

// Used returns the bytes in use and those kept for reuse.
func (b *Budget) Used() int64 { return b.used + b.idle }

// Dirty returns the bytes of entries that the next commit will write.
func (b *Budget) Dirty() int64 { return b.dirty }

// CommitDue reports that the container should commit now: too much is dirty, or nothing
// more fits until clean entries are evicted.
func (b *Budget) CommitDue() bool {
	return b.dirty > b.limit()/2 || b.Used() > b.limit()
}

// trim evicts until a quarter of the limit is free for the next commit interval.
func (b *Budget) trim() {
	target := b.limit() / 4 * 3
	if b.used > b.limit()/2 {
		for _, v := range b.views {
			v.age(b.limit() / 8)
		}
	}
	for b.used > target {
		v := b.largest()
		if v == nil {
			break
		}
		v.evict()
	}
	if b.Used() > target+b.limit()/8 {
		for _, v := range b.views {
			v.dropIdle()
		}
	}
}

// largest returns the view that can free the most.
func (b *Budget) largest() (largest evictor) {
	var most int64
	for _, v := range b.views {
		if n := v.evictable(); n > most {
			largest, most = v, n
		}
	}
	return largest
}

func (b *Budget) remove(v evictor) {
	b.views = slices.DeleteFunc(b.views, func(o evictor) bool { return o == v })
}
