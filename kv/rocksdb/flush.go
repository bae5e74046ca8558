//go:build rocksdb

package rocksdb

import (
	"fmt"
	"sync"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/stream"
)

// buffers bounds the memtables of all databases together: the C API of this RocksDB has no
// write buffer manager.
type buffers struct {
	limit int64

	mu    sync.Mutex
	all   map[*buffer]struct{}
	total int64 // of all
}

// A buffer is the size of one database's memtables that aren't being flushed.
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

// update sets the size of a database's buffer. It reports whether that database should
// flush: because much is unflushed, and it has at least its share of it. (A smaller part
// isn't worth a file.)
func (b *buffers) update(one *buffer, bytes int64) (flush bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total += bytes - one.bytes
	one.bytes = bytes
	return b.total > b.limit/4 && one.bytes >= b.total/int64(len(b.all))
}

// A flush is one in the background. A database has one at a time.
type flush struct {
	done chan struct{} // closed at its end; nil if none was started since reap
}

// manyRanges is how many ranges are deleted before a flush: each read of a memtable looks
// at all of its deleted ranges.
const manyRanges = 128

func (d *database) flushIfDue() {
	bytes := d.sum("rocksdb.cur-size-active-mem-table") - int64(len(d.handles))*arenaBlock
	due := d.engine.buffers.update(d.buffer, max(bytes, 0))
	// Loaded files are durable. The meta record should be as soon, so that a killed
	// restore needn't start again.
	if !due && !d.loaded && d.dropped.unflushed() < manyRanges {
		return
	}
	if d.flush.done != nil {
		// The last flush is still writing as much: continuing would let memory grow.
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

// flushFamilies flushes all column families atomically, and waits. The C API's flush
// flushes one family, which would tear the stores from the meta record. A compaction
// flushes all families first, and that of the meta record's family has nothing else to
// do. The next write returns the error of a failed flush.
func (d *database) flushFamilies() {
	o := grocksdb.NewCompactRangeOptions()
	defer o.Destroy()
	o.SetExclusiveManualCompaction(false)
	d.db.CompactRangeCFOpt(d.handles[0], grocksdb.Range{}, o)
}

// reap ends a finished flush: the deletions before it are durable, and files with nothing
// else can be deleted.
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
			continue // RocksDB would take it as no limit, and delete every file
		}
		// An error costs space only: compaction frees it, too.
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
