package kv

import (
	"reflect"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// An owner gives the strings of a value memory of their own. The strings of a decoded
// record share a buffer, which a value that keeps one of them would retain, without
// counting it.
type owner[V any] struct {
	offsets []uintptr // of the strings in a V
	deep    bool      // a V may refer to more strings
}

func newOwner[V any]() owner[V] {
	var o owner[V]
	o.find(reflect.TypeFor[V](), 0)
	return o
}

// find adds the strings of a type at an offset.
func (o *owner[V]) find(t reflect.Type, offset uintptr) {
	if t == reflect.TypeFor[time.Time]() {
		return // its location is no part of a record
	}
	switch t.Kind() {
	case reflect.String:
		o.offsets = append(o.offsets, offset)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			o.find(f.Type, offset+f.Offset)
		}
	case reflect.Array:
		for i := range t.Len() {
			o.find(t.Elem(), offset+uintptr(i)*t.Elem().Size())
		}
	default:
		o.deep = o.deep || refersToStrings(t, nil)
	}
}

// refersToStrings reports whether values of a type may refer to strings. path has the
// types on the way, so that recursive types end.
func refersToStrings(t reflect.Type, path []reflect.Type) bool {
	if t == reflect.TypeFor[time.Time]() || slices.Contains(path, t) {
		return false
	}
	path = append(path, t)
	switch t.Kind() {
	case reflect.String, reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return refersToStrings(t.Elem(), path)
	case reflect.Map:
		return refersToStrings(t.Key(), path) || refersToStrings(t.Elem(), path)
	case reflect.Struct:
		for i := range t.NumField() {
			if refersToStrings(t.Field(i).Type, path) {
				return true
			}
		}
	}
	return false
}

// own gives a value's strings one buffer that contains nothing else.
func (o *owner[V]) own(v *V) {
	total := 0
	for _, offset := range o.offsets {
		total += len(*o.at(v, offset))
	}
	if total == 0 {
		return
	}
	var b strings.Builder
	b.Grow(total)
	for _, offset := range o.offsets {
		b.WriteString(*o.at(v, offset))
	}
	all := b.String()
	for _, offset := range o.offsets {
		s := o.at(v, offset)
		*s, all = all[:len(*s)], all[len(*s):]
	}
}

// at returns the string at an offset, which find has found.
func (o *owner[V]) at(v *V, offset uintptr) *string {
	return (*string)(unsafe.Add(unsafe.Pointer(v), offset))
}
