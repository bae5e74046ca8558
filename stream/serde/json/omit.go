package json

import (
	"reflect"
	"time"
)

// An omission is the condition under which a field isn't encoded.
type omission uint8

const (
	never     omission = iota
	ifZero1            // 1 byte that is 0
	ifZero2            // 2 bytes
	ifZero4            // 4 bytes
	ifZero8            // 8 bytes
	ifEmpty            // a string or slice of length 0
	ifNoData           // a nil slice, pointer or map
	ifNoEntry          // a map without entries
	ifNoTime           // the zero time
	ifFloat32          // 0 or -0
	ifFloat64          // 0 or -0
)

// omissionOf returns when a field of a type is omitted, or false if only
// encoding/json knows.
func omissionOf(t reflect.Type, empty, zero bool) (omission, bool) {
	switch {
	case zero && empty && t.Kind() != reflect.Struct: // zero values are empty
		if _, ok := omitZero(t); !ok {
			return never, false
		}
		return omitEmpty(t)
	case zero:
		return omitZero(t)
	case empty:
		return omitEmpty(t)
	}
	return never, true
}

func omitEmpty(t reflect.Type) (omission, bool) {
	switch t.Kind() {
	case reflect.Float32:
		return ifFloat32, true
	case reflect.Float64:
		return ifFloat64, true
	case reflect.String, reflect.Slice:
		return ifEmpty, true
	case reflect.Pointer:
		return ifNoData, true
	case reflect.Map:
		return ifNoEntry, true
	case reflect.Struct:
		return never, true
	case reflect.Array, reflect.Interface:
		return never, false
	}
	return bySize(t)
}

func omitZero(t reflect.Type) (omission, bool) {
	if t == reflect.TypeFor[time.Time]() {
		return ifNoTime, true
	}
	if _, own := reflect.PointerTo(t).MethodByName("IsZero"); own {
		return never, false
	}
	switch t.Kind() {
	case reflect.String:
		return ifEmpty, true
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if _, own := t.MethodByName("IsZero"); own {
			return never, false
		}
		return ifNoData, true
	case reflect.Struct, reflect.Array, reflect.Interface, reflect.Float32, reflect.Float64:
		return never, false
	}
	return bySize(t)
}

// bySize returns the omission of booleans and integers.
func bySize(t reflect.Type) (omission, bool) {
	if k := scalar(t); k > uint64Kind {
		return never, false
	}
	return map[uintptr]omission{1: ifZero1, 2: ifZero2, 4: ifZero4, 8: ifZero8}[t.Size()], true
}

// omits reports whether the value at p is omitted.
func (o omission) omits(p pointer) bool {
	switch o {
	case ifZero1:
		return *as[uint8](p) == 0
	case ifZero2:
		return *as[uint16](p) == 0
	case ifZero4:
		return *as[uint32](p) == 0
	case ifZero8:
		return *as[uint64](p) == 0
	case ifEmpty:
		return len(*as[string](p)) == 0 // a slice begins as a string does
	case ifNoData:
		return *as[pointer](p) == nil
	case ifNoEntry:
		return len(*as[map[string]any](p)) == 0
	case ifNoTime:
		return as[time.Time](p).IsZero()
	case ifFloat32:
		return *as[float32](p) == 0
	case ifFloat64:
		return *as[float64](p) == 0
	}
	return false
}
