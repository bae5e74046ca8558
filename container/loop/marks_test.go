package loop

import (
	"testing"

	"github.com/gretestream/grete/stream"
)

func TestProducerMarks(t *testing.T) {
	m := newProducerMarks(2)
	apply := func(epoch int64, tasks int32, marks ...stream.Mark) {
		m.apply(stream.Control{Epoch: epoch, Tasks: tasks, Marks: marks})
	}
	want := func(w int64, ended bool) {
		t.Helper()
		if m.watermark() != w || m.ended(7) != ended {
			t.Fatalf("watermark %d, ended %v; want %d, %v", m.watermark(), m.ended(7), w, ended)
		}
	}
	want(stream.NoTime, false)
	apply(0, 2, stream.Mark{Task: 0, Watermark: 10})
	want(stream.NoTime, false) // task 1 has said nothing yet
	apply(0, 2, stream.Mark{Task: 1, Watermark: 5})
	want(5, false)
	apply(0, 2, stream.Mark{Task: 1, Watermark: 3}) // never back
	want(5, false)
	apply(0, 2, stream.Mark{Task: 1, Watermark: 5, Idle: true})
	want(10, false)
	apply(0, 2, stream.Mark{Task: 0, Watermark: 10, Idle: true})
	want(IdleTime, false)
	apply(0, 2, stream.Mark{Task: 0, Watermark: 11, Ended: 7}, stream.Mark{Task: 1, Watermark: 12, Ended: 6})
	want(11, false) // of another run
	apply(0, 2, stream.Mark{Task: 1, Watermark: 12, Ended: 7})
	want(11, true)
	apply(1, 3, stream.Mark{Task: 2, Watermark: 20})
	want(stream.NoTime, false) // a new plan: all three must speak
	apply(0, 2, stream.Mark{Task: 0, Watermark: 99})
	want(stream.NoTime, false) // an old one counts no more
}
