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

// A timed is where a model has an entry in order of time.
type timed struct {
	key string
	At
}

func byTime(a, b timed) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Sequence, b.Sequence))
}

type timesWorld struct {
	*world[timed, string]
	times *Times[string]
}

func (w *timesWorld) at() timed {
	return timed{drawKey(w.t), At{drawTime(w.t, "time"), rapid.SampledFrom([]uint64{0, 1, 1 << 63}).Draw(w.t, "sequence")}}
}

func (w *timesWorld) upsert(*rapid.T) {
	at := w.at()
	v, existed, err := w.times.Upsert([]byte(at.key), at.At)
	w.ok(err)
	if want, has := w.live[at]; has != existed || *v != want {
		w.t.Fatalf("upsert of %+v: %q %v, want %q %v", at, *v, existed, want, has)
	}
	*v += "x"
	w.live[at] = *v
}

func (w *timesWorld) get(*rapid.T) {
	at := w.at()
	v, found, err := w.times.Get([]byte(at.key), at.At)
	w.ok(err)
	if want, has := w.live[at]; has != found || found && *v != want {
		w.t.Fatalf("get of %+v: %v, want %q %v", at, found, want, has)
	}
}

func (w *timesWorld) delete(*rapid.T) {
	at := w.at()
	w.ok(w.times.Delete([]byte(at.key), at.At))
	delete(w.live, at)
}

func (w *timesWorld) deleteRange(*rapid.T) {
	key, from, to := drawKey(w.t), drawTime(w.t, "from"), drawTime(w.t, "to")
	w.ok(w.times.DeleteRange([]byte(key), from, to))
	maps.DeleteFunc(w.live, func(at timed, _ string) bool { return at.key == key && at.Time >= from && at.Time < to })
}

func (w *timesWorld) ascend(*rapid.T) {
	key, from, to := drawKey(w.t), drawTime(w.t, "from"), drawTime(w.t, "to")
	limit := rapid.IntRange(1, 9).Draw(w.t, "limit")
	var got, want []string
	w.ok(w.times.Range([]byte(key), from, to, func(at At, v *string) (bool, error) {
		got = append(got, fmt.Sprint(at, *v))
		return len(got) < limit, nil
	}))
	for _, at := range slices.SortedFunc(maps.Keys(w.live), byTime) {
		if at.key == key && at.Time >= from && at.Time < to && len(want) < limit {
			want = append(want, fmt.Sprint(at.At, w.live[at]))
		}
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("range of %q [%d, %d) is %q, want %q", key, from, to, got, want)
	}
}

func TestTimes_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &timesWorld{}
		w.world = newWorld[timed, string](t, timesLayout{sequence: true}, func(s *kv.State) {
			w.times = NewTimes(s, 0, true, textSerde())
		})
		w.run(map[string]func(*rapid.T){
			"upsert": w.upsert, "get": w.get, "delete": w.delete, "delete range": w.deleteRange, "range": w.ascend,
		})
	})
}
