package serde

import (
	"fmt"
	"reflect"
)

// A Registry has the serdes of an app. It is filled while the pipeline is
// recorded; afterwards several goroutines may use it. A nil registry has the
// built-in serdes and JSON.
type Registry struct {
	format Format // nil: JSON
	types  map[reflect.Type]typed
	texts  map[string]Text // of the serdes that users gave
	keys   map[string]keyText
	// converters are those of stores, by the names of these.
	converters map[string]Converter
}

// typed is the serde that a user gave for all values of a type.
type typed struct {
	serde any // a Serde of the type
	name  string
}

// SetFormat makes f the format of the types without a serde of their own.
func (r *Registry) SetFormat(f Format) { r.format = f }

// SetDefault makes s the serde of a type wherever no other one is given.
func (r *Registry) SetDefault[M any](s Serde[M]) {
	if r.types == nil {
		r.types = make(map[reflect.Type]typed)
	}
	r.types[reflect.TypeFor[M]()] = typed{s, r.Add(s)}
}

// Add makes the name of a user's serde known, and returns it: what its String
// method returns, or else its type. Of two serdes with one name the first is known.
func (r *Registry) Add[M any](s Serde[M]) string {
	name := fmt.Sprintf("%T", s)
	if n, ok := s.(fmt.Stringer); ok {
		name = n.String()
	}
	if _, known := r.texts[name]; known {
		return name
	}
	if r.texts == nil {
		r.texts = make(map[string]Text)
	}
	text, ok := s.(Text)
	if !ok {
		text = typedText[M]{s}
	}
	r.texts[name] = text
	return name
}

// For returns the serde of a type and its name, which stands in plans. Unless the
// app has others, strings are their UTF-8 bytes, []byte is itself, integers are
// big-endian as Java's (int and int64 8 bytes, int32 4), and everything else is
// JSON. These encodings are a public contract: they decide the partition of a
// key.
func (r *Registry) For[M any]() (Serde[M], string) {
	if r != nil {
		if t, ok := r.types[reflect.TypeFor[M]()]; ok {
			return t.serde.(Serde[M]), t.name
		}
	}
	if s, name, ok := builtIn[M](); ok {
		return s, name
	}
	if r == nil || r.format == nil {
		return newJSONSerde[M](), formatName[M](JSON())
	}
	return formatSerde[M]{r.format}, formatName[M](r.format)
}

// For returns the serde of a type in an app that has no others, and its name.
func For[M any]() (Serde[M], string) { return (*Registry)(nil).For[M]() }

// Text returns how people read and write what the serde of this name encodes. What
// has a name that isn't known can't be shown, and is typed as it is encoded.
func (r *Registry) Text(name string) Text {
	switch name {
	case nameString:
		return stringText{}
	case nameBytes:
		return bytesText{}
	case nameInt64:
		return intText{8}
	case nameInt32:
		return intText{4}
	}
	if r != nil {
		if t, ok := r.texts[name]; ok {
			return t
		}
		if k := r.keys[name]; k.text != nil {
			return k.text
		}
	}
	return r.formatText(name)
}

// formatText is the text of a format's serde, without its type.
func (r *Registry) formatText(name string) Text {
	if r != nil {
		if r.format != nil && formatOf(name) == r.format.Name() {
			return r.format
		}
	}
	if json := JSON(); formatOf(name) == json.Name() {
		return json
	}
	return opaqueText{}
}
