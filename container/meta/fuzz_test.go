package meta

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

func TestParse_BoundsSize(t *testing.T) {
	record := append([]byte(goldenMeta), bytes.Repeat([]byte(" "), MaxSize)...)
	if _, err := Parse(record); err == nil || !strings.Contains(err.Error(), "at most 8388608") {
		t.Errorf("a record of %d bytes: %v", len(record), err)
	}
	if _, err := Parse(record[:MaxSize]); err != nil {
		t.Errorf("a record of %d bytes: %v", MaxSize, err)
	}
}

// A changelog's meta record is parsed or refused in memory that its size bounds, and the
// parsed value encodes to the same record.
func FuzzParse(f *testing.F) {
	f.Add([]byte(goldenMeta))
	f.Add([]byte(`{"version":1,"inputs":[{"marks":[{},{},{},{},{},{},{},{},{},{}],"tasks":10}]}`))
	f.Add([]byte(`{"version":1,"inputs":[` + strings.Repeat("{},", 1000) + `{}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		var m Record
		var err error
		harnesstest.Frugal(t, len(src), 250, func() { m, err = Parse(src) })
		if err != nil {
			return
		}
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(b)
		if second, _ := again.Encode(); err != nil || !bytes.Equal(b, second) {
			t.Errorf("%s became %s, %v", b, second, err)
		}
		if len(again.Inputs) != len(m.Inputs) || len(m.Inputs) > 0 && !reflect.DeepEqual(again.Inputs[0].Watermark, m.Inputs[0].Watermark) {
			t.Errorf("%+v became %+v", m.Inputs, again.Inputs)
		}
	})
}
