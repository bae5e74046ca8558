package shape_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/serde/shape"
)

type (
	point struct {
		X, Y int32
	}
	inner struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	visit struct {
		inner
		User   string           `json:"user,omitempty"`
		Name   []byte           // as JSON "Name", beside "name"
		Pages  []string         `json:"pages"`
		Tags   map[string]point `json:"tags"`
		Where  *point           `json:"where"`
		Count  int              `json:"count,string"`
		At     time.Time        `json:"at"`
		Took   time.Duration    `json:"took"`
		Extra  any              `json:"extra"`
		Raw    json.RawMessage  `json:"raw"`
		Sum    [16]byte         `json:"sum"`
		Ratio  float64          `json:"ratio"`
		secret string           //nolint:unused // not in the JSON
		Hidden string           `json:"-"`
	}
	tree struct {
		Value int
		Left  *tree
		Right *tree
		All   []tree
	}
	forest map[string]forest
	money  struct{ cents int64 } //nolint:unused // not in the JSON
	wheel  struct{ N int }
)

func (m money) MarshalText() ([]byte, error) { return nil, nil }
func (m money) Schema() string               { return "decimal(2)" }
func (w *wheel) UnmarshalJSON([]byte) error  { return nil }

func TestOf_DescribesJSON(t *testing.T) {
	tests := map[string]struct {
		got  *shape.Shape
		want string
	}{
		"string":     {shape.For[string](), `{"kind":"string"}`},
		"int":        {shape.For[int](), `{"kind":"int64"}`},
		"bytes":      {shape.For[[]byte](), `{"kind":"bytes"}`},
		"pointer":    {shape.For[*uint16](), `{"kind":"uint16","optional":true}`},
		"named":      {shape.For[time.Duration](), `{"kind":"int64","type":"time.Duration"}`},
		"number":     {shape.For[json.Number](), `{"kind":"number"}`},
		"function":   {shape.For[func()](), `{"kind":"opaque","type":"func()"}`},
		"map":        {shape.For[map[int32][]float32](), `{"kind":"map","key":{"kind":"int32"},"elem":{"kind":"list","elem":{"kind":"float32"}}}`},
		"text":       {shape.For[money](), `{"kind":"opaque","type":"shape_test.money","schema":"decimal(2)"}`},
		"by pointer": {shape.For[*wheel](), `{"kind":"opaque","type":"shape_test.wheel","optional":true}`},
		"struct": {shape.For[visit](), `{"kind":"struct","type":"shape_test.visit","fields":[` +
			`{"name":"id","shape":{"kind":"int64"}},` +
			`{"name":"name","shape":{"kind":"string"}},` +
			`{"name":"user","shape":{"kind":"string"},"omits":true},` +
			`{"name":"Name","shape":{"kind":"bytes"}},` +
			`{"name":"pages","shape":{"kind":"list","elem":{"kind":"string"}}},` +
			`{"name":"tags","shape":{"kind":"map","key":{"kind":"string"},"elem":{"kind":"struct","type":"shape_test.point","id":1,"fields":[` +
			`{"name":"X","shape":{"kind":"int32"}},{"name":"Y","shape":{"kind":"int32"}}]}}},` +
			`{"name":"where","shape":{"kind":"ref","optional":true,"ref":1}},` +
			`{"name":"count","shape":{"kind":"int64","quoted":true}},` +
			`{"name":"at","shape":{"kind":"time"}},` +
			`{"name":"took","shape":{"kind":"int64","type":"time.Duration"}},` +
			`{"name":"extra","shape":{"kind":"any"}},` +
			`{"name":"raw","shape":{"kind":"any"}},` +
			`{"name":"sum","shape":{"kind":"array","elem":{"kind":"uint8"},"len":16}},` +
			`{"name":"ratio","shape":{"kind":"float64"}}]}`},
		"recursive": {shape.For[tree](), `{"kind":"struct","type":"shape_test.tree","id":1,"fields":[` +
			`{"name":"Value","shape":{"kind":"int64"}},` +
			`{"name":"Left","shape":{"kind":"ref","optional":true,"ref":1}},` +
			`{"name":"Right","shape":{"kind":"ref","optional":true,"ref":1}},` +
			`{"name":"All","shape":{"kind":"list","elem":{"kind":"ref","ref":1}}}]}`},
		"recursive map": {shape.For[forest](), `{"kind":"map","type":"shape_test.forest","id":1,"key":{"kind":"string"},"elem":{"kind":"ref","ref":1}}`},
		"serde":         {shape.Custom("protobuf", money{}), `{"kind":"opaque","type":"protobuf","schema":"decimal(2)"}`},
		"other serde":   {shape.Custom("avro", nil), `{"kind":"opaque","type":"avro"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(tt.got)
			if err != nil {
				t.Fatal(err)
			}
			if string(b) != tt.want {
				t.Errorf("got  %s\nwant %s", b, tt.want)
			}
			if err := tt.got.Check(); err != nil {
				t.Error(err)
			}
			var read *shape.Shape
			if err := json.Unmarshal(b, &read); err != nil || !reflect.DeepEqual(read, tt.got) || !reflect.DeepEqual(read.Clone(), read) {
				t.Errorf("read back as %+v: %v", read, err)
			}
		})
	}
}

type (
	left  struct{ A, B int }
	right struct {
		A string
		C int `json:"B"`
	}
	deep struct{ D, A bool }
	both struct {
		left
		right
		*deep
	}
	self struct {
		*self //nolint:unused // its fields are
		A     int
	}
)

// The fields are those that encoding/json writes.
func TestOf_ResolvesEmbeddedStructs(t *testing.T) {
	for _, v := range []any{both{deep: &deep{}}, self{}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatal(err)
		}
		s := shape.Of(reflect.TypeOf(v))
		for _, f := range s.Fields {
			if _, ok := fields[f.Name]; !ok {
				t.Errorf("%T: field %s isn't in %s", v, f.Name, b)
			}
		}
		if len(s.Fields) != len(fields) {
			t.Errorf("%T: fields %v, JSON %s", v, s.Fields, b)
		}
	}
}

func TestByID_FindsWhatRefsReferTo(t *testing.T) {
	s := shape.For[visit]()
	if got := s.ByID(); len(got) != 1 || got[1].Type != "shape_test.point" {
		t.Errorf("got %v", got)
	}
}

func TestCheck_RefusesDamage(t *testing.T) {
	tests := map[string]string{
		`{"kind":"x"}`:                              `kind "x" is unknown`,
		`{"kind":"list"}`:                           `a list with elements`,
		`{"kind":"ref"}`:                            `a ref with ref 0`,
		`{"kind":"ref","ref":1}`:                    `ref 1 refers to no shape`,
		`{"kind":"string","ref":1}`:                 `a string with ref 1`,
		`{"kind":"map","elem":{"kind":"bool"}}`:     `a map with elements`,
		`{"kind":"struct","fields":[{"name":"a"}]}`: `field "a" has no shape`,
		`{"kind":"struct","fields":[{"name":"a","shape":{"kind":"y"}}]}`:                               `field "a": kind "y" is unknown`,
		`{"kind":"map","id":1,"key":{"kind":"bool","id":1},"elem":{"kind":"bool"}}`:                    `id 1 isn't unique`,
		strings.Repeat(`{"kind":"list","elem":`, 1500) + `{"kind":"bool"}` + strings.Repeat("}", 1500): `nested more than`,
	}
	for in, want := range tests {
		var s *shape.Shape
		if err := json.Unmarshal([]byte(in), &s); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: got %v, want %s", in, err, want)
		}
	}
	if err := (*shape.Shape)(nil).Check(); err != nil {
		t.Error(err)
	}
}
