package json

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// dict decodes an object into a map. Maps from strings to common types have code of
// their own, others go through package reflect.
func (d *decoder) dict(n *node, p pointer, i int) int {
	if d.src[i] != '{' {
		return handOver
	}
	if n.key.kind != textKind {
		return d.reflected(n, p, i)
	}
	switch n.elem.kind {
	case textKind:
		return fill(d, makeMap[string](p), i)
	case anyKind:
		return fill(d, makeMap[any](p), i)
	case float64Kind:
		return fill(d, makeMap[float64](p), i)
	case int64Kind:
		return fill(d, makeMap[int64](p), i)
	case boolKind:
		return fill(d, makeMap[bool](p), i)
	}
	return d.reflected(n, p, i)
}

// makeMap sets the map at p, which has this memory layout.
func makeMap[V any](p pointer) map[string]V {
	m := make(map[string]V)
	*as[map[string]V](p) = m
	return m
}

// fill decodes the object at src[i] into a map. A name that occurs twice hands over.
func fill[V any](d *decoder, m map[string]V, i int) int {
	i, c := next(d.src, i+1)
	if c == '}' {
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	for count := 1; ; count++ {
		if c != '"' {
			return handOver
		}
		var name string
		if name, i = d.ownText(i + 1); i == handOver {
			return handOver
		}
		if i, c = next(d.src, i); c != ':' {
			return handOver
		}
		var v V
		if i, c = next(d.src, i+1); c == 'n' {
			i = literal(d.src, i, "null")
		} else if v, i = element[V](d, i); i == handOver {
			return handOver
		}
		if m[name] = v; len(m) != count {
			return handOver
		}
		if i, c = next(d.src, i); c == '}' {
			d.depth--
			return i + 1
		}
		if c != ',' {
			return handOver
		}
		i, c = next(d.src, i+1)
	}
}

// element decodes a value of a map, which isn't null.
func element[V any](d *decoder, i int) (v V, end int) {
	if uint(i) >= uint(len(d.src)) {
		return v, handOver
	}
	switch v := any(&v).(type) {
	case *string:
		if d.src[i] != '"' {
			return *new(V), handOver
		}
		*v, end = d.ownText(i + 1)
	case *any:
		*v, end = d.anything(i)
	case *float64:
		*v, end = float(d.src, i, 64)
	case *int64:
		*v, end = signed(d.src, i, 64)
	case *bool:
		end = boolean(d.src, i, v)
	}
	return v, end
}

// reflected decodes an object into a map of any type that a codec knows.
func (d *decoder) reflected(n *node, p pointer, i int) int {
	m := reflect.MakeMap(n.typ)
	reflect.NewAt(n.typ, p).Elem().Set(m)
	i, c := next(d.src, i+1)
	if c == '}' {
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	key, elem := reflect.New(n.typ.Key()).Elem(), reflect.New(n.typ.Elem()).Elem()
	first := d.unset.count
	for count := 1; ; count++ {
		key.SetZero()
		elem.SetZero()
		if i = d.entry(n, key.Addr().UnsafePointer(), elem.Addr().UnsafePointer(), i); i == handOver {
			return handOver
		}
		d.settle(first)
		if m.SetMapIndex(key, elem); m.Len() != count {
			return handOver
		}
		if i, c = next(d.src, i); c == '}' {
			d.depth--
			return i + 1
		}
		if c != ',' {
			return handOver
		}
		i, _ = next(d.src, i+1)
	}
}

// entry decodes a name and a value.
func (d *decoder) entry(n *node, key, elem pointer, i int) int {
	if uint(i) >= uint(len(d.src)) || d.src[i] != '"' {
		return handOver
	}
	if n.key.kind == textKind {
		i = d.text(as[string](key), i+1)
	} else {
		i = d.quoted(n.key, key, i)
	}
	if i == handOver {
		return handOver
	}
	i, c := next(d.src, i)
	if c != ':' {
		return handOver
	}
	i, _ = next(d.src, i+1)
	return d.value(n.elem, elem, i)
}

// appendDict appends the JSON of a map, sorted by name.
func (n *node) appendDict(dst []byte, p pointer, depth int) ([]byte, bool) {
	if n.key.kind != textKind {
		return n.appendReflected(dst, p, depth)
	}
	switch n.elem.kind {
	case textKind:
		return appendSorted(dst, *as[map[string]string](p), depth, func(dst []byte, s string, _ int) ([]byte, bool) { return appendText(dst, s) })
	case anyKind:
		return appendSorted(dst, *as[map[string]any](p), depth, appendAnything)
	case float64Kind:
		return appendSorted(dst, *as[map[string]float64](p), depth, func(dst []byte, f float64, _ int) ([]byte, bool) { return appendFloat(dst, f, 64) })
	case int64Kind:
		return appendSorted(dst, *as[map[string]int64](p), depth, func(dst []byte, i int64, _ int) ([]byte, bool) { return appendInt(dst, i), true })
	case boolKind:
		return appendSorted(dst, *as[map[string]bool](p), depth, func(dst []byte, b bool, _ int) ([]byte, bool) { return strconv.AppendBool(dst, b), true })
	}
	return n.appendReflected(dst, p, depth)
}

func appendSorted[V any](dst []byte, m map[string]V, depth int, value func(dst []byte, v V, depth int) ([]byte, bool)) (_ []byte, ok bool) {
	if depth > maxDepth {
		return dst, false
	}
	if m == nil {
		return append(dst, "null"...), true
	}
	var few [16]string
	names := few[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendText(dst, name); !ok {
			return dst, false
		}
		if dst, ok = value(append(dst, ':'), m[name], depth+1); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

// A member is a name of a map and where its encoded value is.
type member struct {
	name     string
	from, to int
}

// appendReflected appends the JSON of a map of any type that a codec knows.
func (n *node) appendReflected(dst []byte, p pointer, depth int) (_ []byte, ok bool) {
	m := reflect.NewAt(n.typ, p).Elem()
	if m.IsNil() {
		return append(dst, "null"...), true
	}
	members, values, ok := n.members(m, depth)
	if !ok {
		return dst, false
	}
	dst = append(dst, '{')
	for i, e := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendText(dst, e.name); !ok {
			return dst, false
		}
		dst = append(append(dst, ':'), values[e.from:e.to]...)
	}
	return append(dst, '}'), true
}

// members returns the names of a map, sorted, and the encoded values.
func (n *node) members(m reflect.Value, depth int) (members []member, values []byte, ok bool) {
	key, elem := reflect.New(n.typ.Key()).Elem(), reflect.New(n.typ.Elem()).Elem()
	members, values = make([]member, 0, m.Len()), make([]byte, 0, 64*m.Len())
	for it := m.MapRange(); it.Next(); {
		key.SetIterKey(it)
		elem.SetIterValue(it)
		e := member{name: n.nameOf(key), from: len(values)}
		if values, ok = n.elem.append(values, elem.Addr().UnsafePointer(), depth); !ok {
			return nil, nil, false
		}
		e.to = len(values)
		members = append(members, e)
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return members, values, true
}

func (n *node) nameOf(key reflect.Value) string {
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10)
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10)
	}
	return key.String()
}
