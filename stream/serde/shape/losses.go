package shape

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// A Loss is a part of a type that its JSON doesn't keep.
type Loss struct {
	Path string // from the type to the part, as Go writes it: main.Visit.pages
	Why  string // completes "Path …"
}

func (l Loss) String() string { return l.Path + " " + l.Why }

// Losses lists what of a type's values is lost when they are written as JSON and
// read again. It leaves out the fields with the tag grete:"-", and types that
// marshal themselves both ways.
func Losses(t reflect.Type) []Loss { return losses(t, false) }

// KeyLosses is [Losses] of a type of keys. Equal keys have equal bytes, and other
// keys have other bytes. So a key has neither pointers nor interfaces, and all of
// its fields are written.
func KeyLosses(t reflect.Type) []Loss { return losses(t, true) }

func losses(t reflect.Type, key bool) []Loss {
	f := lossFinder{key: key, seen: make(map[reflect.Type]bool)}
	f.find(t, t.String())
	return f.found
}

type lossFinder struct {
	key   bool
	seen  map[reflect.Type]bool
	found []Loss
}

func (f *lossFinder) add(path, format string, args ...any) {
	f.found = append(f.found, Loss{path, fmt.Sprintf(format, args...)})
}

func (f *lossFinder) find(t reflect.Type, path string) {
	if f.key && t.Kind() == reflect.Pointer {
		f.add(path, "is a pointer, and pointers to equal values are different keys")
		return
	}
	if f.seen[t] {
		return
	}
	f.seen[t] = true
	if t.Kind() == reflect.Pointer {
		f.find(t.Elem(), path)
		return
	}
	if t == reflect.TypeFor[time.Time]() || f.marshals(t, path) {
		return
	}
	switch t.Kind() {
	case reflect.Interface:
		f.iface(t, path)
	case reflect.Struct:
		f.fields(t, path)
	case reflect.Map:
		f.mapKey(t.Key(), path)
		f.find(t.Elem(), path+"[]")
	case reflect.Slice, reflect.Array:
		f.find(t.Elem(), path+"[]")
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		f.add(path, "is a %s, which JSON can't hold", t.Kind())
	}
}

// marshals reports whether a type writes its own JSON. It must read it, too.
func (f *lossFinder) marshals(t reflect.Type, path string) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	writes := implements[json.Marshaler](t) || implements[encoding.TextMarshaler](t)
	reads := implements[json.Unmarshaler](t) || implements[encoding.TextUnmarshaler](t)
	switch {
	case writes && !reads:
		f.add(path, "writes its own JSON and can't read it: add UnmarshalJSON or UnmarshalText")
	case reads && !writes:
		f.add(path, "reads its own JSON and can't write it: add MarshalJSON or MarshalText")
	}
	return writes || reads
}

// implements reports whether a type or a pointer to it has the methods of I.
func implements[I any](t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}

func (f *lossFinder) iface(t reflect.Type, path string) {
	switch {
	case f.key:
		f.add(path, "is an interface, whose type isn't written")
	case t.NumMethod() > 0:
		f.add(path, "is the interface %s, whose type isn't written, so it can't be read", t)
	}
}

func (f *lossFinder) mapKey(t reflect.Type, path string) {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return
	}
	if !implements[encoding.TextMarshaler](t) || !implements[encoding.TextUnmarshaler](t) {
		f.add(path, "is a map whose keys (%s) JSON can't hold: they must be strings or integers, or have MarshalText and UnmarshalText", t)
	}
}

func (f *lossFinder) fields(t reflect.Type, path string) {
	written := make(map[string]bool)
	for _, w := range fieldsOf(t) {
		written[fmt.Sprint(w.index)] = true
	}
	f.fieldsAt(t, path, nil, written)
}

// fieldsAt looks at the fields of a struct, or of one that is embedded at an index.
// written has the indices of the fields that are in the JSON of the outermost one.
func (f *lossFinder) fieldsAt(t reflect.Type, path string, index []int, written map[string]bool) {
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Name == "_" || sf.Tag.Get("grete") == "-" {
			continue
		}
		at, name := append(index[:len(index):len(index)], i), path+"."+sf.Name
		if embedded := embeds(sf); embedded != nil {
			f.embedded(sf, embedded, name, at, written)
		} else {
			f.field(sf, name, written[fmt.Sprint(at)])
		}
	}
}

// embeds returns the struct whose fields encoding/json takes for those of the struct with
// this field; nil if it doesn't.
func embeds(sf reflect.StructField) reflect.Type {
	t := sf.Type
	if sf.Anonymous && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	tag, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if !sf.Anonymous || tag != "" || t.Kind() != reflect.Struct || marshalsItself(t) {
		return nil
	}
	return t
}

func (f *lossFinder) embedded(sf reflect.StructField, t reflect.Type, name string, at []int, written map[string]bool) {
	pointer := sf.Type.Kind() == reflect.Pointer
	switch {
	case pointer && !sf.IsExported():
		f.add(name, "is an embedded pointer to a type that isn't exported, which can't be read")
	case pointer && f.key:
		f.find(sf.Type, name)
	case !f.seen[t]:
		f.seen[t] = true
		f.fieldsAt(t, name, at, written)
	}
}

// field looks at a field that embeds nothing.
func (f *lossFinder) field(sf reflect.StructField, name string, written bool) {
	excluded := sf.Tag.Get("json") == "-"
	switch {
	case !sf.IsExported():
		f.add(name, "isn't exported, so it isn't written")
	case excluded && f.key:
		f.add(name, `isn't written (json:"-"), so keys that differ in it are one key`)
	case excluded:
	case !written:
		f.add(name, "isn't written: another field has the same JSON name")
	default:
		f.find(sf.Type, name)
	}
}
