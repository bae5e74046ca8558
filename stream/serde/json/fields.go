package json

import (
	"reflect"
	"strings"
	"unicode"
)

// fieldsOf lists the fields of a struct, with those of embedded structs, in the
// order of encoding/json. It returns false if the rules of encoding/json for
// conflicts, embedded pointers or unusual tags would be needed.
func fieldsOf(t reflect.Type) ([]field, bool) {
	var all []field
	if !collect(t, 0, &all) {
		return nil, false
	}
	names := make(map[string]bool)
	for _, f := range all {
		if names[f.name] {
			return nil, false
		}
		names[f.name] = true
	}
	return all, true
}

// collect adds the fields of a struct, which is embedded at an offset.
func collect(t reflect.Type, offset uintptr, all *[]field) bool {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("json")
		if !tagged && strings.Contains(string(sf.Tag), "json") {
			return false // perhaps a malformed tag
		}
		if tag == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		if sf.Anonymous && tag == "" {
			if !embeds(sf.Type) || !collect(sf.Type, offset+sf.Offset, all) {
				return false
			}
			continue
		}
		f, ok := newField(sf, tag)
		if !ok {
			return false
		}
		f.offset = offset + sf.Offset
		*all = append(*all, f)
	}
	return true
}

// embeds reports whether the fields of an embedded type are simply those of the
// outer struct.
func embeds(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for _, dir := range []direction{toValue, toJSON} {
		if _, has := methodsOf(t, dir, true); has {
			return false
		}
	}
	return true
}

// newField returns a field by its tag. It returns false if the tag isn't a plain one.
func newField(sf reflect.StructField, tag string) (field, bool) {
	if !sf.IsExported() {
		return field{}, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = sf.Name
	}
	f := field{typ: sf.Type, name: name, lead: newLead(`,"` + name + `":`), head: newHead(name)}
	if !plainName(name) {
		return field{}, false
	}
	var empty, zero bool
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "omitempty":
			empty = true
		case "omitzero":
			zero = true
		case "string":
			f.quoted = true
		default:
			return field{}, false
		}
	}
	var ok bool
	f.omit, ok = omissionOf(sf.Type, empty, zero)
	return f, ok
}

// plainName reports whether a name is the same in a tag, in Go and in JSON.
func plainName(name string) bool {
	return name != "-" && strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.@$/:# ", r)
	}) < 0
}
