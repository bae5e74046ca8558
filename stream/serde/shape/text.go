package shape

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// maxText is how long a text may be: plans and meta records have them. A longer one
// is replaced by its hash.
const maxText = 16 << 10

// Text returns a shape in one line. Two shapes have equal texts if, and only if, they
// describe the same stored form: names of Go types, and whether two fields share one
// of them, make no difference. [ParseText] reads it.
//
//	int64, string, time, …     kinds
//	?int64                     null may stand here
//	~int64                     written as a JSON string
//	[]string, [4]int8          lists and arrays
//	map[string]int64           maps
//	{Count:int64,"a b":bool}   structs
//	^1                         the list, map or struct that many levels up
//	opaque("main.Money")       a type or serde that is known by its name
//	opaque("","decimal(2)")    one that is known by its schema
func (s *Shape) Text() string { return s.text(false) }

// KeyText is Text of the shape of keys. Bytes of keys must not change, so it also
// has the order of the fields, and which of them are left out if they are empty
// (Count?:int64).
func (s *Shape) KeyText() string { return s.text(true) }

func (s *Shape) text(key bool) string {
	if s == nil {
		return ""
	}
	w := textWriter{key: key, byID: s.ByID()}
	w.write(s, s)
	if w.b.Len() <= maxText {
		return w.b.String()
	}
	b, _ := json.Marshal(s.bare()) // plain data
	sum := sha256.Sum256(b)
	return (&Shape{Kind: Opaque, Schema: "sha256 " + hex.EncodeToString(sum[:])}).text(key)
}

// bare returns a copy without names of Go types.
func (s *Shape) bare() *Shape {
	c := s.Clone()
	c.each(func(in *Shape) {
		if in.Kind != Opaque {
			in.Type = ""
		}
	})
	return c
}

type textWriter struct {
	b    strings.Builder
	key  bool
	byID map[int]*Shape
	path []*Shape // the lists, maps and structs around
}

// write writes what stands in a place: a shape, or one that a ref refers to.
func (w *textWriter) write(place, s *Shape) {
	if w.b.Len() > maxText {
		return
	}
	if place.Optional {
		w.b.WriteByte('?')
	}
	if place.Quoted {
		w.b.WriteByte('~')
	}
	if s.Kind == Ref {
		s = w.byID[s.Ref]
	}
	for i, around := range w.path {
		if around == s {
			w.b.WriteString("^" + strconv.Itoa(len(w.path)-i))
			return
		}
	}
	w.path = append(w.path, s)
	w.body(s)
	w.path = w.path[:len(w.path)-1]
}

func (w *textWriter) body(s *Shape) {
	switch s.Kind {
	case List:
		w.b.WriteString("[]")
		w.write(s.Elem, s.Elem)
	case Array:
		w.b.WriteString("[" + strconv.Itoa(s.Len) + "]")
		w.write(s.Elem, s.Elem)
	case Map:
		w.b.WriteString("map[")
		w.write(s.Key, s.Key)
		w.b.WriteByte(']')
		w.write(s.Elem, s.Elem)
	case Struct:
		w.fields(s)
	case Opaque:
		w.opaque(s)
	default:
		w.b.WriteString(string(s.Kind))
	}
}

func (w *textWriter) fields(s *Shape) {
	fields := s.Fields
	if !w.key { // JSON may have them in any order
		fields = slices.SortedFunc(slices.Values(fields), func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	}
	w.b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			w.b.WriteByte(',')
		}
		w.b.WriteString(fieldName(f.Name))
		if w.key && f.Omits {
			w.b.WriteByte('?')
		}
		w.b.WriteByte(':')
		w.write(f.Shape, f.Shape)
	}
	w.b.WriteByte('}')
}

// opaque writes the schema, or else the name.
func (w *textWriter) opaque(s *Shape) {
	w.b.WriteString("opaque(")
	if s.Schema != "" {
		w.b.WriteString(`"",` + strconv.Quote(s.Schema))
	} else {
		w.b.WriteString(strconv.Quote(s.Type))
	}
	w.b.WriteByte(')')
}

// fieldName quotes a name that isn't made of letters, digits, '_', '-' and '.'.
func fieldName(name string) string {
	for _, c := range name {
		if !plain(c) {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

func plain(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}
