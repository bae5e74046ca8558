package json

import "reflect"

// A node is the compiled form of a type, for one direction. Nodes are shared and
// don't change, except for the order of names that an object expects.
type node struct {
	kind   kind
	typ    reflect.Type
	size   uintptr
	elem   *node   // of a pointer, slice, array, map or quoted value
	empty  pointer // of a slice: the data of one without items
	len    int     // of an array
	object *object // of a struct
	key    *node   // of a map: the kind of its keys
	proto  any     // of a type with methods: a nil pointer to it
}

// kind says how the values of a type are coded.
type kind uint8

const (
	boolKind kind = iota
	int8Kind
	int16Kind
	int32Kind
	int64Kind
	uint8Kind
	uint16Kind
	uint32Kind
	uint64Kind
	float32Kind
	float64Kind
	textKind
	bytesKind
	timeKind
	numberKind
	anyKind
	pointerKind
	sliceKind
	arrayKind
	structKind
	mapKind
	quotedKind // a scalar in a JSON string: the option ",string"
	textMethod // a type that is a TextMarshaler or TextUnmarshaler
	rawKind    // from here on null isn't the zero value
	jsonMethod // a type that is a Marshaler or Unmarshaler
	standard   // a type that only encoding/json can do
)

// handOver is what functions of the fast path return instead of a position if
// encoding/json must do the record.
const handOver = -1

// maxDepth is how deep values may be nested on the fast path.
const maxDepth = 500
