package layout

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
)

// A kept record of the model, whose value is unique.
type kept struct {
	key           string
	time, expires int64
	settled       bool
}

type bufferWorld struct {
	*world[string, kept]
	buffer *Buffer[string]
	now    int64
	added  int
}

func (w *bufferWorld) draw() (key string, time int64) {
	return rapid.SampledFrom([]string{"", "\x00", "a"}).Draw(w.t, "key"), w.now + rapid.Int64Range(-3, 1).Draw(w.t, "time")
}

func (w *bufferWorld) add(*rapid.T) {
	key, time := w.draw()
	w.added++
	v, k := fmt.Sprint("v", w.added), kept{key, time, time + 5, rapid.Bool().Draw(w.t, "settled")}
	w.ok(w.buffer.Add([]byte(key), time, v, k.settled, k.expires))
	w.live[v] = k
}

// settle settles all records of a key and a range of times, as matches do.
func (w *bufferWorld) settle(*rapid.T) {
	key, from := w.draw()
	to := from + rapid.Int64Range(0, 2).Draw(w.t, "range")
	var found []At
	got := map[string]kept{}
	before := from
	w.ok(w.buffer.Range([]byte(key), from, to, func(at At, v *string, settled bool) (bool, error) {
		if at.Time < before {
			w.t.Fatalf("%v comes after time %d", at, before)
		}
		before = at.Time
		found = append(found, at)
		got[*v] = kept{key, at.Time, w.live[*v].expires, settled}
		return true, nil
	}))
	want := maps.Clone(w.live)
	maps.DeleteFunc(want, func(_ string, k kept) bool { return k.key != key || k.time < from || k.time > to })
	if !maps.Equal(got, want) {
		w.t.Fatalf("%q from %d to %d: got %v, want %v", key, from, to, got, want)
	}
	for _, at := range found {
		w.ok(w.buffer.Settle([]byte(key), at, at.Time+5))
	}
	for v, k := range want {
		k.settled = true
		w.live[v] = k
	}
}

// expire expects each record that is due once, in order of expiry.
func (w *bufferWorld) expire(*rapid.T) {
	w.now += rapid.Int64Range(0, 4).Draw(w.t, "later")
	for more := true; more; {
		var err error
		more, err = w.buffer.Expire(w.now, rapid.IntRange(1, 3).Draw(w.t, "limit"), func(key []byte, at At, v *string, settled bool) error {
			want := w.live[*v]
			if want != (kept{string(key), at.Time, want.expires, settled}) || want.expires > w.now {
				w.t.Fatalf("%q at %v, settled: %v; want %+v", *v, at, settled, want)
			}
			delete(w.live, *v)
			return nil
		})
		w.ok(err)
	}
	for v, k := range w.live {
		if k.expires <= w.now {
			w.t.Fatalf("%s: %+v hasn't expired at %d", v, k, w.now)
		}
	}
	next, err := w.buffer.Next()
	w.ok(err)
	for v, k := range w.live {
		if k.expires < next {
			w.t.Fatalf("%s: %+v expires before %d", v, k, next)
		}
	}
}

// unsettled expects each record that isn't settled once, and no other.
func (w *bufferWorld) unsettled(*rapid.T) {
	var got []string
	place := Place{}
	for more := true; more; {
		var err error
		place, more, err = w.buffer.Unsettled(place, rapid.IntRange(1, 3).Draw(w.t, "limit"), func(_ []byte, _ At, v *string) error {
			got = append(got, *v)
			return nil
		})
		w.ok(err)
	}
	var want []string
	for v, k := range w.live {
		if !k.settled {
			want = append(want, v)
			delete(w.live, v)
		}
	}
	slices.Sort(got)
	slices.SortFunc(want, cmp.Compare)
	if !slices.Equal(got, want) {
		w.t.Fatalf("got %v, want %v", got, want)
	}
}

func TestBuffer_MatchesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &bufferWorld{}
		w.world = newWorld[string, kept](t, buffersLayout{expiringTimes(true)}, func(s *kv.State) {
			w.buffer = NewBuffer(s, 0, textSerde())
		})
		w.run(map[string]func(*rapid.T){"add": w.add, "add more": w.add, "settle": w.settle, "expire": w.expire, "unsettled": w.unsettled})
	})
}

func TestBuffer_Queries(t *testing.T) {
	fill(t, NameBuffers, nil, func(s *kv.State) error {
		b := NewBuffer(s, 0, textSerde())
		for _, key := range keysOf() {
			for i := range 3 {
				if err := b.Add([]byte(key), int64(7+i/2), "v", i == 1, 9); err != nil {
					return err
				}
			}
		}
		return nil
	}).expect(map[string]string{
		"key=a":         "key:a,time:7,sequence:0,expires:9,value:v key:a,time:7,sequence:1,expires:9,value:v key:a,time:8,sequence:0,expires:9,value:v",
		"key=a&time=8":  "key:a,time:8,sequence:0,expires:9,value:v",
		"key=a&since=9": "",
	})
}

func TestBuffer_RefusesMalformedRecords(t *testing.T) {
	s := newBufferedSerde(textSerde())
	for _, stored := range []string{"", "\x04v", "\x02", "\x02\xff"} {
		if b, err := s.Parse([]byte(stored)); err == nil {
			t.Errorf("%q is %+v", stored, b)
		}
	}
}
