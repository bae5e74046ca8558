package json

import "strconv"

// anything decodes a value for an interface: nil, bool, float64, string, []any or
// map[string]any.
func (d *decoder) anything(i int) (any, int) {
	if uint(i) >= uint(len(d.src)) {
		return nil, handOver
	}
	switch d.src[i] {
	case '"':
		s, end := d.ownText(i + 1)
		return s, end
	case '{':
		return d.anyObject(i)
	case '[':
		return d.anyList(i + 1)
	case 't':
		return true, literal(d.src, i, "true")
	case 'f':
		return false, literal(d.src, i, "false")
	case 'n':
		return nil, literal(d.src, i, "null")
	}
	f, end := float(d.src, i, 64)
	return f, end
}

// ownText decodes a string into memory of its own.
func (d *decoder) ownText(i int) (string, int) {
	if end, odd := scan(d.src, i); odd == 0 {
		return string(d.src[i:end]), end + 1
	}
	var s string
	first := d.unset.count
	if i = d.text(&s, i); i != handOver {
		d.settle(first)
	}
	return s, i
}

func (d *decoder) anyObject(i int) (any, int) {
	m := make(map[string]any)
	return m, fill(d, m, i)
}

func (d *decoder) anyList(i int) (any, int) {
	list := []any{}
	i, c := next(d.src, i)
	if c == ']' {
		return list, i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return nil, handOver
	}
	for {
		var v any
		if v, i = d.anything(i); i == handOver {
			return nil, handOver
		}
		list = append(list, v)
		if i, c = next(d.src, i); c == ']' {
			d.depth--
			return list, i + 1
		}
		if c != ',' {
			return nil, handOver
		}
		i, _ = next(d.src, i+1)
	}
}

// appendAnything appends the value of an interface, if it has one of the types that
// anything decodes, or an int.
func appendAnything(dst []byte, v any, depth int) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), true
	case string:
		return appendText(dst, v)
	case float64:
		return appendFloat(dst, v, 64)
	case bool:
		return strconv.AppendBool(dst, v), true
	case int:
		return appendInt(dst, int64(v)), true
	case int64:
		return appendInt(dst, v), true
	case map[string]any:
		return appendSorted(dst, v, depth, appendAnything)
	case []any:
		return appendAnyList(dst, v, depth)
	}
	return dst, false
}

func appendAnyList(dst []byte, list []any, depth int) (_ []byte, ok bool) {
	if depth > maxDepth {
		return dst, false
	}
	if list == nil {
		return append(dst, "null"...), true
	}
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendAnything(dst, v, depth+1); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}
