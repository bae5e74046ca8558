package json

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// methodsOf returns how a type's own methods code it, jsonMethod or textMethod; a
// kind that none of them does; or standard if only encoding/json knows.
func methodsOf(t reflect.Type, dir direction, addressable bool) (k kind, has bool) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return 0, false // what it refers to decides
	}
	receiver := t
	if addressable {
		receiver = reflect.PointerTo(t)
	}
	if hasNewerMethod(t, dir) {
		return standard, true
	}
	switch byJSON, byText := dir.interfaces(); {
	case receiver.Implements(byJSON):
		k = jsonMethod
	case receiver.Implements(byText):
		k = textMethod
	default:
		return 0, false
	}
	if t.Name() == "" { // methods of embedded types, which encoding/json doesn't always find
		return standard, true
	}
	return k, true
}

// hasNewerMethod reports whether a type has a method that only the second version of
// encoding/json knows. The names are constants, so that the linker still drops
// methods that nothing calls.
func hasNewerMethod(t reflect.Type, dir direction) (has bool) {
	if dir == toValue {
		_, has = reflect.PointerTo(t).MethodByName("UnmarshalJSONFrom")
	} else {
		_, has = reflect.PointerTo(t).MethodByName("MarshalJSONTo")
	}
	return has
}

func (d direction) interfaces() (byJSON, byText reflect.Type) {
	if d == toValue {
		return reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()
	}
	return reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()
}

// jsonMethod decodes a value by its own method.
func (d *decoder) jsonMethod(n *node, p pointer, i int) int {
	end := d.skip(i)
	if end == handOver || withPointer(n.proto, p).(json.Unmarshaler).UnmarshalJSON(d.src[i:end:end]) != nil {
		return handOver
	}
	return end
}

// textMethod decodes a string by the method of a value.
func (d *decoder) textMethod(n *node, p pointer, i int) int {
	if d.src[i] != '"' {
		return handOver
	}
	end, odd := scan(d.src, i+1)
	if odd != 0 || withPointer(n.proto, p).(encoding.TextUnmarshaler).UnmarshalText(d.src[i+1:end:end]) != nil {
		return handOver
	}
	return end + 1
}

func (n *node) appendByJSONMethod(dst []byte, p pointer) ([]byte, bool) {
	b, err := withPointer(n.proto, p).(json.Marshaler).MarshalJSON()
	if err != nil {
		return dst, false
	}
	return appendCompact(dst, b)
}

func (n *node) appendByTextMethod(dst []byte, p pointer) ([]byte, bool) {
	b, err := withPointer(n.proto, p).(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return dst, false
	}
	return appendText(dst, string(b))
}
