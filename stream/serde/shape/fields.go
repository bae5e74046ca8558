package shape

import (
	"reflect"
	"slices"
	"strings"
)

// A field is one that encoding/json writes, embedded structs resolved.
type field struct {
	name   string
	typ    reflect.Type
	quoted bool
	omits  bool

	tagged bool
	depth  int
	index  []int
}

// fieldsOf lists the fields of a struct by the rules of encoding/json: of
// several with one name the least nested counts, then the one with a tag; if
// that leaves more than one, none does.
func fieldsOf(t reflect.Type) []field {
	var all []field
	collect(t, nil, []reflect.Type{t}, &all)
	var out []field
	for i, f := range all {
		rivals := slices.DeleteFunc(slices.Clone(all), func(o field) bool { return o.name != f.name })
		wins := true
		for _, o := range rivals {
			if !slices.Equal(o.index, all[i].index) && !f.beats(o) {
				wins = false
			}
		}
		if wins {
			out = append(out, f)
		}
	}
	return out
}

func (f field) beats(o field) bool {
	if f.depth != o.depth {
		return f.depth < o.depth
	}
	return f.tagged && !o.tagged
}

// collect adds the fields of a struct, and of those that it embeds. path are
// the structs on the way, so that one that embeds itself ends.
func collect(t reflect.Type, index []int, path []reflect.Type, all *[]field) {
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clone(index), i)
		tag := sf.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		typ := sf.Type
		if sf.Anonymous && typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		embeds := sf.Anonymous && name == "" && typ.Kind() == reflect.Struct && !marshalsItself(typ)
		switch {
		case embeds && !slices.Contains(path, typ):
			collect(typ, at, append(slices.Clone(path), typ), all)
			continue
		case embeds || !sf.IsExported():
			continue
		}
		f := field{name: name, typ: sf.Type, tagged: name != "", depth: len(index), index: at}
		if name == "" {
			f.name = sf.Name
		}
		opts := strings.Split(options, ",")
		f.quoted = quotable(sf.Type) && slices.Contains(opts, "string")
		f.omits = slices.Contains(opts, "omitempty") || slices.Contains(opts, "omitzero")
		*all = append(*all, f)
	}
}

// quotable reports whether the option ",string" has an effect on a type.
func quotable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	_, ok := scalar(t.Kind())
	return ok && t.Kind() != reflect.Interface
}
