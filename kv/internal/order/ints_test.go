package order_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv/internal/order"
)

// An intsModel is Ints beside a plain map.
type intsModel struct {
	m    order.Ints[int]
	want map[int64]int
}

func number(rt *rapid.T) int64 {
	return rapid.OneOf(rapid.Int64Range(-10, 3000), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(rt, "key")
}

func (m *intsModel) set(rt *rapid.T) {
	k, v := number(rt), rapid.Int().Draw(rt, "value")
	m.m.Set(k, v)
	m.want[k] = v
}

// setMany fills blocks several times: upwards, downwards, and in no order.
func (m *intsModel) setMany(rt *rapid.T) {
	from := rapid.Int64Range(0, 3000).Draw(rt, "from")
	step := rapid.SampledFrom([]int64{1, 7, 2999}).Draw(rt, "step")
	for i := range int64(1200) {
		k := (from + i*step) % 3000
		m.m.Set(k, int(i))
		m.want[k] = int(i)
	}
}

func (m *intsModel) delete(rt *rapid.T) {
	k := number(rt)
	m.m.Delete(k)
	delete(m.want, k)
}

// deleteFirst deletes many keys, the first ones first.
func (m *intsModel) deleteFirst(rt *rapid.T) {
	for range rapid.IntRange(1, 2000).Draw(rt, "n") {
		k, _, found := m.m.Ceiling(math.MinInt64)
		if !found {
			return
		}
		m.m.Delete(k)
		delete(m.want, k)
	}
}

func (m *intsModel) get(rt *rapid.T) {
	k := number(rt)
	got := m.m.Get(k)
	if want, exists := m.want[k]; (got != nil) != exists || exists && *got != want {
		rt.Fatalf("key %d: %v, want %d %v", k, got, want, exists)
	}
}

func (m *intsModel) ceiling(rt *rapid.T) {
	from := number(rt)
	keys := slices.Sorted(maps.Keys(m.want))
	i, _ := slices.BinarySearch(keys, from)
	k, v, found := m.m.Ceiling(from)
	if found != (i < len(keys)) || found && (k != keys[i] || v != m.want[k]) {
		rt.Fatalf("the first from %d: %d %d %v, want one of %d", from, k, v, found, keys[i:])
	}
}

func (m *intsModel) check(rt *rapid.T) {
	if m.m.Len() != len(m.want) {
		rt.Fatalf("%d keys, want %d", m.m.Len(), len(m.want))
	}
}

func TestInts_Model(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &intsModel{want: map[int64]int{}}
		rt.Repeat(map[string]func(*rapid.T){
			"set": m.set, "set many": m.setMany, "delete": m.delete, "delete first": m.deleteFirst,
			"get": m.get, "ceiling": m.ceiling, "": m.check,
		})
	})
}
