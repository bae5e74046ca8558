package layout

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
)

// listed is where the model has a value: under its number among all that were ever
// appended.
type listed struct {
	key string
	n   int
}

type listsWorld struct {
	*world[listed, string]
	lists *List[string]
	n     int
}

// list returns where a key's values are in the model, in order.
func (w *listsWorld) list(key string) (at []listed) {
	for k := range w.live {
		if k.key == key {
			at = append(at, k)
		}
	}
	slices.SortFunc(at, func(a, b listed) int { return a.n - b.n })
	return at
}

func (w *listsWorld) append(*rapid.T) {
	key := drawKey(w.t)
	v, err := w.lists.Append([]byte(key))
	w.ok(err)
	if *v != "" {
		w.t.Fatalf("a new value of %q is %q", key, *v)
	}
	w.n++
	*v = fmt.Sprint(w.n)
	w.live[listed{key, w.n}] = *v
}

func (w *listsWorld) get(*rapid.T) {
	key, i := drawKey(w.t), rapid.IntRange(-1, 4).Draw(w.t, "i")
	at := w.list(key)
	v, found, err := w.lists.Get([]byte(key), i)
	w.ok(err)
	if has := i >= 0 && i < len(at); has != found || found && *v != w.live[at[i]] {
		w.t.Fatalf("value %d of %q: %v, want %v", i, key, found, has)
	}
}

func (w *listsWorld) deleteFirst(*rapid.T) {
	key, n := drawKey(w.t), rapid.IntRange(0, 4).Draw(w.t, "n")
	w.ok(w.lists.DeleteFirst([]byte(key), n))
	for i, at := range w.list(key) {
		if i < n {
			delete(w.live, at)
		}
	}
}

func (w *listsWorld) clear(*rapid.T) {
	key := drawKey(w.t)
	w.ok(w.lists.Clear([]byte(key)))
	maps.DeleteFunc(w.live, func(k listed, _ string) bool { return k.key == key })
}

func (w *listsWorld) ascend(*rapid.T) {
	key := drawKey(w.t)
	var got, want []string
	w.ok(w.lists.Ascend([]byte(key), func(v *string) (bool, error) {
		got = append(got, *v)
		return true, nil
	}))
	for _, at := range w.list(key) {
		want = append(want, w.live[at])
	}
	n, err := w.lists.Len([]byte(key))
	w.ok(err)
	if !slices.Equal(got, want) || n != len(want) {
		w.t.Fatalf("%q has %q, %d, want %q", key, got, n, want)
	}
}

func TestList_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &listsWorld{}
		w.world = newWorld[listed, string](t, listsLayout{}, func(s *kv.State) { w.lists = NewList(s, 0, textSerde()) })
		w.run(map[string]func(*rapid.T){
			"append": w.append, "get": w.get, "delete first": w.deleteFirst, "clear": w.clear, "ascend": w.ascend,
		})
	})
}
