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

type mapped struct {
	key string
	j   int16
}

type mapsWorld struct {
	*world[mapped, string]
	maps *Map[int16, string]
}

func (w *mapsWorld) mapKey(name string) int16 {
	return rapid.SampledFrom([]int16{-32768, -1, 0, 1, 255, 256}).Draw(w.t, name)
}

func (w *mapsWorld) upsert(*rapid.T) {
	k := mapped{drawKey(w.t), w.mapKey("map key")}
	v, existed, err := w.maps.Upsert([]byte(k.key), k.j)
	w.ok(err)
	if want, has := w.live[k]; has != existed || *v != want {
		w.t.Fatalf("upsert of %+v: %q %v, want %q %v", k, *v, existed, want, has)
	}
	*v += "x"
	w.live[k] = *v
}

func (w *mapsWorld) get(*rapid.T) {
	k := mapped{drawKey(w.t), w.mapKey("map key")}
	v, found, err := w.maps.Get([]byte(k.key), k.j)
	w.ok(err)
	if want, has := w.live[k]; has != found || found && *v != want {
		w.t.Fatalf("get of %+v: %v, want %q %v", k, found, want, has)
	}
}

func (w *mapsWorld) delete(*rapid.T) {
	k := mapped{drawKey(w.t), w.mapKey("map key")}
	w.ok(w.maps.Delete([]byte(k.key), k.j))
	delete(w.live, k)
}

func (w *mapsWorld) clear(*rapid.T) {
	key := drawKey(w.t)
	w.ok(w.maps.Clear([]byte(key)))
	maps.DeleteFunc(w.live, func(k mapped, _ string) bool { return k.key == key })
}

func (w *mapsWorld) ascend(*rapid.T) {
	key, from, to := drawKey(w.t), w.mapKey("from"), w.mapKey("to")
	var got, all, want, wantAll []string
	collect := func(into *[]string) func(int16, *string) (bool, error) {
		return func(j int16, v *string) (bool, error) {
			*into = append(*into, fmt.Sprint(j, *v))
			return true, nil
		}
	}
	w.ok(w.maps.Range([]byte(key), from, to, collect(&got)))
	w.ok(w.maps.Ascend([]byte(key), collect(&all)))
	for _, k := range slices.SortedFunc(maps.Keys(w.live), func(a, b mapped) int { return cmp.Compare(a.j, b.j) }) {
		if k.key != key {
			continue
		}
		wantAll = append(wantAll, fmt.Sprint(k.j, w.live[k]))
		if k.j >= from && k.j < to {
			want = append(want, fmt.Sprint(k.j, w.live[k]))
		}
	}
	if !slices.Equal(got, want) || !slices.Equal(all, wantAll) {
		w.t.Fatalf("%q [%d, %d) is %q of %q, want %q of %q", key, from, to, got, all, want, wantAll)
	}
}

func TestMap_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &mapsWorld{}
		w.world = newWorld[mapped, string](t, mapsLayout{OrderName[int16]()}, func(s *kv.State) {
			w.maps = NewMap[int16](s, 0, textSerde())
		})
		w.run(map[string]func(*rapid.T){
			"upsert": w.upsert, "get": w.get, "delete": w.delete, "clear": w.clear, "range": w.ascend,
		})
	})
}
