package json

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"time"
)

// fill sets a value.
func (g *generator) fill(v reflect.Value, depth int) {
	if g.one(8) || depth < 0 {
		return
	}
	if g.plain && g.fillPlain(v) {
		return
	}
	switch t := v.Type(); t {
	case reflect.TypeFor[time.Time]():
		at := time.Unix(g.Int64N(1<<36)-1<<35, g.Int64N(1e9))
		v.Set(reflect.ValueOf(pick(g, at, at.UTC(), at.UTC().Truncate(time.Second), at.In(time.FixedZone("", 3600*(g.IntN(60)-30))), at.AddDate(9000, 0, 0))))
		return
	case reflect.TypeFor[json.RawMessage]():
		g.out, g.spaces, g.odd = g.out[:0], pick(g, 0, 0, 2), 1<<30
		g.anything(2)
		v.SetBytes(append([]byte(nil), g.out...))
		return
	case reflect.TypeFor[json.Number]():
		g.out = g.out[:0]
		g.number()
		v.SetString(string(g.out))
		return
	case reflect.TypeFor[ranged]():
		v.Set(reflect.ValueOf(ranged{g.IntN(20), g.IntN(20)}))
		return
	}
	g.fillKind(v, depth)
}

// fillPlain sets times, texts and floats that have an encoding.
func (g *generator) fillPlain(v reflect.Value) bool {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(g.Int64N(1<<34), g.Int64N(1e9)).UTC()))
	case v.Type() == reflect.TypeFor[json.Number](), v.Type() == reflect.TypeFor[json.RawMessage]():
		v.Set(reflect.ValueOf(pick(g, "1", "-2.5e3", `12`)).Convert(v.Type()))
	case v.Kind() == reflect.String:
		v.SetString(pick(g, "", "a", "user-17", "/index.html", "Mozilla/5.0 (X11; Linux x86_64)", "a\"b", "\n", "ü🙂", "\u2028"))
	case v.Kind() == reflect.Float64, v.Kind() == reflect.Float32:
		v.SetFloat(math.Round(g.NormFloat64()*1e6) / pick(g, 1., 10, 1000, 1e6, 1e12))
	default:
		return false
	}
	return true
}

func (g *generator) fillKind(v reflect.Value, depth int) {
	t := v.Type()
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(g.one(2))
	case reflect.String:
		v.SetString(g.goText())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(g.Uint64()) >> g.IntN(64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(g.Uint64() >> g.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(g.float())
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		g.fill(v.Elem(), depth-1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, g.IntN(9), 9))
		g.fillItems(v, depth)
	case reflect.Array:
		g.fillItems(v, depth)
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		for range g.IntN(5) {
			key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			g.fill(key, 1)
			g.fill(elem, depth-1)
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if v.Field(i).CanSet() {
				g.fill(v.Field(i), depth-1)
			}
		}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			g.fillAny(v, depth)
		}
	}
}

func (g *generator) fillItems(v reflect.Value, depth int) {
	for i := range v.Len() {
		g.fill(v.Index(i), depth-1)
	}
}

func (g *generator) fillAny(v reflect.Value, depth int) {
	t := pick(g, reflect.TypeFor[string](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int64](),
		reflect.TypeFor[[]any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[pair](), reflect.TypeFor[*ranged]())
	elem := reflect.New(t).Elem()
	g.fill(elem, depth-1)
	v.Set(elem)
}

func (g *generator) float() float64 {
	switch g.IntN(5) {
	case 0:
		return math.Float64frombits(g.Uint64())
	case 1:
		return pick(g, 0, math.Copysign(0, -1), 1e21, 1e20, 1e-6, 9.99e-7, math.MaxFloat64, 5e-324, math.NaN(), math.Inf(1), 1e15, -1e15, 1<<53, 1e-9, 1.5e-10)
	case 2:
		return float64(math.Float32frombits(g.Uint32()))
	default:
		return math.Round(g.NormFloat64()*1e6) / pick(g, 1., 10, 1000, 1e6)
	}
}

func (g *generator) goText() string {
	var s strings.Builder
	for range g.IntN(4) {
		s.WriteString(pick(g, "a", "user-17", "/index.html", "01234567", "Mozilla/5.0 (X11; Linux x86_64)", "\"", "\\", "\n", "\x00", "\x1f", "\x7f", "ü", "🙂",
			"\u2028", "\u2029", "<&>", "\b\f\r\t", "x", "yz", " ", "fail"))
		if g.one(60) {
			s.WriteString(pick(g, "\xff", "\xc3", "\xed\xa0\x80"))
		}
	}
	return s.String()
}
