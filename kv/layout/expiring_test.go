package layout

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
)

// expiringValue is a value of the model.
type expiringValue struct {
	value   string
	expires int64
}

type expiringWorld struct {
	*world[timed, expiringValue]
	values *ExpiringTimes[string]
	now    int64
}

// at returns one of few entries, so that the steps meet.
func (w *expiringWorld) at() timed {
	key := rapid.SampledFrom([]string{"", "\x00", "a"}).Draw(w.t, "key")
	return timed{key, At{Time: rapid.Int64Range(-1, 0).Draw(w.t, "time")}}
}

// check compares an entry with the model.
func (w *expiringWorld) check(at timed, v *string, expires int64, found bool) {
	want, has := w.live[at]
	if has != found || found && (*v != want.value || expires != want.expires) {
		w.t.Fatalf("%+v is %d %v, want %+v %v", at, expires, found, want, has)
	}
}

func (w *expiringWorld) upsert(*rapid.T) {
	at := w.at()
	expires := w.now + rapid.Int64Range(-3, 30).Draw(w.t, "expires in")
	v, existed, err := w.values.Upsert([]byte(at.key), at.At, expires)
	w.ok(err)
	if want, has := w.live[at]; has != existed || *v != want.value {
		w.t.Fatalf("upsert of %+v: %q %v, want %+v %v", at, *v, existed, want, has)
	}
	*v += "x"
	w.live[at] = expiringValue{*v, expires}
}

func (w *expiringWorld) get(*rapid.T) {
	at := w.at()
	v, expires, found, err := w.values.Get([]byte(at.key), at.At)
	w.ok(err)
	w.check(at, v, expires, found)
}

func (w *expiringWorld) delete(*rapid.T) {
	at := w.at()
	w.ok(w.values.Delete([]byte(at.key), at.At))
	delete(w.live, at)
}

func (w *expiringWorld) ascend(*rapid.T) {
	key, from, to := drawKey(w.t), drawTime(w.t, "from"), drawTime(w.t, "to")
	n := 0
	w.ok(w.values.Range([]byte(key), from, to, func(at At, v *string, expires int64) (bool, error) {
		w.check(timed{key, at}, v, expires, true)
		n++
		return true, nil
	}))
	for at := range w.live {
		if at.key == key && at.Time >= from && at.Time < to {
			n--
		}
	}
	if n != 0 {
		w.t.Fatalf("range of %q [%d, %d) has %d too many", key, from, to, n)
	}
}

// expire expects each value that is due once, with its key and value.
func (w *expiringWorld) expire(*rapid.T) {
	w.now += rapid.Int64Range(0, 10).Draw(w.t, "later")
	limit := rapid.IntRange(1, 4).Draw(w.t, "limit")
	for more := true; more; {
		var err error
		more, err = w.values.Expire(w.now, limit, func(key []byte, at At, v *string) error {
			k := timed{string(key), at}
			want, has := w.live[k]
			if !has || want.expires > w.now || *v != want.value {
				return fmt.Errorf("%+v expires at %d, want %+v %v", k, w.now, want, has)
			}
			delete(w.live, k)
			return nil
		})
		w.ok(err)
	}
	for at, v := range w.live {
		if v.expires <= w.now {
			w.t.Fatalf("%+v, of %d, hasn't expired at %d", at, v.expires, w.now)
		}
	}
}

// next expects that nothing is due before it, and something at it: an entry, or
// what is left of one in the index.
func (w *expiringWorld) next(*rapid.T) {
	next, err := w.values.Next()
	w.ok(err)
	for at, v := range w.live {
		if v.expires < next {
			w.t.Fatalf("%+v expires at %d, before %d", at, v.expires, next)
		}
	}
	if index := w.indexed(); next != Never && (len(index) == 0 || next != slices.Min(index)) || next == Never && len(index) > 0 {
		w.t.Fatalf("next is %d, the index has %d", next, index)
	}
}

