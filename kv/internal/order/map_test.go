package order_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv/internal/order"
)

// A model is a Map beside a plain map.
type model struct {
	m    order.Map[int]
	want map[string]int
}

// A few hundred keys fill a block several times.
func key(rt *rapid.T) string {
	return fmt.Sprintf("%03d", rapid.IntRange(0, 999).Draw(rt, "key"))
}

func (m *model) set(rt *rapid.T) {
	k, v := key(rt), rapid.Int().Draw(rt, "value")
	m.m.Set([]byte(k), v)
	m.want[k] = v
}

// setMany sets keys that come in order, up or down, as a batch does.
func (m *model) setMany(rt *rapid.T) {
	from := rapid.IntRange(0, 400).Draw(rt, "from")
	step := rapid.SampledFrom([]int{1, 7, 999}).Draw(rt, "step")
	for i := range 600 {
		k := fmt.Sprintf("%03d", (from+i*step)%1000)
		m.m.Set([]byte(k), i)
		m.want[k] = i
	}
}

func (m *model) delete(rt *rapid.T) {
	k := key(rt)
	v, found := m.m.Delete([]byte(k))
	if want, exists := m.want[k]; found != exists || v != want {
		rt.Fatalf("delete of %s returns %d %v, want %d %v", k, v, found, want, exists)
	}
	delete(m.want, k)
}

func (m *model) deleteRange(rt *rapid.T) {
	from, to := key(rt), []byte(key(rt))
	if rapid.IntRange(0, 9).Draw(rt, "to the end") == 0 {
		to = nil
	}
	var got, want []string
	m.m.DeleteRange([]byte(from), to, func(k []byte, v int) { got = append(got, fmt.Sprint(string(k), v)) })
	for _, k := range m.keys() {
		if k >= from && (to == nil || k < string(to)) {
			want = append(want, fmt.Sprint(k, m.want[k]))
			delete(m.want, k)
		}
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("[%s, %s) deletes %v, want %v", from, to, got, want)
	}
}

func (m *model) clear(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "in ten") == 0 {
		m.m.Clear()
		clear(m.want)
	}
}

func (m *model) keys() []string { return slices.Sorted(maps.Keys(m.want)) }

func (m *model) check(rt *rapid.T) {
	keys := m.keys()
	if m.m.Len() != len(keys) {
		rt.Fatalf("%d keys, want %d", m.m.Len(), len(keys))
	}
	from := key(rt)
	at, _ := slices.BinarySearch(keys, from)
	cursor := m.m.Seek([]byte(from))
	for _, k := range keys[at:] {
		if !cursor.Next() || string(cursor.Key()) != k || cursor.Value() != m.want[k] {
			rt.Fatalf("%s doesn't follow", k)
		}
		if v, found := m.m.Get([]byte(k)); !found || *v != m.want[k] {
			rt.Fatalf("%s isn't found", k)
		}
	}
	if cursor.Next() {
		rt.Fatalf("%s follows the end", cursor.Key())
	}
	_, found := m.m.Get([]byte(from))
	if _, exists := m.want[from]; found != exists {
		rt.Fatalf("%s is found: %v", from, found)
	}
}

func TestMap_Model(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{want: map[string]int{}}
		rt.Repeat(map[string]func(*rapid.T){
			"set": m.set, "set many": m.setMany, "delete": m.delete, "delete range": m.deleteRange,
			"clear": m.clear, "": m.check,
		})
	})
}
