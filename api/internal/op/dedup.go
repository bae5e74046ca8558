package op

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// Dedup records an operator that drops the records of a key whose id a record
// before had, less than ttl ago in event time.
func Dedup[K comparable, M any, D comparable](p *flow.Pipeline, from scheduler.Edge, name string, id func(M) D, ttl time.Duration) scheduler.Edge {
	p.Named(name, "operator")
	if ttl < time.Millisecond {
		p.Mistake("operator %q: the ttl %v is shorter than a millisecond", name, ttl)
	}
	what := fmt.Sprintf("operator %q", name)
	keys, ids := keysOf[K](p, what), keysOf[D](p, what)
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "dedup", Name: name, From: []scheduler.Edge{from},
			Stores: []scheduler.StoreSpec{storeSpec(p, name, "", layout.NameSets, keys, ids)},
			Params: []scheduler.Param{{Name: "ttl", Value: ttl.String(), Affects: scheduler.AffectsResults}},
		},
		Emits: []flow.Port{flow.Emit[M]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			d := &dedup[M, D]{
				scope: b.Scope, node: b.ID, time: b.EventTime(), ttl: ttl.Milliseconds(),
				id: id, ids: ids.Serde, seen: layout.NewSets(b.Task.State, b.Store(0)), down: flow.Down[M](b, ""),
			}
			flow.Take(b, "", d.push)
			return d, d.plan()
		},
	})
}

// A dedup keeps the ids that each key had, until they expire.
type dedup[M any, D comparable] struct {
	scope *flow.Scope
	node  int
	time  *flow.EventTime
	ttl   int64 // ms
	id    func(M) D
	ids   serde.Serde[D]
	seen  *layout.Sets
	down  flow.Push[M]

	due   int64 // when the first id expires
	mark  int64 // due, as of Mark
	bytes []byte
}

func (d *dedup[M, D]) push(m M) (err error) {
	d.scope.Operator = d.node
	if d.bytes, err = d.ids.Append(d.bytes[:0], d.id(m)); err != nil {
		return fmt.Errorf("encoding the id: %w", err)
	}
	until, found, err := d.seen.Expires(d.scope.Key, d.bytes)
	if err != nil || found && d.scope.Time < until {
		return err
	}
	// The id of a late record may have been forgotten already: then it isn't kept.
	if expires := d.scope.Time + d.ttl; expires > d.time.Now() {
		if err := d.seen.Put(d.scope.Key, d.bytes, expires); err != nil {
			return err
		}
		d.due = min(d.due, expires)
	}
	return d.down(m)
}

func (d *dedup[M, D]) Mark()   { d.mark = d.due }
func (d *dedup[M, D]) Rewind() { d.due = d.mark }

// Due is when the first id expires.
func (d *dedup[M, D]) Due() int64 { return d.due }

// dedupChunk is how many ids are forgotten in one piece of work.
const dedupChunk = 4096

// Advance forgets the ids that have expired.
func (d *dedup[M, D]) Advance() (more bool, err error) {
	if more, err = d.seen.Expire(d.time.Now(), dedupChunk); err != nil {
		return false, err
	}
	return more, d.plan()
}

func (d *dedup[M, D]) plan() (err error) {
	d.due, err = d.seen.Next()
	return err
}
