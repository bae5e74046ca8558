package shape

import (
	"encoding"
	"encoding/json"
	"reflect"
	"time"
)

// For returns the shape of T.
func For[T any]() *Shape { return Of(reflect.TypeFor[T]()) }

// Of returns the shape of a type's JSON. Map keys, strings, integers and []byte
// have the same shape where a serde of their own writes them.
func Of(t reflect.Type) *Shape {
	d := describer{seen: make(map[reflect.Type]*Shape)}
	return d.describe(t)
}

// Custom returns the shape of what a user's serde writes, under the serde's
// name. If the serde has a method Schema() string, the shape has its result.
func Custom(name string, serde any) *Shape {
	return &Shape{Kind: Opaque, Type: name, Schema: schemaOf(serde)}
}

// A schemer is a type or a serde that describes its own form.
type schemer interface{ Schema() string }

func schemaOf(v any) string {
	if s, ok := v.(schemer); ok {
		return s.Schema()
	}
	return ""
}

// A describer makes one outermost shape. It describes each named or struct type
// once, and refers to it from then on: types may be recursive.
type describer struct {
	seen map[reflect.Type]*Shape
	ids  int
}

func (d *describer) describe(t reflect.Type) *Shape {
	if s, ok := builtin(t); ok {
		return s
	}
	if t.Kind() == reflect.Pointer {
		s := d.describe(t.Elem())
		s.Optional = true
		return s
	}
	if marshalsItself(t) {
		return opaque(t)
	}
	if kind, ok := scalar(t.Kind()); ok {
		return &Shape{Kind: kind, Type: nameOf(t)}
	}
	return d.composite(t)
}

// composite describes what may contain itself.
func (d *describer) composite(t reflect.Type) *Shape {
	if known := d.seen[t]; known != nil {
		if known.ID == 0 {
			d.ids++
			known.ID = d.ids
		}
		return &Shape{Kind: Ref, Ref: known.ID}
	}
	s := &Shape{Type: nameOf(t)}
	if t.Name() != "" || t.Kind() == reflect.Struct {
		d.seen[t] = s
	}
	switch t.Kind() {
	case reflect.Slice:
		s.Kind, s.Elem = List, d.describe(t.Elem())
	case reflect.Array:
		s.Kind, s.Elem, s.Len = Array, d.describe(t.Elem()), t.Len()
	case reflect.Map:
		s.Kind, s.Key, s.Elem = Map, d.describe(t.Key()), d.describe(t.Elem())
	case reflect.Struct:
		s.Kind = Struct
		for _, f := range fieldsOf(t) {
			shape := d.describe(f.typ)
			shape.Quoted = f.quoted
			s.Fields = append(s.Fields, Field{f.name, shape, f.omits})
		}
	default: // functions, channels, complex numbers: they have no JSON
		return &Shape{Kind: Opaque, Type: t.String()}
	}
	return s
}

// builtin describes types whose JSON is known in spite of their own methods.
func builtin(t reflect.Type) (*Shape, bool) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &Shape{Kind: Time}, true
	case reflect.TypeFor[json.Number]():
		return &Shape{Kind: Number}, true
	case reflect.TypeFor[json.RawMessage]():
		return &Shape{Kind: Any}, true
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshalsItself(t) && !marshalsItself(t.Elem()) {
		return &Shape{Kind: Bytes, Type: nameOf(t)}, true
	}
	return nil, false
}

// nameOf is the name of a declared type, for display; empty for all others.
func nameOf(t reflect.Type) string {
	if t.PkgPath() == "" {
		return ""
	}
	return t.String()
}

// marshalsItself reports whether a type that is no pointer, or a pointer to it,
// has methods that write or read its form.
func marshalsItself(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false // the value's own type decides
	}
	for _, i := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	} {
		if reflect.PointerTo(t).Implements(i) { // the methods of t are among those of its pointer
			return true
		}
	}
	return false
}

func opaque(t reflect.Type) *Shape {
	return &Shape{Kind: Opaque, Type: t.String(), Schema: schemaOf(reflect.New(t).Interface())}
}

func scalar(k reflect.Kind) (Kind, bool) {
	switch k {
	case reflect.Bool:
		return Bool, true
	case reflect.Int8:
		return Int8, true
	case reflect.Int16:
		return Int16, true
	case reflect.Int32:
		return Int32, true
	case reflect.Int64, reflect.Int:
		return Int64, true
	case reflect.Uint8:
		return Uint8, true
	case reflect.Uint16:
		return Uint16, true
	case reflect.Uint32:
		return Uint32, true
	case reflect.Uint64, reflect.Uint, reflect.Uintptr:
		return Uint64, true
	case reflect.Float32:
		return Float32, true
	case reflect.Float64:
		return Float64, true
	case reflect.String:
		return String, true
	case reflect.Interface:
		return Any, true
	default:
		return "", false
	}
}
