package json

import (
	"encoding/json"
	"reflect"
	"time"
)

// A direction is one of the two that a node is compiled for. The same type may be
// easy in one and hard in the other.
type direction bool

const (
	toValue direction = false
	toJSON  direction = true
)

// compile returns the node of a type whose values are addressable.
func compile(t reflect.Type, dir direction) *node {
	c := compiler{dir: dir, nodes: make(map[place]*node)}
	return c.node(t, true)
}

// A compiler makes one node for each type and place, so that types may be recursive.
type compiler struct {
	dir   direction
	nodes map[place]*node
}

// A place is a type and whether its values are addressable: those in a map aren't,
// so that encoding/json doesn't call methods with a pointer receiver.
type place struct {
	typ         reflect.Type
	addressable bool
}

func (c *compiler) node(t reflect.Type, addressable bool) *node {
	at := place{t, addressable || c.dir == toValue}
	if n := c.nodes[at]; n != nil {
		return n
	}
	n := &node{kind: standard, typ: t, size: t.Size()}
	c.nodes[at] = n
	c.set(n, at.addressable)
	return n
}

// set sets the kind of a node, and what belongs to it.
func (c *compiler) set(n *node, addressable bool) {
	if k, ok := known(n.typ); ok {
		n.kind = k
		return
	}
	if k, has := methodsOf(n.typ, c.dir, addressable); has {
		n.kind, n.proto = k, reflect.Zero(reflect.PointerTo(n.typ)).Interface()
		return
	}
	switch n.typ.Kind() {
	case reflect.Pointer:
		n.kind, n.elem = pointerKind, c.node(n.typ.Elem(), true)
	case reflect.Slice:
		c.setSlice(n)
	case reflect.Array:
		n.kind, n.elem, n.len = arrayKind, c.node(n.typ.Elem(), addressable), n.typ.Len()
	case reflect.Map:
		c.setMap(n)
	case reflect.Struct:
		if o := c.object(n.typ, addressable); o != nil {
			n.kind, n.object = structKind, o
		}
	case reflect.Interface:
		if n.typ.NumMethod() == 0 {
			n.kind = anyKind
		}
	default:
		n.kind = scalar(n.typ)
	}
}

// known returns the kind of types whose form doesn't follow from their Go kind.
func known(t reflect.Type) (kind, bool) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return timeKind, true
	case reflect.TypeFor[json.RawMessage]():
		return rawKind, true
	case reflect.TypeFor[json.Number]():
		return numberKind, true
	}
	return 0, false
}

func scalar(t reflect.Type) kind {
	signed := map[uintptr]kind{1: int8Kind, 2: int16Kind, 4: int32Kind, 8: int64Kind}
	unsigned := map[uintptr]kind{1: uint8Kind, 2: uint16Kind, 4: uint32Kind, 8: uint64Kind}
	switch t.Kind() {
	case reflect.Bool:
		return boolKind
	case reflect.String:
		return textKind
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return signed[t.Size()]
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return unsigned[t.Size()]
	case reflect.Float32:
		return float32Kind
	case reflect.Float64:
		return float64Kind
	}
	return standard
}

// setSlice makes a slice of bytes base64, unless a byte has methods.
func (c *compiler) setSlice(n *node) {
	elem := n.typ.Elem()
	n.elem, n.empty = c.node(elem, true), reflect.MakeSlice(n.typ, 0, 0).UnsafePointer()
	switch {
	case elem.Kind() != reflect.Uint8:
		n.kind = sliceKind
	case reflect.PointerTo(elem).NumMethod() == 0:
		n.kind = bytesKind
	}
}

// setMap takes maps whose keys are strings or integers without methods.
func (c *compiler) setMap(n *node) {
	key := n.typ.Key()
	k := scalar(key)
	if reflect.PointerTo(key).NumMethod() > 0 || k != textKind && (k < int8Kind || k > uint64Kind) {
		return
	}
	n.kind, n.key, n.elem = mapKind, &node{kind: k, typ: key, size: key.Size()}, c.node(n.typ.Elem(), false)
}

// object returns the compiled form of a struct, or nil.
func (c *compiler) object(t reflect.Type, addressable bool) *object {
	fields, ok := fieldsOf(t)
	if !ok || len(fields) == 0 || len(fields) > maxFields {
		return nil
	}
	o := &object{fields: fields, after: newOrder(len(fields))}
	list := make([]string, len(fields))
	for i := range fields {
		f := &fields[i]
		f.node = c.node(f.typ, addressable)
		if f.quoted {
			f.node = quote(f.node)
		}
		if f.node.kind == textKind {
			f.lead = newLead(f.lead.text + `"`)
		}
		list[i] = f.name
	}
	o.names = newNames(list)
	return o
}

// quote returns the node of a field with the option ",string".
func quote(n *node) *node {
	if n.kind > float64Kind {
		return &node{kind: standard, typ: n.typ, size: n.size}
	}
	return &node{kind: quotedKind, typ: n.typ, size: n.size, elem: n}
}
