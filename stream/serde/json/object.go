package json

import (
	"reflect"
	"sync/atomic"
)

// An object is the compiled form of a struct.
type object struct {
	fields []field // in the order of encoding
	names  names
	// after has the field whose name is expected after each field, and first of all in
	// after[0]: the order in the last document. It is a guess, which any goroutine may
	// change.
	after []atomic.Uint32
}

// newOrder returns the order of declaration.
func newOrder(fields int) []atomic.Uint32 {
	after := make([]atomic.Uint32, fields+1)
	for f := range fields {
		after[f].Store(uint32(f))
	}
	return after
}

// A field is one of an object. Fields of embedded structs are the object's own.
type field struct {
	node   *node
	offset uintptr
	typ    reflect.Type
	name   string
	quoted bool     // the option ",string"
	lead   lead     // how an encoded field begins: a comma, its quoted name, a colon, and the quote of a string
	head   head     // its quoted name and a colon
	omit   omission // for which values the field isn't encoded
}

// maxFields is how many fields an object of the fast path may have.
const maxFields = 256

// seen has a bit for each field of an object.
type seen [maxFields / 64]uint64

// add adds a field, and reports false if it is there already.
func (s *seen) add(f uint32) bool {
	word, bit := f>>6%uint32(len(s)), uint64(1)<<(f&63)
	if s[word]&bit != 0 {
		return false
	}
	s[word] |= bit
	return true
}

// object decodes an object into a struct. This is where most of the time goes: the
// usual names, strings and integers take no further calls.
//
//nolint:gocyclo // the calls of its parts would take longer than what they do
func (d *decoder) object(o *object, p pointer, i int) int {
	if d.src[i] != '{' {
		return handOver
	}
	i, c := next(d.src, i+1)
	if c == '}' {
		return i + 1
	}
	if d.depth++; d.depth > maxDepth {
		return handOver
	}
	var seen seen
	src := d.src
	for after := uint32(0); ; {
		// The name, which is most likely the one that was next in the last document.
		from := i
		f := o.after[after].Load()
		field := &o.fields[f]
		if i = field.head.match(src, i); i == 0 {
			if f, i = o.find(src, from, after); i == handOver {
				return handOver
			}
			field = &o.fields[f&^unknown]
		}
		if uint(i) < uint(len(src)) && src[i] <= ' ' {
			i = space(src, i)
		}
		// The value.
		switch {
		case f == unknown:
			i = d.skip(i)
		case !seen.add(f):
			return handOver
		case field.node.kind == textKind && uint(i) < uint(len(src)) && src[i] == '"':
			after = f + 1
			i = d.text(as[string](at(p, field.offset)), i+1)
		case field.node.kind == int64Kind && uint(i) < uint(len(src)) && src[i] != 'n':
			after = f + 1
			*as[int64](at(p, field.offset)), i = signed(src, i, 64)
		default:
			after = f + 1
			i = d.value(field.node, at(p, field.offset), i)
		}
		if uint(i) >= uint(len(src)) { // also if it is handOver
			return handOver
		}
		// What is next.
		if c = src[i]; c <= ' ' {
			i, c = next(src, i)
		}
		if c == '}' {
			d.depth--
			return i + 1
		}
		if i++; c != ',' {
			return handOver
		}
		if uint(i) < uint(len(src)) && src[i] <= ' ' {
			i = space(src, i)
		}
	}
}

// unknown stands for a name that no field has.
const unknown = 1 << 31

// find looks for the field of the name at src[i], which isn't the expected one. It
// returns the position of the value.
func (o *object) find(src []byte, i int, after uint32) (f uint32, v int) {
	if uint(i) >= uint(len(src)) || src[i] != '"' {
		return 0, handOver
	}
	end, odd := scan(src, i+1)
	if end == handOver || odd&escapes != 0 {
		return 0, handOver
	}
	f, ok := o.names.find(src[i+1:end], odd != 0)
	if !ok {
		return 0, handOver
	}
	if f != unknown {
		o.after[after].Store(f)
	}
	v, c := next(src, end+1)
	if c != ':' {
		return 0, handOver
	}
	return f, v + 1
}

// append appends the JSON of a struct.
func (o *object) append(dst []byte, p pointer, depth int) (_ []byte, ok bool) {
	start := len(dst)
	for i := range o.fields {
		f := &o.fields[i]
		v := at(p, f.offset)
		if f.omit != never && f.omit.omits(v) {
			continue
		}
		dst = f.lead.append(dst)
		if f.node.kind == textKind { // lead has the first quote
			dst, ok = appendTextEnd(dst, *as[string](v))
		} else {
			dst, ok = f.node.append(dst, v, depth)
		}
		if !ok {
			return dst, false
		}
	}
	if len(dst) == start {
		return append(dst, "{}"...), true
	}
	dst[start] = '{' // instead of the first comma
	return append(dst, '}'), true
}
