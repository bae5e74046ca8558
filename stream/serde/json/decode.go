package json

// A decoder decodes one document. Its methods take the position of a value and
// return the position after it, or handOver. It lives on the stack.
type decoder struct {
	src     []byte
	depth   int
	unset   unset  // strings
	scratch []byte // the bytes of strings with escapes
}

// maxSource is the largest document of the fast path, whose positions fit an int32.
const maxSource = 1 << 30

// parse sets the value at p from a document, or returns false. Then the value is
// partly set.
func parse(n *node, src []byte, p pointer) bool {
	if n.kind == standard || len(src) > maxSource {
		return false
	}
	d := decoder{src: src}
	i := d.value(n, p, space(src, 0))
	if i == handOver || space(src, i) != len(src) {
		return false
	}
	d.settle(0)
	return true
}

// value decodes a value into the zero value at p.
func (d *decoder) value(n *node, p pointer, i int) int {
	if uint(i) >= uint(len(d.src)) {
		return handOver
	}
	switch c := d.src[i]; {
	case c == '"' && n.kind == textKind:
		return d.text(as[string](p), i+1)
	case c == 'n' && n.kind < rawKind:
		return literal(d.src, i, "null")
	}
	switch n.kind {
	case int64Kind, int32Kind, int16Kind, int8Kind:
		return d.signed(n.kind, p, i)
	case uint64Kind, uint32Kind, uint16Kind, uint8Kind:
		return d.unsigned(n.kind, p, i)
	case float64Kind, float32Kind:
		return d.float(n.kind, p, i)
	case boolKind:
		return boolean(d.src, i, as[bool](p))
	case structKind:
		return d.object(n.object, p, i)
	case sliceKind:
		return d.list(n, p, i)
	case pointerKind:
		return d.pointer(n, p, i)
	case mapKind:
		return d.dict(n, p, i)
	}
	return d.seldom(n, p, i)
}

// seldom decodes values of the less frequent kinds.
func (d *decoder) seldom(n *node, p pointer, i int) int {
	switch n.kind {
	case timeKind:
		return d.time(p, i)
	case arrayKind:
		return d.array(n, p, i)
	case anyKind:
		v, end := d.anything(i)
		*as[any](p) = v
		return end
	case bytesKind:
		return d.bytes(as[[]byte](p), i)
	case rawKind:
		return d.raw(as[[]byte](p), i)
	case numberKind:
		return d.number(as[string](p), i)
	case quotedKind:
		return d.quoted(n.elem, p, i)
	case jsonMethod:
		return d.jsonMethod(n, p, i)
	case textMethod:
		return d.textMethod(n, p, i)
	}
	return handOver
}

// pointer decodes what a pointer refers to into new memory.
func (d *decoder) pointer(n *node, p pointer, i int) int {
	elem := allocate(n.elem)
	*as[pointer](p) = elem
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	i = d.value(n.elem, elem, i)
	d.depth--
	return i
}

// next returns the position from i of the first byte that isn't white space, and
// the byte, which is 0 at the end.
func next(src []byte, i int) (int, byte) {
	if uint(i) < uint(len(src)) && src[i] > ' ' {
		return i, src[i]
	}
	return nextAfterSpace(src, i)
}

func nextAfterSpace(src []byte, i int) (int, byte) {
	if i = space(src, i); uint(i) < uint(len(src)) {
		return i, src[i]
	}
	return i, 0
}

// space returns the position from i of the first byte that isn't white space.
func space(src []byte, i int) int {
	for uint(i) < uint(len(src)) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	return i
}

// literal returns the position after one of the literals of JSON.
func literal(src []byte, i int, name string) int {
	if end := i + len(name); end <= len(src) && string(src[i:end]) == name {
		return end
	}
	return handOver
}

// boolean decodes true or false.
func boolean(src []byte, i int, b *bool) int {
	if src[i] == 't' {
		*b = true
		return literal(src, i, "true")
	}
	return literal(src, i, "false")
}
