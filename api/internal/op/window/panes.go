package window

import (
	"errors"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
)

// panes are the values of windows at fixed times, or of their slices, by start and key.
type panes[K comparable, M, A, R, P any] struct {
	base[K, M, A, R, P]
	windows  *kv.Windows[layout.Pane[A]]
	values   op.Copier[A]
	elements bool   // the aggregate has elements
	lastKey  []byte // the last key that a chunk has come to
	fired    *layout.Pane[A]
}

// kept returns an error if the pane that fires can't be kept: then the record is to blame that
// has made it.
func (p *panes[K, M, A, R, P]) kept() error {
	if p.fired == nil {
		return nil
	}
	return p.windows.Check(p.firing.Start, p.firing.Key, p.fired)
}

func (r *recording[K, M, A, R, P]) panes(b *flow.Builder) (panes[K, M, A, R, P], error) {
	base, err := r.base(b)
	if err != nil {
		return panes[K, M, A, R, P]{}, err
	}
	p := panes[K, M, A, R, P]{base: base, values: op.NewCopier(r.values.Serde), elements: r.agg.Elements != nil}
	stored, err := op.StoredOf(b, r.numbers[""], r.values)
	if err != nil {
		return p, err
	}
	p.windows, err = layout.NewWindows(b.Task.State, b.Store(r.numbers[""]), stored)
	return p, err
}

// keep adds the record to a pane, and returns it; nil if its result was written at the end of
// a run.
func (p *panes[K, M, A, R, P]) keep(start int64, m M) (*layout.Pane[A], error) {
	v, existed, err := p.windows.Upsert(start, p.added.Key)
	if err != nil || v.Closed {
		return nil, err
	}
	return v, p.agg.Add(&v.Value, existed && !p.emptied(v), &p.added, m)
}

// emptied reports whether the value begins again, because a result has discarded it.
func (p *panes[K, M, A, R, P]) emptied(v *layout.Pane[A]) bool {
	return p.discarding && v.Fresh == 0
}

// readable calls f for the panes of a window after a key, until it returns false. Those that
// can't be decoded fail, and are left out if the policy says so.
func (p *panes[K, M, A, R, P]) readable(start int64, after []byte, f func(key []byte, v *layout.Pane[A]) (bool, error)) error {
	for {
		err := p.windows.Ascend(start, after, f)
		unreadable := (*kv.EntryError)(nil)
		if !errors.As(err, &unreadable) || !unreadable.Stored {
			return err
		}
		p.firing.Key, p.firing.Start, p.fired = unreadable.Key, start, nil
		p.scope.Operator = p.id
		if err := p.task.Fire(&p.firing, func() error { return err }); err != nil {
			return err
		}
		after = unreadable.Key
	}
}
