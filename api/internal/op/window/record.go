package window

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
)

// PortLate is the output port of the records that came too late.
const PortLate = "late"

var errTwice = errors.New("it is used twice, but has one store; give each use a window of its own")

// A recording is a window with its aggregate, while it is recorded and built.
type recording[K comparable, M, A, R, P any] struct {
	p      *flow.Pipeline
	spec   Spec
	agg    Aggregate[K, M, A, R]
	pane   func(Pane[K, R]) P
	keys   op.Coding[K]
	values op.Coding[A]
	// results is how results are encoded; only windows that send several for one value need it.
	results op.Coding[R]
	stores  []scheduler.StoreSpec
	numbers map[string]int // of the stores, by name
}

// Record records windows and what they aggregate. pane makes what is sent.
func Record[K comparable, M, A, R, P any](p *flow.Pipeline, from scheduler.Edge, spec Spec, agg Aggregate[K, M, A, R], pane func(Pane[K, R]) P) scheduler.Edge {
	if p.Has("window", spec.Name) {
		p.Mistake("window %q: %w", spec.Name, errTwice)
	}
	what := fmt.Sprintf("window %q", spec.Name)
	f := op.Fold[M, A]{Serde: agg.Serde, Older: agg.Older}
	r := &recording[K, M, A, R, P]{p: p, spec: spec, agg: agg, pane: pane, keys: op.KeysOf[K](p, what), values: f.Values(p, what), numbers: make(map[string]int)}
	if !spec.plain() {
		r.results = op.KeptOf[R](p, nil, what)
	}
	build, params := r.kind()
	if agg.Elements != nil {
		r.numbers["elements"] = len(r.stores)
		r.stores = append(r.stores, agg.Elements(p, spec.Name, what, r.keys)...)
	}
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "window", Name: spec.Name, At: spec.At, From: []scheduler.Edge{from},
			Stores: r.stores,
			Params: append(spec.params(agg.Name), params...),
		},
		Emits: []flow.Port{flow.Emit[P](""), flow.Emit[M](PortLate)},
		Build: build,
	})
}

// kind adds the stores of a kind of windows, and returns what builds its operator.
func (r *recording[K, M, A, R, P]) kind() (func(b *flow.Builder) (flow.Operator, error), []scheduler.Param) {
	switch {
	case r.spec.Kind == Session:
		r.addSessions()
		r.addPending()
		return r.buildSession, nil
	case r.slices():
		r.addSlices()
		return r.buildSliced, []scheduler.Param{{Name: "values", Value: fmt.Sprintf("slices of %v", r.spec.Every), Affects: scheduler.AffectsDisplay}}
	}
	grid := r.spec.grid()
	r.addStore("", layout.NameWindows, grid.Params())
	r.addPending()
	if r.spec.Kind != Hopping {
		return r.buildAligned, nil
	}
	if r.spec.Discarding && r.agg.Elements != nil {
		r.p.Mistake("window %q: hopping windows share the entries of %s, so none can discard them; leave Discarding out, or use another kind of window", r.spec.Name, r.agg.Name)
	}
	return r.buildAligned, []scheduler.Param{{Name: "values", Value: fmt.Sprintf("%d per record", grid.Overlaps()), Affects: scheduler.AffectsDisplay}}
}

// addStore adds a store of values.
func (r *recording[K, M, A, R, P]) addStore(name, kind string, params map[string]string) {
	s := op.StoreSpec(r.p, r.spec.Name, name, kind, r.keys, r.values)
	s.Params = params
	r.numbers[name] = len(r.stores)
	r.stores = append(r.stores, s)
}

// addPending adds the store of the windows whose early results are due at a time.
func (r *recording[K, M, A, R, P]) addPending() {
	if r.spec.Early.Every == 0 {
		return
	}
	r.numbers[pendingStore] = len(r.stores)
	r.stores = append(r.stores, op.StoreSpec(r.p, r.spec.Name, pendingStore, layout.NameSets, r.keys, op.CodingOf[int64](r.p, nil)))
}

// base returns what all kinds of windows have in a task.
func (r *recording[K, M, A, R, P]) base(b *flow.Builder) (base[K, M, A, R, P], error) {
	agg, err := r.agg.Build(b, r.numbers["elements"])
	if err != nil {
		return base[K, M, A, R, P]{}, err
	}
	all := base[K, M, A, R, P]{
		sender: sender[K, R, P]{
			task: b.Task, scope: b.Scope, id: b.ID, keys: r.keys.Serde, pane: r.pane, down: flow.Down[P](b, ""),
			firing: loop.Firing{Node: b.ID, Windowed: true, Skips: r.p.PolicyOf(b.ID) == flow.Skip},
		},
		time: b.EventTime(), counts: b.Counts(), agg: agg, late: flow.Down[M](b, PortLate),
		grace: r.spec.Grace.Milliseconds(), updates: r.spec.Updates, discarding: r.spec.Discarding,
	}
	if !r.spec.plain() {
		all.copies = op.NewCopier(r.results.Serde)
	}
	return all, nil
}