// indexed returns the times in the index.
func (w *expiringWorld) indexed() (times []int64) {
	w.ok(w.values.values.index.Range(nil, nil, func(key []byte, _ *struct{}) (bool, error) {
		at, _, err := splitTime(key)
		times = append(times, at)
		return true, err
	}))
	return times
}

// settle lets values go on that are due, or removes them.
func (w *expiringWorld) settle(*rapid.T) {
	w.now += rapid.Int64Range(0, 10).Draw(w.t, "later")
	more, err := w.values.values.Settle(w.now, 100, func(stored []byte, v *string) (int64, error) {
		key, rest, err := SplitKey(nil, stored)
		w.ok(err)
		time, _, err := splitTime(rest)
		w.ok(err)
		at := timed{string(key), At{Time: time}}
		want, has := w.live[at]
		if !has || want.value != *v || want.expires > w.now {
			w.t.Fatalf("%+v is due at %d: %q, want %+v %v", at, w.now, *v, want, has)
		}
		*v += "s"
		expires := w.now + rapid.Int64Range(-1, 20).Draw(w.t, "again in")
		if w.live[at] = (expiringValue{*v, expires}); expires <= w.now {
			delete(w.live, at)
		}
		return expires, nil
	})
	w.ok(err)
	for at, v := range w.live {
		if v.expires <= w.now || more {
			w.t.Fatalf("%+v is due and left (%v)", at, more)
		}
	}
}

// drain lets all expire: nothing is left in the index.
func (w *expiringWorld) drain(*rapid.T) {
	if rapid.IntRange(0, 9).Draw(w.t, "in ten") > 0 {
		return
	}
	w.now += 1000
	w.expire(nil)
	if index := w.indexed(); len(index) > 0 || len(w.live) > 0 {
		w.t.Fatalf("the index has %d, %d entries are left", index, len(w.live))
	}
}

func TestExpiring_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &expiringWorld{}
		w.world = newWorld[timed, expiringValue](t, expiringTimes(false), func(s *kv.State) {
			w.values = NewExpiringTimes(s, 0, false, textSerde())
		})
		w.run(map[string]func(*rapid.T){
			"upsert": w.upsert, "upsert more": w.upsert, "get": w.get, "delete": w.delete, "range": w.ascend,
			"expire": w.expire, "settle": w.settle, "next": w.next, "drain": w.drain,
		})
	})
}

// A value that is written again and again has one entry in the index, which moves
// when it comes due.
func TestExpiring_OneIndexEntryPerKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &expiringWorld{}
		w.world = newWorld[timed, expiringValue](t, timesLayout{expires: true}, func(s *kv.State) {
			w.values = NewExpiringTimes(s, 0, false, textSerde())
		})
		keys := map[timed]bool{}
		for range 50 {
			w.now++
			at := w.at()
			expires := w.now + rapid.Int64Range(1, 20).Draw(t, "expires in")
			_, _, err := w.values.Upsert([]byte(at.key), at.At, expires)
			w.ok(err)
			w.live[at] = expiringValue{"", expires}
			keys[at] = true
			w.expire(nil)
			maps.DeleteFunc(keys, func(at timed, _ bool) bool { _, has := w.live[at]; return !has })
			if n := len(w.indexed()); n != len(keys) {
				t.Fatalf("%d entries in the index for %d keys", n, len(keys))
			}
		}
		w.ok(w.state.Close())
	})
}

func TestExpiring_NextAfterDelete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &expiringWorld{}
		w.world = newWorld[timed, expiringValue](t, timesLayout{expires: true}, func(s *kv.State) {
			w.values = NewExpiringTimes(s, 0, false, textSerde())
		})
		for range 20 {
			w.upsert(nil)
			w.next(nil)
			w.delete(nil)
			w.next(nil)
		}
		w.ok(w.state.Close())
	})
}
