package json

import "reflect"

// Memory of a type that only the node knows is allocated by package reflect.

// allocate returns the pointer to a new zero value.
func allocate(n *node) pointer {
	switch n.kind {
	case textKind:
		return pointerTo(new(string))
	case int64Kind:
		return pointerTo(new(int64))
	case float64Kind:
		return pointerTo(new(float64))
	case boolKind:
		return pointerTo(new(bool))
	}
	return reflect.New(n.typ).UnsafePointer()
}

// firstItems is how many items a slice has room for at first.
const firstItems = 4

// grow makes room in a slice of a node's type, for zero values.
func (n *node) grow(s *slice) {
	reflect.NewAt(n.typ, pointerTo(s)).Elem().Grow(max(firstItems, s.len))
}
