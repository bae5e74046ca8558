package json

// skip returns the position after any valid value, as white space before it is
// skipped already. Strings may be invalid UTF-8, as in encoding/json.
func (d *decoder) skip(i int) int {
	if uint(i) >= uint(len(d.src)) {
		return handOver
	}
	switch d.src[i] {
	case '"':
		return skipText(d.src, i+1)
	case '{':
		return d.skipObject(i + 1)
	case '[':
		return d.skipList(i + 1)
	case 't':
		return literal(d.src, i, "true")
	case 'f':
		return literal(d.src, i, "false")
	case 'n':
		return literal(d.src, i, "null")
	}
	return number(d.src, i)
}

func (d *decoder) skipList(i int) int {
	i, c := next(d.src, i)
	if c == ']' {
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	for {
		if i = d.skip(i); i == handOver {
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
}

func (d *decoder) skipObject(i int) int {
	i, c := next(d.src, i)
	if c == '}' {
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	for {
		if c != '"' {
			return handOver
		}
		if i = skipText(d.src, i+1); i == handOver {
			return handOver
		}
		if i, c = next(d.src, i); c != ':' {
			return handOver
		}
		i, _ = next(d.src, i+1)
		if i = d.skip(i); i == handOver {
			return handOver
		}
		if i, c = next(d.src, i); c == '}' {
			d.depth--
			return i + 1
		}
		if c != ',' {
			return handOver
		}
		i, c = next(d.src, i+1)
	}
}

// skipText returns the position after a string whose first byte is src[i].
func skipText(src []byte, i int) int {
	end, odd := scan(src, i)
	if odd == 0 {
		return end + 1
	}
	if end == handOver || odd&escapes != 0 && !validEscapes(src[i:end]) {
		return handOver
	}
	return end + 1
}

// validEscapes reports whether the escapes of a string are such as JSON has.
func validEscapes(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		switch text[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if hex4(text[i+1:]) < 0 {
				return false
			}
			i += 4
		default:
			return false
		}
	}
	return true
}
