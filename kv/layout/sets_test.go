package layout

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
)

type member struct{ key, member string }

type setsWorld struct {
	*world[member, int64]
	sets *Sets
	now  int64
}

func (w *setsWorld) draw() member {
	return member{drawKey(w.t), rapid.SampledFrom([]string{"", "a", "a\x00", "\x00\x00", "b"}).Draw(w.t, "member")}
}

func (w *setsWorld) put(*rapid.T) {
	m, expires := w.draw(), w.now+rapid.Int64Range(1, 20).Draw(w.t, "ttl")
	w.ok(w.sets.Put([]byte(m.key), []byte(m.member), expires))
	w.live[m] = expires
}

func (w *setsWorld) look(*rapid.T) {
	m := w.draw()
	expires, found, err := w.sets.Expires([]byte(m.key), []byte(m.member))
	w.ok(err)
	if want, has := w.live[m]; has != found || expires != want {
		w.t.Fatalf("%+v expires at %d (%v), want %d (%v)", m, expires, found, want, has)
	}
}

func (w *setsWorld) expire(*rapid.T) {
	w.now += rapid.Int64Range(0, 15).Draw(w.t, "advance")
	for {
		more, err := w.sets.Expire(w.now, rapid.IntRange(1, 4).Draw(w.t, "limit"))
		w.ok(err)
		if !more {
			break
		}
	}
	for m, expires := range w.live {
		if expires <= w.now {
			delete(w.live, m)
		}
	}
	next, err := w.sets.Next()
	w.ok(err)
	if next <= w.now {
		w.t.Fatalf("the next one expires at %d, which was %d ago", next, w.now-next)
	}
}

func TestSets_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &setsWorld{}
		w.world = newWorld[member, int64](t, setsLayout{}, func(s *kv.State) { w.sets = NewSets(s, 0) })
		w.run(map[string]func(*rapid.T){"put": w.put, "look": w.look, "expire": w.expire})
	})
}

func TestSets_Query(t *testing.T) {
	f := fill(t, NameSets, nil, func(s *kv.State) error {
		sets := NewSets(s, 0)
		for _, m := range []member{{"ada", "x"}, {"ada", "y"}, {"ad", "z"}, {"bob", "x"}} {
			if err := sets.Put([]byte(m.key), []byte(m.member), 5); err != nil {
				return err
			}
		}
		return nil
	})
	for query, want := range map[string]string{
		"key=ada":       `{"key":"ada","expires":5,"value":"x"} {"key":"ada","expires":5,"value":"y"}`,
		"key=nobody":    ``,
		"from=ada&to=b": `{"key":"ada","expires":5,"value":"x"} {"key":"ada","expires":5,"value":"y"}`,
	} {
		if got := f.ask(query); got != want {
			t.Errorf("%s:\n got %s\nwant %s", query, got, want)
		}
	}
	if key, err := f.store.RecordKey(nil, append([]byte{tagEntries}, AppendKey(nil, []byte("ada"))...)); err != nil || string(key) != "ada" {
		t.Errorf("the record's key is %q, %v", key, err)
	}
}
