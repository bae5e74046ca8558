package layout

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream/serde"
)

// A filled store has entries of the same keys in some layout.
type filled struct {
	*testing.T
	store Store
	db    kv.Database
}

// fill makes a store, fills and commits it.
func fill(t *testing.T, name string, params map[string]string, put func(s *kv.State) error) *filled {
	t.Helper()
	l, err := Parse(name, params)
	if err != nil {
		t.Fatal(err)
	}
	db, err := memory.New(0).Open("", []string{"store"})
	if err != nil {
		t.Fatal(err)
	}
	s := kv.NewState(db, []string{"store"}, &kv.Budget{})
	t.Cleanup(func() { _ = s.Close() })
	for _, step := range []func() error{
		func() error { return put(s) },
		func() error { return s.Prepare(func(int, []byte, []byte) error { return nil }) },
		func() error { return s.Apply([]byte("meta")) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return &filled{t, Store{l, text("string"), text("string"), nil}, db}
}

// ask returns the entries that a query finds, by pages of one and all at once.
func (f *filled) ask(query string) string {
	f.Helper()
	args, err := url.ParseQuery(query)
	if err != nil {
		f.Fatal(err)
	}
	q := Query{Key: []byte(args.Get("key")), HasKey: args.Has("key"), Args: args}
	for name, bound := range map[string]*[]byte{"from": &q.From, "to": &q.To} {
		if args.Has(name) {
			*bound = []byte(args.Get(name))
		}
	}
	s, err := f.store.Select(q)
	if err != nil {
		return "error: " + err.Error()
	}
	if s.ByKey != q.HasKey || string(s.Key) != string(q.Key) {
		f.Errorf("%s selects the key %q", query, s.Key)
	}
	all := f.scan(s, 100)
	var pages []string
	for !s.Exact {
		page := f.scan(s, 1)
		if len(page) == 0 {
			break
		}
		pages = append(pages, page[0].shown)
		s.Narrow(s.After([]byte(page[0].stored)), nil)
	}
	var shown []string
	for _, e := range all {
		shown = append(shown, e.shown)
	}
	if !s.Exact && !slices.Equal(pages, shown) {
		f.Errorf("%s: by pages %q, at once %q", query, pages, shown)
	}
	return strings.Join(shown, " ")
}

type shownEntry struct{ stored, shown string }

func (f *filled) scan(s *Selection, limit int) (entries []shownEntry) {
	f.Helper()
	err := s.Scan(f.db.Reader(), 0, func(stored, value []byte) bool {
		e, err := f.store.Entry(stored, value)
		if err != nil {
			f.Fatal(err)
		}
		key, err := f.store.RecordKey([]byte("x"), stored)
		if err != nil {
			f.Fatal(err)
		}
		if shown, _ := serde.Show(text("string"), key[1:]); string(shown) != string(e.Key) {
			f.Errorf("the record's key in %q is %q, it shows %s", stored, key, e.Key)
		}
		b, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		entries = append(entries, shownEntry{string(stored), string(b)})
		return len(entries) < limit
	})
	if err != nil {
		f.Fatal(err)
	}
	return entries
}

// expect compares what queries find: each entry without its braces and quotes.
func (f *filled) expect(want map[string]string) {
	f.Helper()
	for query, want := range want {
		got := strings.NewReplacer("{", "", "}", "", `"`, "").Replace(f.ask(query))
		if got != want {
			f.Errorf("%s finds\n%s, want\n%s", query, got, want)
		}
	}
}

// keysOf are the keys of the filled stores: one is a prefix of the other.
func keysOf() []string { return []string{"a", "a\x00"} }

func set(v *string, value string, err error) error {
	if err == nil {
		*v = value
	}
	return err
}

func TestValues_Queries(t *testing.T) {
	fill(t, NameValues, nil, func(s *kv.State) (err error) {
		values := kv.NewValues(s, 0, textSerde())
		for _, key := range append(keysOf(), "b") {
			v, _, upsertErr := values.Upsert([]byte(key))
			if err = set(v, "v", upsertErr); err != nil {
				break
			}
		}
		return err
	}).expect(map[string]string{
		"key=a":      "key:a,value:v",
		"key=c":      "",
		"":           `key:a,value:v key:a\u0000,value:v key:b,value:v`,
		"from=b":     "key:b,value:v",
		"to=b":       `key:a,value:v key:a\u0000,value:v`,
		"from=a&to=": "",
	})
}

func TestWindows_Queries(t *testing.T) {
	f := fill(t, NameWindows, map[string]string{ParamSize: "1m0s"}, func(s *kv.State) error {
		windows, err := NewWindows(s, 0, textSerde())
		for _, start := range []int64{-60_000, 0} {
			for _, key := range keysOf() {
				if err == nil {
					var p *Pane[string]
					p, _, err = windows.Upsert(start, []byte(key))
					*p = Pane[string]{Value: "v", Closed: start < 0 && key == "a", Emitted: Emitted{Index: 300, Final: key != "a"}}
				}
			}
		}
		return err
	})
	f.expect(map[string]string{
		"key=a&window=59999":                "key:a,start:0,end:60000,value:v",
		"key=a&window=-1":                   "key:a,start:-60000,end:0,closed:true,value:null",
		"key=a":                             "key:a,start:-60000,end:0,closed:true,value:null key:a,start:0,end:60000,value:v",
		"key=b":                             "",
		"window=0":                          `key:a,start:0,end:60000,value:v key:a\u0000,start:0,end:60000,value:v`,
		"window=0&from=a%00":                `key:a\u0000,start:0,end:60000,value:v`,
		"window=0&to=a%00":                  "key:a,start:0,end:60000,value:v",
		"from=a":                            "error: from, to: set window=TIME, too: keys are in order within a window",
		"key=a&window=tomorrow":             "error: window: tomorrow is no time: write it as 2006-01-02T15:04:05Z, or in ms since 1970",
		"key=a&window=1970-01-01T00:00:30Z": "key:a,start:0,end:60000,value:v",
	})
}

func TestTimes_Queries(t *testing.T) {
	fill(t, NameTimes, map[string]string{ParamSequence: "true"}, func(s *kv.State) error {
		times := NewTimes(s, 0, true, textSerde())
		for _, key := range keysOf() {
			for _, at := range []At{{-5, 1}, {7, 1}, {7, 2}} {
				v, _, err := times.Upsert([]byte(key), at)
				if err := set(v, "v", err); err != nil {
					return err
				}
			}
		}
		return nil
	}).expect(map[string]string{
		"key=a":                  "key:a,time:-5,sequence:1,value:v key:a,time:7,sequence:1,value:v key:a,time:7,sequence:2,value:v",
		"key=a&time=7":           "key:a,time:7,sequence:1,value:v key:a,time:7,sequence:2,value:v",
		"key=a&since=-5&until=7": "key:a,time:-5,sequence:1,value:v",
		"key=a&since=8":          "",
		"from=a%00&to=a%00":      "",
		"since=8":                "error: since: set key=KEY, too",
		"to=a%00":                "key:a,time:-5,sequence:1,value:v key:a,time:7,sequence:1,value:v key:a,time:7,sequence:2,value:v",
	})
}

func TestSessions_Queries(t *testing.T) {
	fill(t, NameSessions, nil, func(s *kv.State) error {
		sessions := NewSessions(s, 0, textSerde())
		for _, key := range keysOf() {
			v, _, err := sessions.Upsert([]byte(key), 5, 40)
			if err != nil {
				return err
			}
			v.Value, v.Last, v.End, v.Index = "v", 25, 35, 3
			if err := sessions.SetLatest([]byte(key), 5); err != nil {
				return err
			}
		}
		return nil
	}).expect(map[string]string{
		"key=a":        "key:a,start:5,end:35,value:v",
		"key=a&time=5": "key:a,start:5,end:35,value:v",
		"key=a&time=6": "",
		"":             `key:a,start:5,end:35,value:v key:a\u0000,start:5,end:35,value:v`,
	})
}

func TestExpiring_Queries(t *testing.T) {
	fill(t, NameExpiring, nil, func(s *kv.State) error {
		values := NewExpiring(s, 0, textSerde())
		for i, key := range keysOf() {
			v, _, err := values.Upsert([]byte(key), int64(i))
			if err := set(v, "v", err); err != nil {
				return err
			}
		}
		return nil
	}).expect(map[string]string{
		"key=a":     "key:a,expires:0,value:v",
		"key=":      "",
		"":          `key:a,expires:0,value:v key:a\u0000,expires:1,value:v`,
		"from=a%00": `key:a\u0000,expires:1,value:v`,
		"to=a%00":   "key:a,expires:0,value:v",
	})
}

func TestMaps_Queries(t *testing.T) {
	fill(t, NameMaps, map[string]string{ParamOrder: OrderName[int]()}, func(s *kv.State) error {
		counts := NewMap[int](s, 0, textSerde())
		for _, key := range keysOf() {
			for _, j := range []int{256, -1} {
				v, _, err := counts.Upsert([]byte(key), j)
				if err := set(v, fmt.Sprint(j), err); err != nil {
					return err
				}
			}
		}
		return nil
	}).expect(map[string]string{
		"key=a":            "key:a,mapKey:-1,value:-1 key:a,mapKey:256,value:256",
		"key=a&mapKey=256": "key:a,mapKey:256,value:256",
		"key=a&mapKey=x":   "error: mapKey: x doesn't fit the map's keys",
		"mapKey=256":       "error: mapKey: set key=KEY, too",
		"from=a%00":        `key:a\u0000,mapKey:-1,value:-1 key:a\u0000,mapKey:256,value:256`,
	})
}

func TestLists_Queries(t *testing.T) {
	fill(t, NameLists, nil, func(s *kv.State) error {
		lists := NewList(s, 0, textSerde())
		for _, key := range keysOf() {
			for _, value := range []string{"x", "y"} {
				v, err := lists.Append([]byte(key))
				if err := set(v, value, err); err != nil {
					return err
				}
			}
		}
		return lists.DeleteFirst([]byte("a"), 1)
	}).expect(map[string]string{
		"key=a":            "key:a,sequence:1,value:y",
		"key=a&sequence=1": "key:a,sequence:1,value:y",
		"key=a&sequence=0": "",
		"key=a&sequence=x": "error: sequence: x is no number",
		"":                 `key:a,sequence:1,value:y key:a\u0000,sequence:0,value:x key:a\u0000,sequence:1,value:y`,
	})
}

func TestParse_Refuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		params map[string]string
		want   string
	}{
		{"trees", nil, "there are buffers, expiring, lists, maps, members, sessions, sets, times, values, windows"},
		{NameWindows, nil, `size is ""`},
		{NameWindows, map[string]string{ParamSize: "-1m"}, `size is "-1m"`},
		{NameMaps, nil, `order is ""`},
		{NameTimes, map[string]string{ParamExpires: "perhaps"}, "neither true nor false"},
	} {
		if _, err := Parse(c.name, c.params); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v, want %s", c.name, c.params, err, c.want)
		}
	}
}

// Whatever stands in a database, it is shown or is an error.
func FuzzEntry(f *testing.F) {
	f.Add("\x01a\x00\x00\x80\x00\x00\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x00\x00\x00\x05\x01v")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, stored, value string) {
		for name, params := range map[string]map[string]string{
			NameValues: nil, NameWindows: {ParamSize: "1ms"}, NameTimes: {ParamSequence: "true"}, NameSessions: nil,
			NameExpiring: nil, NameBuffers: nil, NameMaps: {ParamOrder: orderFloat}, NameLists: nil,
		} {
			l, err := Parse(name, params)
			if err != nil {
				t.Fatal(err)
			}
			s := Store{l, text("string"), text("bytes"), nil}
			e, err := s.Entry([]byte(stored), []byte(value))
			if err != nil {
				continue
			}
			if _, err := json.Marshal(e); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := s.RecordKey(nil, []byte(stored)); err != nil {
				t.Errorf("%s shows %q, and its record's key is an error: %v", name, stored, err)
			}
		}
	})
}
