package json

import "strconv"

// append appends the JSON of the value at p, or returns false: then encoding/json
// must encode the record.
func (n *node) append(dst []byte, p pointer, depth int) ([]byte, bool) {
	switch n.kind {
	case textKind:
		return appendText(dst, *as[string](p))
	case int64Kind:
		return appendInt(dst, *as[int64](p)), true
	case structKind:
		return n.object.append(dst, p, depth)
	case float64Kind:
		return appendFloat(dst, *as[float64](p), 64)
	case boolKind:
		return strconv.AppendBool(dst, *as[bool](p)), true
	case int32Kind:
		return appendInt(dst, int64(*as[int32](p))), true
	case int16Kind:
		return appendInt(dst, int64(*as[int16](p))), true
	case int8Kind:
		return appendInt(dst, int64(*as[int8](p))), true
	case uint64Kind:
		return appendUint(dst, *as[uint64](p)), true
	case uint32Kind:
		return appendUint(dst, uint64(*as[uint32](p))), true
	case uint16Kind:
		return appendUint(dst, uint64(*as[uint16](p))), true
	case uint8Kind:
		return appendUint(dst, uint64(*as[uint8](p))), true
	case float32Kind:
		return appendFloat(dst, float64(*as[float32](p)), 32)
	}
	if depth > maxDepth {
		return dst, false
	}
	return n.appendPart(dst, p, depth+1)
}

// appendPart appends what isn't a scalar or a struct.
func (n *node) appendPart(dst []byte, p pointer, depth int) ([]byte, bool) {
	switch n.kind {
	case sliceKind:
		return n.appendSlice(dst, as[slice](p), depth)
	case pointerKind:
		if elem := *as[pointer](p); elem != nil {
			return n.elem.append(dst, elem, depth)
		}
		return append(dst, "null"...), true
	case mapKind:
		return n.appendDict(dst, p, depth)
	case arrayKind:
		return n.appendItems(dst, p, n.len, depth)
	case timeKind:
		return appendTime(dst, p)
	case anyKind:
		return appendAnything(dst, *as[any](p), depth)
	case bytesKind:
		return appendBytes(dst, *as[[]byte](p)), true
	case rawKind:
		return appendRaw(dst, *as[[]byte](p))
	case numberKind:
		return appendNumber(dst, *as[string](p))
	case quotedKind:
		dst, ok := n.elem.append(append(dst, '"'), p, depth)
		return append(dst, '"'), ok
	case jsonMethod:
		return n.appendByJSONMethod(dst, p)
	case textMethod:
		return n.appendByTextMethod(dst, p)
	}
	return dst, false
}
