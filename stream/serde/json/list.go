package json

// list decodes an array into a slice.
func (d *decoder) list(n *node, p pointer, i int) int {
	if d.src[i] != '[' {
		return handOver
	}
	s := as[slice](p)
	i, c := next(d.src, i+1)
	if c == ']' {
		s.data = n.empty
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	for first := d.unset.count; ; {
		if s.len == s.cap {
			d.growList(n, s, first)
		}
		s.len++
		if i = d.value(n.elem, at(s.data, uintptr(s.len-1)*n.elem.size), i); i == handOver {
			return handOver
		}
		if i, c = next(d.src, i); c == ']' {
			d.depth--
			return i + 1
		}
		if c != ',' {
			return handOver
		}
		i, _ = next(d.src, i+1)
		if d.unset.count-first >= settleAt {
			d.settle(first)
		}
	}
}

// settleAt is how many strings of a list wait to be set, so that few move with it.
const settleAt = 64

// growList makes room in a slice. Its items move, and with them strings that aren't
// set yet: those from first on in d.unset may be among them.
func (d *decoder) growList(n *node, s *slice, first int) {
	from := s.data
	n.grow(s)
	size := uintptr(s.len) * n.elem.size
	moved := d.unset.from(first)
	for i := range moved {
		t := &moved[i]
		t.target = relocate(t.target, from, s.data, size)
	}
}

// array decodes an array into a Go array. One with more items hands over.
func (d *decoder) array(n *node, p pointer, i int) int {
	if d.src[i] != '[' {
		return handOver
	}
	i, c := next(d.src, i+1)
	if c == ']' {
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	for item := 0; item < n.len; item++ {
		if i = d.value(n.elem, at(p, uintptr(item)*n.elem.size), i); i == handOver {
			return handOver
		}
		if i, c = next(d.src, i); c == ']' {
			d.depth--
			return i + 1
		}
		if c != ',' {
			return handOver
		}
		i, _ = next(d.src, i+1)
	}
	return handOver
}

func (n *node) appendSlice(dst []byte, s *slice, depth int) ([]byte, bool) {
	if s.data == nil {
		return append(dst, "null"...), true
	}
	return n.appendItems(dst, s.data, s.len, depth)
}

// appendItems appends the items of a slice or an array.
func (n *node) appendItems(dst []byte, first pointer, count, depth int) (_ []byte, ok bool) {
	if count == 0 { // there may be no memory at first
		return append(dst, "[]"...), true
	}
	dst = append(dst, '[')
	switch n.elem.kind {
	case int64Kind:
		return appendInts(dst, items[int64](first, count)), true
	case int32Kind:
		return appendInts(dst, items[int32](first, count)), true
	case textKind:
		return appendTexts(dst, items[string](first, count))
	}
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = n.elem.append(dst, at(first, uintptr(i)*n.elem.size), depth); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

// The items of some kinds have loops of their own.

func appendInts[T int32 | int64](dst []byte, list []T) []byte {
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendInt(dst, int64(v))
	}
	return append(dst, ']')
}

func appendTexts(dst []byte, list []string) (_ []byte, ok bool) {
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendText(dst, s); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}
