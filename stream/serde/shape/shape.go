package shape

// A Shape describes the stored form of a type. It is JSON. Shapes are shared
// and must not be changed; [Shape.Clone] makes a copy.
type Shape struct {
	Kind Kind `json:"kind"`
	// Type is the name of the Go type, for display. For [Opaque] it is what the
	// type is known by.
	Type string `json:"type,omitempty"`
	// Optional says that null may stand in this place: a pointer. Like Quoted, it
	// belongs to the place, and a Ref has its own.
	Optional bool `json:"optional,omitempty"`
	// Quoted says that the value is written as a JSON string (the option
	// ",string" of a field's tag).
	Quoted bool `json:"quoted,omitempty"`
	// ID is set where a [Ref] refers to this shape. IDs are unique within the
	// outermost shape.
	ID int `json:"id,omitempty"`
	// Ref is the ID of the shape that stands in place of a [Ref].
	Ref    int     `json:"ref,omitempty"`
	Fields []Field `json:"fields,omitempty"` // of a Struct, in the order of the Go fields
	Key    *Shape  `json:"key,omitempty"`    // of a Map
	Elem   *Shape  `json:"elem,omitempty"`   // of a List, an Array or a Map
	Len    int     `json:"len,omitempty"`    // of an Array
	// Schema describes an Opaque type, in words of its own: the result of its
	// method Schema() string.
	Schema string `json:"schema,omitempty"`
}

// A Field is a member of a Struct.
type Field struct {
	Name  string `json:"name"` // as in JSON
	Shape *Shape `json:"shape"`
	// Omits says that an empty value is left out (omitempty, omitzero).
	Omits bool `json:"omits,omitempty"`
}

// Kind says how a value is written.
type Kind string

const (
	Bool    Kind = "bool"
	Int8    Kind = "int8"
	Int16   Kind = "int16"
	Int32   Kind = "int32"
	Int64   Kind = "int64" // and int, and time.Duration
	Uint8   Kind = "uint8"
	Uint16  Kind = "uint16"
	Uint32  Kind = "uint32"
	Uint64  Kind = "uint64" // and uint, uintptr
	Float32 Kind = "float32"
	Float64 Kind = "float64"
	Number  Kind = "number" // json.Number
	String  Kind = "string"
	Bytes   Kind = "bytes" // []byte
	Time    Kind = "time"  // time.Time
	Any     Kind = "any"   // an interface: whatever the value is
	List    Kind = "list"
	Array   Kind = "array"
	Map     Kind = "map"
	Struct  Kind = "struct"
	Ref     Kind = "ref"    // a shape that is described elsewhere in the same shape
	Opaque  Kind = "opaque" // written by methods of its own, by a custom serde, or not at all
)

// Clone returns a deep copy; nil for nil.
func (s *Shape) Clone() *Shape {
	if s == nil {
		return nil
	}
	c := *s
	c.Key, c.Elem = s.Key.Clone(), s.Elem.Clone()
	if s.Fields != nil {
		c.Fields = make([]Field, len(s.Fields))
		for i, f := range s.Fields {
			c.Fields[i] = Field{f.Name, f.Shape.Clone(), f.Omits}
		}
	}
	return &c
}

// each calls f with a shape and all shapes within it, the outer ones first.
func (s *Shape) each(f func(*Shape)) {
	if s == nil {
		return
	}
	f(s)
	for i := range s.Fields {
		s.Fields[i].Shape.each(f)
	}
	s.Key.each(f)
	s.Elem.each(f)
}

// ByID returns the shapes within s that refs refer to, by their IDs.
func (s *Shape) ByID() map[int]*Shape {
	found := make(map[int]*Shape)
	s.each(func(in *Shape) {
		if in.ID != 0 {
			found[in.ID] = in
		}
	})
	return found
}
