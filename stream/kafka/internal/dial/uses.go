package dial

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// isFlexible reports whether a version has tagged fields: all from the first one on.
func isFlexible(t reflect.Type, version int16) bool {
	for i := range t.NumField() {
		for _, u := range usesOf(t.Field(i)) {
			if u.tagged && version >= u.first {
				return true
			}
		}
	}
	return false
}

// A use is how some versions encode a field.
type use struct {
	first, last int16
	tagged      bool
	number      int // if it is tagged
}

func useOf(f reflect.StructField, version int16) (use, bool) {
	all := usesOf(f)
	i := slices.IndexFunc(all, func(u use) bool { return u.first <= version && version <= u.last })
	if i < 0 {
		return use{}, false
	}
	return all[i], true
}

// usesOf parses the tag of a field, such as `kafka:"min=v0,max=v1|min=v2,max=v4,tag=3"`.
func usesOf(f reflect.StructField) []use {
	if !f.IsExported() && f.Name != "_" {
		return nil
	}
	var all []use
	for alternative := range strings.SplitSeq(f.Tag.Get("kafka"), "|") {
		u := use{first: -1, last: -1, number: -1}
		for option := range strings.SplitSeq(alternative, ",") {
			name, value, _ := strings.Cut(option, "=")
			n, _ := strconv.Atoi(strings.TrimPrefix(value, "v"))
			switch name {
			case "min":
				u.first = int16(n)
			case "max":
				u.last = int16(n)
			case "tag":
				u.tagged = true
				if value != "" {
					u.number = n
				}
			}
		}
		all = append(all, u)
	}
	return all
}
