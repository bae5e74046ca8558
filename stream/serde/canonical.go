package serde

import (
	"errors"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
	"unsafe"
)

// Equality of keys is equality of their bytes. So a key is made canonical before it
// is encoded: -0 becomes 0, and a time UTC without a monotonic part. What equals no
// key, or is written as another key, is an error: NaN, and in JSON text that isn't
// UTF-8.

var (
	errNaN  = errors.New("the key has a NaN, which equals nothing, not even itself")
	errUTF8 = errors.New("the key has text that isn't UTF-8, which JSON can't hold")
)

// A canonicalSerde makes keys canonical before it encodes them.
type canonicalSerde[K any] struct {
	Serde[K]
	fixes []fix
}

// canonical returns a serde that makes keys canonical, or s itself if all keys of
// the type are. asJSON says that s writes JSON.
func canonical[K any](s Serde[K], asJSON bool) Serde[K] {
	f := fixer{text: asJSON}
	f.add(reflect.TypeFor[K](), 0)
	if len(f.fixes) == 0 {
		return s
	}
	return canonicalSerde[K]{s, f.fixes}
}

func (s canonicalSerde[K]) Append(dst []byte, k K) ([]byte, error) {
	for _, f := range s.fixes {
		if err := f.apply(unsafe.Pointer(&k)); err != nil {
			return dst, err
		}
	}
	return s.Serde.Append(dst, k)
}

// A fix makes one part of a key canonical: the one at an offset.
type fix struct {
	offset uintptr
	what   reflect.Kind // Float32, Float64, String; Struct: a time.Time
}

// apply changes the key that p points to.
func (f fix) apply(p unsafe.Pointer) error {
	switch p = unsafe.Add(p, f.offset); f.what {
	case reflect.Float64:
		n := (*float64)(p)
		if math.IsNaN(*n) {
			return errNaN
		}
		*n += 0 // -0 + 0 = 0
	case reflect.Float32:
		n := (*float32)(p)
		if *n != *n {
			return errNaN
		}
		*n += 0
	case reflect.String:
		if !utf8.ValidString(*(*string)(p)) {
			return errUTF8
		}
	case reflect.Struct:
		t := (*time.Time)(p)
		*t = t.UTC().Round(0)
	}
	return nil
}

// A fixer finds what must be made canonical in keys of a type.
type fixer struct {
	text  bool // text must be UTF-8
	fixes []fix
}

// add adds the fixes of a part of the key at an offset.
func (f *fixer) add(t reflect.Type, offset uintptr) {
	switch k := t.Kind(); k {
	case reflect.Float32, reflect.Float64:
		f.fixes = append(f.fixes, fix{offset, k})
	case reflect.Complex64:
		f.fixes = append(f.fixes, fix{offset, reflect.Float32}, fix{offset + 4, reflect.Float32})
	case reflect.Complex128:
		f.fixes = append(f.fixes, fix{offset, reflect.Float64}, fix{offset + 8, reflect.Float64})
	case reflect.String:
		if f.text {
			f.fixes = append(f.fixes, fix{offset, k})
		}
	case reflect.Array:
		for i := range t.Len() {
			f.add(t.Elem(), offset+uintptr(i)*t.Elem().Size())
		}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			f.fixes = append(f.fixes, fix{offset, k})
			return
		}
		for i := range t.NumField() {
			f.add(t.Field(i).Type, offset+t.Field(i).Offset)
		}
	}
}
