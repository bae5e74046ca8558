package shape_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream/serde/shape"
)

type (
	stats1  struct{ Count, Sum int64 }
	stats2  struct{ Count, Total int64 }
	renamed struct {
		Count int64
		Total int64 `json:"Sum"`
	}
	moved struct {
		B point2
		A point2
	}
	point2 struct{ Y, X int32 }
	places struct {
		A struct{ X, Y int32 }
		B struct{ X, Y int32 }
	}
	tree2 struct {
		Value int
		Left  *tree2
		Right *tree2
		All   []tree2
		Extra string
	}
	unrolled struct {
		Value int
		Left  *tree
		Right *tree
		All   []tree
	}
	money2 struct{}
)

func (money2) MarshalText() ([]byte, error) { return nil, nil }
func (money2) Schema() string               { return "decimal(2)" }

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		old, now *shape.Shape
		want     string
	}{
		"same":                                {shape.For[visit](), shape.For[visit](), "[]"},
		"renamed field":                       {shape.For[stats1](), shape.For[stats2](), "[{Sum removed int64 } {Total added  int64}]"},
		"renamed in Go":                       {shape.For[stats1](), shape.For[renamed](), "[]"},
		"order and types":                     {shape.For[moved](), shape.For[places](), "[]"},
		"wider":                               {shape.For[struct{ A []map[string]int32 }](), shape.For[struct{ A []map[string]int64 }](), "[{A[][] widened int32 int64}]"},
		"narrower":                            {shape.For[int64](), shape.For[int32](), "[{ retyped int64 int32}]"},
		"unsigned":                            {shape.For[uint32](), shape.For[int64](), "[{ widened uint32 int64}]"},
		"unsigned to signed of the same size": {shape.For[uint32](), shape.For[int32](), "[{ retyped uint32 int32}]"},
		"sign":                                {shape.For[int64](), shape.For[uint64](), "[{ retyped int64 uint64}]"},
		"float":                               {shape.For[float32](), shape.For[float64](), "[{ widened float32 float64}]"},
		"number to text":                      {shape.For[struct{ A int }](), shape.For[struct{ A string }](), "[{A retyped int64 string}]"},
		"pointer":                             {shape.For[struct{ A int }](), shape.For[struct{ A *int }](), "[{A widened int64 ?int64}]"},
		"no pointer":                          {shape.For[struct{ A *int }](), shape.For[struct{ A int }](), "[{A retyped ?int64 int64}]"},
		"quoted": {shape.For[struct{ A int }](), shape.For[struct {
			A int `json:",string"`
		}](), "[{A retyped int64 ~int64}]"},
		"array":          {shape.For[[2]int](), shape.For[[3]int](), "[{ retyped [2]int64 [3]int64}]"},
		"map key":        {shape.For[map[string]int](), shape.For[map[int]int](), "[{[key] retyped string int64}]"},
		"list to map":    {shape.For[[]int](), shape.For[map[string]int](), "[{ retyped []int64 map[string]int64}]"},
		"recursive":      {shape.For[tree](), shape.For[tree2](), "[{Extra added  string}]"},
		"recursive back": {shape.For[tree2](), shape.For[tree](), "[{Extra removed string }]"},
		"opaque":         {shape.For[wheel](), shape.For[money](), `[{ retyped opaque("shape_test.wheel") opaque("","decimal(2)")}]`},
		"schema":         {shape.For[money](), shape.For[money2](), "[]"},
		"quoted name": {shape.For[struct{}](), shape.For[struct {
			A int `json:"a b"`
		}](), `[{"a b" added  int64}]`},
		"unknown":          {nil, shape.For[int](), "[{ retyped of unknown shape int64}]"},
		"neither is known": {nil, nil, "[]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(shape.Compare(tt.old, tt.now)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got := shape.Compare(shape.For[tree](), shape.For[unrolled]()); len(got) != 1 || got[0].What != shape.Widened {
		t.Errorf("unrolled: %v", got)
	}
}

func TestText(t *testing.T) {
	tests := map[string]*shape.Shape{
		"int64":              shape.For[int](),
		"[]?string":          shape.For[[]*string](),
		"[2]map[int64]bytes": shape.For[[2]map[int][]byte](),
		"{A:{X:int32,Y:int32},B:{X:int32,Y:int32}}": shape.For[moved](),
		"{All:[]^2,Left:?^1,Right:?^1,Value:int64}": shape.For[tree](),
		`{"a \"b":~int64}`: shape.For[struct {
			A int `json:"a \"b,string"` //nolint:staticcheck // a name that encoding/json takes as it is
		}](),
		`opaque("","decimal(2)")`: shape.For[money](),
		"{A:any,T:time}": shape.For[struct {
			T time.Time
			A any
		}](),
		"map[string]^1": shape.For[forest](),
	}
	for want, s := range tests {
		got := s.Text()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		back, err := shape.ParseText(got)
		if err != nil || back.Text() != got || back.Check() != nil {
			t.Errorf("%s is read as %v, %v, %v", got, back, err, back.Check())
		}
	}
	if got := shape.For[struct {
		B, A int `json:",omitempty"`
	}]().Text(); strings.Contains(got, "?") {
		t.Errorf("values: %s", got)
	}
	type key struct {
		B int `json:",omitempty"`
		A int
	}
	if got := shape.For[key]().KeyText(); got != "{B?:int64,A:int64}" {
		t.Errorf("keys: %s", got)
	}
}

