package memory

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/internal/order"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// entryOverhead is how many bytes an entry takes besides its key and value: two slice
// headers, and a share of the free places of its block.
const entryOverhead = 64

// An Engine opens databases in memory.
type Engine struct {
	limit int64
	used  atomic.Int64 // by all databases
}

// New returns an engine whose databases may take limit bytes together. A Write beyond
// that fails with [kv.ErrMemoryBudget]. Zero means no limit.
func New(limit int64) *Engine { return &Engine{limit: limit} }

// Name returns "memory".
func (e *Engine) Name() string { return "memory" }

// Durable returns false.
func (e *Engine) Durable() bool { return false }

// Open returns an empty database. The directory isn't touched.
func (e *Engine) Open(_ string, stores []string) (kv.Database, error) {
	d := &database{engine: e, stores: make([]store, len(stores))}
	for i := range stores {
		d.families = append(d.families, uint32(i+1))
	}
	return d, nil
}

// Remove does nothing: a closed database is gone.
func (e *Engine) Remove(string) error { return nil }

// Close does nothing.
func (e *Engine) Close() error { return nil }

// A database is changed under its lock, because of its readers. Its own goroutine reads
// it without the lock.
type database struct {
	engine   *Engine
	families []uint32
	meta     []byte

	mu     sync.RWMutex
	stores []store
	closed bool
}

type store struct {
	order.Map[[]byte]
	used int64
}

// used is what all stores take.
func (d *database) used() (n int64) {
	for i := range d.stores {
		n += d.stores[i].used
	}
	return n
}

func (d *database) NewBatch() *kv.Batch { return kv.NewBatch(d.families) }

func (d *database) Get(store int, key []byte) ([]byte, bool, error) {
	if d.closed {
		return nil, false, stream.ErrClosed
	}
	v, found := d.stores[store].Get(key)
	if !found {
		return nil, false, nil
	}
	return *v, true, nil
}

func (d *database) Meta() ([]byte, error) {
	if d.closed {
		return nil, stream.ErrClosed
	}
	return d.meta, nil
}

func (d *database) Flush() error {
	if d.closed {
		return stream.ErrClosed
	}
	return nil
}

// Properties returns nothing: Stats has all figures.
func (d *database) Properties(int) []metrics.Property { return nil }

func (d *database) Stats() kv.Stats {
	var s kv.Stats
	for i := range d.stores {
		s.Add(d.stores[i].stats())
	}
	return s
}

func (s *store) stats() kv.Stats { return kv.Stats{MemoryBytes: s.used, Keys: int64(s.Len())} }

func (d *database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.engine.used.Add(-d.used())
	d.stores, d.meta, d.closed = nil, nil, true
	return nil
}

// Write reads the batch twice, so that a batch that can't be applied changes nothing.
func (d *database) Write(b *kv.Batch) error {
	if d.closed {
		return stream.ErrClosed
	}
	growth, err := d.growth(b.Encoded())
	if err != nil {
		return err
	}
	if limit := d.engine.limit; limit > 0 && d.engine.used.Load()+growth > limit {
		return fmt.Errorf("%w: %d bytes are in use, %d more are needed, %d is the limit",
			kv.ErrMemoryBudget, d.engine.used.Load(), growth, limit)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.used()
	err = kv.ReadBatch(b.Encoded(), d.apply)
	d.engine.used.Add(d.used() - before)
	return err
}

// growth returns how many bytes a batch adds at most. It doesn't subtract what ranges
// delete, which would have to be looked up.
func (d *database) growth(batch []byte) (n int64, err error) {
	err = kv.ReadBatch(batch, func(kind kv.OpKind, family uint32, key, value []byte) error {
		if family > uint32(len(d.stores)) || (family == 0) != (kind == kv.OpMeta) {
			return fmt.Errorf("write batch names family %d of %d", family, len(d.stores))
		}
		switch kind {
		case kv.OpPut:
			if old, found := d.stores[family-1].Get(key); found {
				n += int64(len(value) - len(*old))
			} else {
				n += size(key, value)
			}
		case kv.OpDelete:
			if old, found := d.stores[family-1].Get(key); found {
				n -= size(key, *old)
			}
		}
		return nil
	})
	return n, err
}

func size(key, value []byte) int64 { return int64(len(key)+len(value)) + entryOverhead }

func (d *database) apply(kind kv.OpKind, family uint32, a, b []byte) error {
	if kind == kv.OpMeta {
		d.meta = append([]byte{}, b...)
		return nil
	}
	s := &d.stores[family-1]
	switch kind {
	case kv.OpPut:
		s.put(a, b)
	case kv.OpDelete:
		if old, found := s.Delete(a); found {
			s.used -= size(a, old)
		}
	case kv.OpDeleteRange:
		s.DeleteRange(a, b, func(key, old []byte) { s.used -= size(key, old) })
	}
	return nil
}

// put copies what it keeps. A value that fits is overwritten in place, so that counting
// allocates nothing.
func (s *store) put(key, value []byte) {
	old, found := s.Get(key)
	if !found {
		kept := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
		s.Set(kept[:len(key):len(key)], kept[len(key):])
		s.used += size(key, value)
		return
	}
	s.used += int64(len(value) - len(*old))
	*old = append((*old)[:0], value...)
}
