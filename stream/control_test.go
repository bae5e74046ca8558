package stream

import (
	"reflect"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

func TestControl_RoundTrip(t *testing.T) {
	in := Control{Epoch: 3, Tasks: 8, Marks: []Mark{
		{Task: 0, Watermark: NoTime, Idle: true},
		{Task: 7, Watermark: 1398926301271, Ended: 1795255000000},
	}}
	out, err := ParseControl(in.Append(nil), 8)
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Fatalf("got %+v, %v; want %+v", out, err, in)
	}
}

func TestParseControl_BoundedByTasks(t *testing.T) {
	for name, test := range map[string]struct {
		message Control
		fits    bool
	}{
		"as many tasks":          {Control{Tasks: 4, Marks: []Mark{{Task: 3}}}, true},
		"more tasks":             {Control{Tasks: 5, Marks: []Mark{{Task: 3}}}, false},
		"a million tasks":        {Control{Epoch: 1 << 20, Tasks: 1 << 20}, false},
		"a task that isn't":      {Control{Tasks: 4, Marks: []Mark{{Task: 4}}}, false},
		"more marks than tasks":  {Control{Tasks: 1, Marks: []Mark{{}, {}}}, false},
		"as many marks as tasks": {Control{Tasks: 2, Marks: []Mark{{}, {Task: 1}}}, true},
		"no tasks":               {Control{}, true},
	} {
		if c, err := ParseControl(test.message.Append(nil), 4); (err == nil) != test.fits {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add((&Control{Epoch: 1, Tasks: 2, Marks: []Mark{{Task: 1, Watermark: 5}}}).Append(nil))
	f.Add((&Control{Epoch: 1 << 20, Tasks: 1 << 20}).Append(nil))
	f.Add([]byte("\x02\xff\xff\xff\xff\x07\xff\xff\xff\xff\x07"))
	f.Fuzz(func(t *testing.T, src []byte) {
		const tasks = 100
		var c Control
		var err error
		harnesstest.Frugal(t, len(src), 16, func() { c, err = ParseControl(src, tasks) })
		if err != nil {
			return
		}
		again, err := ParseControl(c.Append(nil), tasks)
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Fatalf("encoded and decoded again, %+v is %+v, %v", c, again, err)
		}
	})
}