// A type that contains itself many times over has a short text.
func TestText_Bounded(t *testing.T) {
	s := &shape.Shape{Kind: shape.Struct, ID: 1}
	for id := 2; id < 40; id++ {
		s = &shape.Shape{Kind: shape.Struct, ID: id, Fields: []shape.Field{{Name: "left", Shape: s}, {Name: "right", Shape: &shape.Shape{Kind: shape.Ref, Ref: id - 1}}}}
	}
	if got := s.Text(); !strings.HasPrefix(got, `opaque("","sha256 `) {
		t.Errorf("%.100s", got)
	}
	if n := len(s.Facts()); n > 20_000 {
		t.Errorf("%d facts", n)
	}
}

// drawType makes types, recursive ones aside.
func drawType() *rapid.Generator[reflect.Type] {
	return rapid.Custom(func(t *rapid.T) reflect.Type { return drawTypeAt(t, 0) })
}

func drawTypeAt(t *rapid.T, depth int) reflect.Type {
	scalars := []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int32](), reflect.TypeFor[uint32](), reflect.TypeFor[string](), reflect.TypeFor[bool](),
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[time.Time](), reflect.TypeFor[[]byte](), reflect.TypeFor[any](),
	}
	switch n := rapid.IntRange(0, 7).Draw(t, "kind"); {
	case depth > 3 || n < 3:
		return rapid.SampledFrom(scalars).Draw(t, "scalar")
	case n == 3:
		return reflect.PointerTo(rapid.SampledFrom(scalars[:8]).Draw(t, "pointer"))
	case n == 4:
		return reflect.SliceOf(drawTypeAt(t, depth+1))
	case n == 5:
		return reflect.MapOf(rapid.SampledFrom([]reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[int]()}).Draw(t, "key"), drawTypeAt(t, depth+1))
	default:
		var fields []reflect.StructField
		for _, name := range []string{"A", "B", "C"} {
			if rapid.Bool().Draw(t, name) {
				fields = append(fields, reflect.StructField{Name: name, Type: drawTypeAt(t, depth+1)})
			}
		}
		return reflect.StructOf(fields)
	}
}

// Texts are equal where nothing differs, and can be read; facts tell whether fields
// were added alone.
func TestCompare_AgreesWithTextAndFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := shape.Of(drawType().Draw(t, "old")), shape.Of(drawType().Draw(t, "new"))
		differences := shape.Compare(a, b)
		if (a.Text() == b.Text()) != (len(differences) == 0) {
			t.Fatalf("%s and %s: %v", a.Text(), b.Text(), differences)
		}
		read, err := shape.ParseText(a.Text())
		if err != nil || len(shape.Compare(a, read)) > 0 {
			t.Fatalf("%s is read as %v, %v", a.Text(), read, err)
		}
		onlyAdded := !slices.ContainsFunc(differences, func(d shape.Difference) bool { return d.What != shape.Added })
		has := b.Facts()
		superset := !slices.ContainsFunc(a.Facts(), func(f string) bool { return !slices.Contains(has, f) })
		if onlyAdded != superset {
			t.Fatalf("%v\n%v\n%v", differences, a.Facts(), has)
		}
	})
}

// What Compare calls readable can be read, and keeps what both forms have.
func TestReadable_ValuesCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawType().Draw(t, "old"), drawType().Draw(t, "new")
		if !shape.Readable(shape.Compare(shape.Of(from), shape.Of(to))) {
			return
		}
		written, err := json.Marshal(reflect.New(from).Elem().Interface())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, reflect.New(to).Interface()); err != nil {
			t.Fatalf("%s as %v: %v", written, to, err)
		}
	})
}

func TestForm(t *testing.T) {
	for text, f := range map[string]shape.Form{
		"int64":                         {Encoding: "int64", Shape: shape.For[int64]()},
		"string":                        {Encoding: "string", Shape: shape.For[string]()},
		"json {Count:int64,Sum:int64}":  {Encoding: "json", Shape: shape.For[stats1]()},
		"json":                          {Encoding: "json"},
		`serde opaque("","decimal(2)")`: {Encoding: shape.CustomEncoding, Shape: shape.Custom("csv", money{})},
		`serde opaque("main.csv")`:      {Encoding: shape.CustomEncoding, Shape: shape.Custom("main.csv", nil)},
		"json float64":                  {Encoding: "json", Shape: shape.For[float64]()},
	} {
		if got := f.String(); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
		back, err := shape.ParseForm(text)
		if err != nil || back.String() != text || len(shape.CompareForms(f, back)) > 0 {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
	}
	if got := shape.CompareForms(shape.Form{Encoding: "int64", Shape: shape.For[int64]()}, shape.Form{Encoding: "json", Shape: shape.For[int64]()}); len(got) != 1 || got[0].What != shape.Retyped {
		t.Errorf("got %v", got)
	}
}

func FuzzParseText(f *testing.F) {
	for _, s := range []*shape.Shape{shape.For[visit](), shape.For[tree](), shape.For[forest](), shape.For[money]()} {
		f.Add(s.Text())
	}
	f.Add("[2]?~^1")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := shape.ParseText(text)
		if err != nil || s == nil {
			return
		}
		again, err := shape.ParseText(s.Text())
		if err != nil || again.Text() != s.Text() {
			t.Fatalf("%q is %q is %q, %v", text, s.Text(), again.Text(), err)
		}
	})
}
