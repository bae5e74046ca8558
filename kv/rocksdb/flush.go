//go:build rocksdb

package rocksdb

import (
	"fmt"
	"sync"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/stream"
)

// buffers bounds the memtables of all databases together; this RocksDB's C API has
// no write buffer manager.
type buffers struct {
	limit int64

	mu    sync.Mutex
	all   map[*buffer]struct{}
	total int64 // of all
}

// A buffer is what one database has in memtables that aren't being flushed.
type buffer struct{ bytes int64 }

func (b *buffers) add() *buffer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[*buffer]struct{}{}
	}
	one := &buffer{}
	b.all[one] = struct{}{}
	return one
}

func (b *buffers) remove(one *buffer) {
	if one == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total -= one.bytes
	delete(b.all, one)
}

// update notes the size of a database's buffer. It tells whether that database
// should flush: much is unflushed, and it has its share of it or more, or else a
// part would never be large enough to be worth a file.
func (b *buffers) update(one *buffer, bytes int64) (flush bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total += bytes - one.bytes
	one.bytes = bytes
	return b.total > b.limit/4 && one.bytes >= b.total/int64(len(b.all))
}

// flush is a flush in the background, at most one at a time.
type flush struct {
	done chan struct{} // closed at its end; nil if none was started since reap
}

// manyRanges is how many ranges are deleted before a flush: each read of a memtable
// looks at all that are in it.
const manyRanges = 128

func (d *database) flushIfDue() {
	bytes := d.sum("rocksdb.cur-size-active-mem-table") - int64(len(d.handles))*arenaBlock
	due := d.engine.buffers.update(d.buffer, max(bytes, 0))
	// What was loaded is durable, and the meta record shall be as soon, so that a
	// restore that is killed needn't be done again.
	if !due && !d.loaded && d.dropped.unflushed() < manyRanges {
		return
	}
	if d.flush.done != nil {
		// The former one is still writing as much: to go on would let memory grow.
		<-d.flush.done
	}
	d.startFlush()
}

func (d *database) Flush() error {
	if d.closed {
		return stream.ErrClosed
	}
	d.reap()
	if d.flush.done == nil {
		d.startFlush()
	}
	return nil
}

func (d *database) startFlush() {
	d.reap()
	d.dropped.seal()
	d.loaded = false
	done := make(chan struct{})
	d.flush.done = done
	go func() {
		defer close(done)
		d.flushFamilies()
	}()
}

// flushFamilies flushes all column families atomically, and waits. What is called
// flush in the C API flushes only the one that it names, which tears the stores
// from the meta record; a compaction flushes all of them first, and that of the
// meta record's family has nothing else to do. A failure is told by the next
// write.
func (d *database) flushFamilies() {
	o := grocksdb.NewCompactRangeOptions()
	defer o.Destroy()
	o.SetExclusiveManualCompaction(false)
	d.db.CompactRangeCFOpt(d.handles[0], grocksdb.Range{}, o)
}

// reap ends a flush that is done: what was deleted before it is safely so, and
// files that hold nothing else can go.
func (d *database) reap() {
	if d.flush.done == nil {
		return
	}
	select {
	case <-d.flush.done:
	default:
		return
	}
	d.flush.done = nil
	for _, r := range d.dropped.take() {
		limit := before(r.To)
		if len(limit) == 0 {
			continue // RocksDB would take it for no limit, and delete every file
		}
		// Only space is at stake: compaction would free it too.
		_ = d.db.DeleteFileInRangeCF(d.handles[r.Store+1], grocksdb.Range{Start: r.From, Limit: limit})
	}
}

// flushAll flushes and waits, before Close.
func (d *database) flushAll() error {
	if d.flush.done != nil {
		<-d.flush.done
	}
	d.flushFamilies()
	left := d.sum("rocksdb.num-entries-active-mem-table") + d.sum("rocksdb.num-entries-imm-mem-tables")
	if left > 0 {
		return d.failed("closing", fmt.Errorf("%d entries couldn't be written to disk; they are replayed from the changelog at the next start", left))
	}
	return nil
}
