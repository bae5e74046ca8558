package stream

import (
	"reflect"
	"testing"
)

func TestControl_RoundTrip(t *testing.T) {
	in := Control{Epoch: 3, Tasks: 8, Marks: []Mark{
		{Task: 0, Watermark: NoTime, Idle: true},
		{Task: 7, Watermark: 1398926301271, Ended: 1795255000000},
	}}
	out, err := ParseControl(in.Append(nil))
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Fatalf("got %+v, %v; want %+v", out, err, in)
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add((&Control{Epoch: 1, Tasks: 2, Marks: []Mark{{Task: 1, Watermark: 5}}}).Append(nil))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := ParseControl(src)
		if err != nil {
			return
		}
		again, err := ParseControl(c.Append(nil))
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Fatalf("encoded and decoded again, %+v is %+v, %v", c, again, err)
		}
	})
}
