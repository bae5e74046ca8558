package flow

import (
	"slices"

	"github.com/gretestream/grete/scheduler"
)

// connectWatermarks composes, node by node, where watermarks come from. The
// container sets those of sources; a [Delayer] has its own; every other operator
// passes on the lowest of its inputs. A table that is looked up has no say in it.
func (a *assembly) connectWatermarks() {
	marks := make(map[int]func() int64) // of the records that leave a node, by node
	for _, s := range a.sources {
		marks[s.node] = lowest(marks[s.node], s.it.Watermark)
	}
	outputs := make(map[int]func() int64)
	for _, placed := range slices.Backward(a.ops) { // upstream first
		b := a.builders[placed.node]
		var input func() int64
		for _, e := range b.Node.From {
			if e.To != scheduler.PortTable {
				input = lowest(input, marks[e.Node])
			}
		}
		b.time.input = input
		mark := input
		if d, ok := placed.it.(Delayer); ok {
			mark = d.Watermark
		}
		outputs[b.ID] = mark
		if !b.Leaves {
			marks[b.ID] = mark
		}
		a.logic.add(b, placed.it)
	}
	for _, out := range a.stage.Outputs {
		a.logic.outputs = append(a.logic.outputs, outputs[out.Node])
	}
}

// lowest is the lower of two watermarks. That of an idle input is the highest
// number there is, so it doesn't count. Nil is no watermark.
func lowest(a, b func() int64) func() int64 {
	if a == nil {
		return b
	}
	return func() int64 { return min(a(), b()) }
}
