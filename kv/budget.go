package kv

import "slices"

// DefaultLimit is the limit of a Budget without one.
const DefaultLimit = 64 << 20

// A Budget bounds the memory of the decoded values of all tasks of a container. It
// belongs to the container's goroutine. The zero value is ready, with [DefaultLimit].
//
// Clean entries are evicted after a commit, dirty ones never. So the bound holds if the
// container commits when [Budget.CommitDue] is true, and evicts while [Budget.Trimming] is.
type Budget struct {
	// Limit is in bytes. It may be changed while the budget is in use.
	Limit int64

	used, idle, dirty int64
	condemned         int64 // of used: evicted, but not yet freed
	trimming          bool  // clean entries are to be evicted
	step              int   // the work of a step of Trim; 0 is stepUnits
	views             []evictor
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
// more fits and only a commit makes entries clean that can be evicted.
func (b *Budget) CommitDue() bool {
	return b.dirty > b.limit()/2 || !b.trimming && b.full()
}

// Full reports that nothing more fits until [Budget.Trim] has evicted clean entries, which
// needs no commit.
func (b *Budget) Full() bool { return b.trimming && b.full() }

func (b *Budget) full() bool { return b.Used()-b.condemned > b.limit() }

func (b *Budget) remove(v evictor) {
	b.views = slices.DeleteFunc(b.views, func(o evictor) bool { return o == v })
}
