package layout

import (
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// A Pane is the value of one window and key. One whose result was written at the
// end of a bounded run, before its time, stays as closed until that time comes, so
// that a later run knows what is late.
type Pane[V any] struct {
	Value  V
	Closed bool
}

// NewWindows returns the windows of a store, whose values have a serde.
func NewWindows[V any](s *kv.State, store int, values serde.Serde[V]) (*kv.Windows[Pane[V]], error) {
	return kv.NewWindows(s, store, PaneSerde(values))
}

// PaneSerde returns how panes are stored: a byte that isn't 0 if the pane is closed,
// and then the value if it is open.
func PaneSerde[V any](values serde.Serde[V]) serde.Serde[Pane[V]] {
	return paneSerde[V]{serde.Appender(values), serde.Parser(values)}
}

type paneSerde[V any] struct {
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
}

var errPane = errors.New("a stored pane is empty")

// splitPane returns the encoded value in a stored pane; false if it is closed.
func splitPane(stored []byte) (value []byte, open bool, err error) {
	if len(stored) == 0 {
		return nil, false, errPane
	}
	if stored[0] != 0 {
		return nil, false, nil
	}
	return stored[1:], true, nil
}

func (s paneSerde[V]) Append(dst []byte, p Pane[V]) ([]byte, error) { return s.AppendFrom(dst, &p) }

func (s paneSerde[V]) AppendFrom(dst []byte, p *Pane[V]) ([]byte, error) {
	if p.Closed {
		return append(dst, 1), nil
	}
	return s.append(append(dst, 0), &p.Value)
}

func (s paneSerde[V]) Parse(src []byte) (p Pane[V], err error) {
	err = s.ParseInto(src, &p)
	return p, err
}

func (s paneSerde[V]) ParseInto(src []byte, p *Pane[V]) error {
	value, open, err := splitPane(src)
	if err != nil {
		return err
	}
	if p.Closed = !open; p.Closed {
		return nil
	}
	return s.parse(value, &p.Value)
}
