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
	if p.task.Careful() {
		return p.keepCarefully(start, m)
	}
	v, existed, err := p.windows.Upsert(start, p.added.Key)
	if err != nil || v.Closed {
		return nil, err
	}
	p.task.Changed()
	return v, p.agg.Add(&v.Value, existed && !p.emptied(v), &p.added, m)
}

// emptied reports whether the value begins again, because a result has discarded it.
func (p *panes[K, M, A, R, P]) emptied(v *layout.Pane[A]) bool {
	return p.discarding && v.Fresh == 0
}

// keepCarefully is keep, and changes nothing if the new value can't be kept.
func (p *panes[K, M, A, R, P]) keepCarefully(start int64, m M) (*layout.Pane[A], error) {
	old, existed, err := p.windows.Get(start, p.added.Key)
	if err != nil {
		return nil, err
	}
	var next layout.Pane[A]
	if existed {
		if old.Closed {
			return nil, nil
		}
		next = *old
		if next.Value, err = p.values.Of(&old.Value); err != nil {
			return nil, err
		}
	}
	if err := p.agg.Add(&next.Value, existed && !p.emptied(&next), &p.added, m); err != nil {
		return nil, err
	}
	if err := p.windows.Check(start, p.added.Key, &next); err != nil {
		return nil, err
	}
	v, _, err := p.windows.Upsert(start, p.added.Key)
	if err != nil {
		return nil, err
	}
	p.task.Changed()
	*v = next
	return v, nil
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
		p.firing.Key, p.firing.Start = unreadable.Key, start
		p.scope.Operator = p.id
		if err := p.task.Failed(&p.firing, p.task.Changes(), err); err != nil {
			return err
		}
		after = unreadable.Key
	}
}
