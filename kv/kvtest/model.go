package kvtest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
)

// testModel runs random operations, and compares with maps.
func testModel(t *testing.T, e kv.Engine) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, t, e)
		defer m.close()
		rt.Repeat(map[string]func(*rapid.T){
			"write":  m.write,
			"load":   m.load,
			"flush":  m.flush,
			"reopen": m.reopen,
			"":       m.check,
		})
	})
}

const modelStores = 2

type model struct {
	engine kv.Engine
	dir    string
	db     kv.Database
	stores [modelStores]map[string]string
	meta   []byte
}

func newModel(rt *rapid.T, t *testing.T, e kv.Engine) *model {
	m := &model{engine: e, dir: t.TempDir()}
	m.open(rt)
	return m
}

func (m *model) open(rt *rapid.T) {
	db, err := m.engine.Open(m.dir, []string{"x", "y"})
	if err != nil {
		rt.Fatal(err)
	}
	m.db = db
	if !m.engine.Durable() || m.meta == nil {
		m.stores, m.meta = [modelStores]map[string]string{{}, {}}, nil
	}
}

func (m *model) close() { _ = m.db.Close() }

func (m *model) reopen(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "in ten") > 0 {
		return // it takes as long as a hundred writes
	}
	if err := m.db.Close(); err != nil {
		rt.Fatal(err)
	}
	m.open(rt)
}

func (m *model) flush(rt *rapid.T) {
	if err := m.db.Flush(); err != nil {
		rt.Fatal(err)
	}
}

func key(rt *rapid.T, label string) []byte {
	return []byte(rapid.StringMatching(`[ab]{0,3}`).Draw(rt, label))
}

func (m *model) write(rt *rapid.T) {
	b := m.db.NewBatch()
	for range rapid.IntRange(0, 8).Draw(rt, "operations") {
		m.operation(rt, b)
	}
	if rapid.Bool().Draw(rt, "with meta") {
		m.meta = fmt.Append(nil, rapid.Byte().Draw(rt, "meta"))
		b.SetMeta(m.meta)
	}
	if err := m.db.Write(b); err != nil {
		rt.Fatal(err)
	}
}

// load loads some keys, if the engine can.
func (m *model) load(rt *rapid.T) {
	db, ok := m.db.(kv.Loader)
	if !ok {
		return
	}
	s := rapid.IntRange(0, modelStores-1).Draw(rt, "store")
	drawn := rapid.MapOf(rapid.StringMatching(`[ab]{0,3}`), rapid.IntRange(-300, 1000)).Draw(rt, "loaded")
	loaded, err := db.Load(s, func(put kv.Put) error {
		for _, k := range slices.Sorted(maps.Keys(drawn)) {
			var value []byte
			if drawn[k] >= 0 {
				value = fmt.Append(nil, drawn[k])
			}
			if err := put([]byte(k), value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	if !loaded {
		return
	}
	for k, v := range drawn {
		if v < 0 {
			delete(m.stores[s], k)
		} else {
			m.stores[s][k] = fmt.Sprint(v)
		}
	}
}

func (m *model) operation(rt *rapid.T, b *kv.Batch) {
	s := rapid.IntRange(0, modelStores-1).Draw(rt, "store")
	k := key(rt, "key")
	switch rapid.IntRange(0, 5).Draw(rt, "kind") {
	case 0:
		b.Delete(s, k)
		delete(m.stores[s], string(k))
	case 1:
		to := key(rt, "to")
		if bytes.Compare(k, to) > 0 {
			return // RocksDB refuses it
		}
		b.DeleteRange(s, k, to)
		maps.DeleteFunc(m.stores[s], func(have, _ string) bool {
			return have >= string(k) && have < string(to)
		})
	default:
		v := fmt.Append(nil, rapid.IntRange(0, 1000).Draw(rt, "value"))
		b.Put(s, k, v)
		m.stores[s][string(k)] = string(v)
	}
}

func (m *model) check(rt *rapid.T) {
	if meta, err := m.db.Meta(); err != nil || !bytes.Equal(meta, m.meta) {
		rt.Fatalf("the meta record is %q, %v, want %q", meta, err, m.meta)
	}
	for s, want := range m.stores {
		var got []string
		it := m.db.Iterate(s, nil, nil)
		for it.Next() {
			got = append(got, string(it.Key()))
			if string(it.Value()) != want[string(it.Key())] {
				rt.Fatalf("store %d: %q is %q, want %q", s, it.Key(), it.Value(), want[string(it.Key())])
			}
		}
		if err := it.Err(); err != nil {
			rt.Fatal(err)
		}
		_ = it.Close()
		if keys := slices.Sorted(maps.Keys(want)); !slices.Equal(got, keys) {
			rt.Fatalf("store %d has %q, want %q", s, got, keys)
		}
	}
}
