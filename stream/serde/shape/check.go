package shape

import (
	"fmt"
	"slices"
)

// maxDepth bounds how deep shapes may be nested, for those that come from outside.
const maxDepth = 1000

// Check returns an error if the shape is damaged: it was read from a file. What
// [Of] returns is never damaged. A nil shape is no shape, and fine.
func (s *Shape) Check() error {
	if s == nil {
		return nil
	}
	c := checker{ids: make(map[int]bool)}
	if err := c.check(s, 0); err != nil {
		return err
	}
	for _, ref := range c.refs {
		if !c.ids[ref] {
			return fmt.Errorf("ref %d refers to no shape", ref)
		}
	}
	return nil
}

type checker struct {
	ids  map[int]bool
	refs []int
}

func (c *checker) check(s *Shape, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("shapes are nested more than %d deep", maxDepth)
	}
	if !s.Kind.known() {
		return fmt.Errorf("kind %q is unknown", s.Kind)
	}
	if s.ID != 0 {
		if c.ids[s.ID] || s.Kind == Ref {
			return fmt.Errorf("id %d isn't unique, or is that of a ref", s.ID)
		}
		c.ids[s.ID] = true
	}
	if (s.Kind == Ref) != (s.Ref != 0) {
		return fmt.Errorf("a %s with ref %d", s.Kind, s.Ref)
	}
	if s.Kind == Ref {
		c.refs = append(c.refs, s.Ref)
	}
	hasElem := s.Kind == List || s.Kind == Array || s.Kind == Map
	if (s.Elem != nil) != hasElem || (s.Key != nil) != (s.Kind == Map) || len(s.Fields) > 0 && s.Kind != Struct || s.Len < 0 {
		return fmt.Errorf("a %s with elements, keys or fields that don't belong to it", s.Kind)
	}
	return c.checkParts(s, depth)
}

func (c *checker) checkParts(s *Shape, depth int) error {
	for i, f := range s.Fields {
		if f.Shape == nil || slices.ContainsFunc(s.Fields[:i], func(o Field) bool { return o.Name == f.Name }) {
			return fmt.Errorf("field %q has no shape, or occurs twice", f.Name)
		}
		if err := c.check(f.Shape, depth+1); err != nil {
			return fmt.Errorf("field %q: %w", f.Name, err)
		}
	}
	for _, part := range []*Shape{s.Key, s.Elem} {
		if part == nil {
			continue
		}
		if err := c.check(part, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (k Kind) known() bool {
	switch k {
	case Bool, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64, Float32, Float64, Number,
		String, Bytes, Time, Any, List, Array, Map, Struct, Ref, Opaque:
		return true
	}
	return false
}
