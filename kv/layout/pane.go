package layout

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// A Pane is the value of one window and key.
type Pane[V any] struct {
	Value V
	// Closed: the result was written at the end of a bounded run, before its time. The
	// value is gone. The pane stays until that time comes, so that a later run knows what
	// is late.
	Closed bool
	Emitted
}

// Emitted is what became of a window so far. It is zero, and isn't stored, for windows
// that write a result only when they close.
type Emitted struct {
	Index uint32 // of the next result: how many there were
	Fresh uint32 // records since the last result
	Final bool   // the final result was written
}

// NewWindows returns the windows of a store, whose values have a serde.
func NewWindows[V any](s *kv.State, store int, values serde.Serde[V]) (*kv.Windows[Pane[V]], error) {
	return kv.NewWindows(s, store, PaneSerde(values))
}

// PaneSerde returns how panes are stored: a byte of flags; what was emitted, if anything;
// and then the value, unless the pane is closed.
func PaneSerde[V any](values serde.Serde[V]) serde.Serde[Pane[V]] {
	return paneSerde[V]{serde.Appender(values), serde.Parser(values)}
}

type paneSerde[V any] struct {
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
}

// Flags of a stored pane.
const (
	flagClosed  = 1 << iota
	flagEmitted // two varints follow
	flagFinal
)

var errPane = errors.New("a stored pane is malformed")

func appendPane(dst []byte, closed bool, e *Emitted) []byte {
	flags := byte(0)
	if closed {
		flags |= flagClosed
	}
	if e.Final {
		flags |= flagFinal
	}
	if e.Index == 0 && e.Fresh == 0 {
		return append(dst, flags)
	}
	dst = append(dst, flags|flagEmitted)
	return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(e.Index)), uint64(e.Fresh))
}

// splitPane returns the encoded value in a stored pane; false if it is closed.
func splitPane(stored []byte) (value []byte, open bool, err error) {
	value, closed, err := parsePane(stored, &Emitted{})
	if closed {
		value = nil
	}
	return value, !closed && err == nil, err
}

func parsePane(stored []byte, e *Emitted) (value []byte, closed bool, err error) {
	if len(stored) == 0 {
		return nil, false, errPane
	}
	flags, rest := stored[0], stored[1:]
	*e = Emitted{Final: flags&flagFinal != 0}
	if flags&flagEmitted != 0 {
		for _, to := range []*uint32{&e.Index, &e.Fresh} {
			v, n := binary.Uvarint(rest)
			if n <= 0 {
				return nil, false, errPane
			}
			*to, rest = uint32(v), rest[n:]
		}
	}
	return rest, flags&flagClosed != 0, nil
}

func (s paneSerde[V]) Append(dst []byte, p Pane[V]) ([]byte, error) { return s.AppendFrom(dst, &p) }

func (s paneSerde[V]) AppendFrom(dst []byte, p *Pane[V]) ([]byte, error) {
	dst = appendPane(dst, p.Closed, &p.Emitted)
	if p.Closed {
		return dst, nil
	}
	return s.append(dst, &p.Value)
}

func (s paneSerde[V]) Parse(src []byte) (p Pane[V], err error) {
	err = s.ParseInto(src, &p)
	return p, err
}

func (s paneSerde[V]) ParseInto(src []byte, p *Pane[V]) (err error) {
	value, closed, err := parsePane(src, &p.Emitted)
	if p.Closed = closed; err != nil || closed {
		return err
	}
	return s.parse(value, &p.Value)
}
