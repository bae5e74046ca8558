package shape

import (
	"cmp"
	"slices"
	"strings"
)

// A Difference is one in which the stored forms of two types differ.
type Difference struct {
	// Path leads to the place: Count, Pages[].Name; empty: the whole value.
	Path string
	What Change
	// Old and New are the texts of what stands there. One of them is empty if the place
	// was added or removed.
	Old, New string
}

// Change says what a [Difference] means for values that were written before.
type Change string

const (
	// Added: existing values are read with the zero value there.
	Added Change = "added"
	// Removed: what existing values have there isn't read.
	Removed Change = "removed"
	// Widened: existing values are read as before, and new ones may be such that a
	// reader of the old form can't read them: int32 to int64.
	Widened Change = "widened"
	// Retyped: existing values can't be read, or mean something else.
	Retyped Change = "retyped"
)

// unknown stands for the text of a shape that isn't known.
const unknown = "of unknown shape"

// Compare lists the differences between an old and a new form. It is empty for forms
// with one text. A field that was renamed is a Removed and an Added one.
func Compare(old, now *Shape) []Difference {
	if old == nil || now == nil {
		if old == now {
			return nil
		}
		return []Difference{{What: Retyped, Old: cmp.Or(old.Text(), unknown), New: cmp.Or(now.Text(), unknown)}}
	}
	from, to := old.Text(), now.Text()
	if from == to {
		return nil
	}
	c := comparer{old: resolver{old.ByID()}, now: resolver{now.ByID()}, seen: make(map[[2]*Shape]bool)}
	c.place("", old, now)
	if len(c.found) == 0 { // the same, written in another way: a recursive type with its first level unrolled
		c.add("", Widened, from, to)
	}
	return c.found
}

// Readable reports whether values of the old form can be read by the new one: it has
// only got more fields, or wider numbers.
func Readable(differences []Difference) bool {
	return !slices.ContainsFunc(differences, func(d Difference) bool { return d.What == Removed || d.What == Retyped })
}

type resolver struct{ byID map[int]*Shape }

// of returns a shape, or what it refers to.
func (r resolver) of(s *Shape) *Shape {
	if s.Kind == Ref {
		return r.byID[s.Ref]
	}
	return s
}

type comparer struct {
	old, now resolver
	seen     map[[2]*Shape]bool // pairs that were compared, or are being
	found    []Difference
}

func (c *comparer) add(path string, what Change, old, now string) {
	c.found = append(c.found, Difference{strings.TrimPrefix(path, "."), what, old, now})
}

// differ adds a difference between what stands in one place.
func (c *comparer) differ(path string, what Change, old, now *Shape) {
	c.add(path, what, c.old.text(old), c.now.text(now))
}

// text is the text of a part of the outermost shape.
func (r resolver) text(s *Shape) string {
	w := textWriter{byID: r.byID}
	w.write(s, s)
	return w.b.String()
}

// place compares what stands in one place.
func (c *comparer) place(path string, old, now *Shape) {
	o, n := c.old.of(old), c.now.of(now)
	if old.Quoted != now.Quoted || old.Optional && !now.Optional {
		c.differ(path, Retyped, old, now)
		return
	}
	if old.Optional != now.Optional {
		c.differ(path, Widened, old, now)
	}
	if pair := [2]*Shape{o, n}; !c.seen[pair] {
		c.seen[pair] = true
		c.shape(path, old, now, o, n)
	}
}

// shape compares two shapes, which stand in the place of old and now.
func (c *comparer) shape(path string, old, now, o, n *Shape) {
	switch {
	case o.Kind != n.Kind && widens(o.Kind, n.Kind):
		c.differ(path, Widened, old, now)
	case o.Kind != n.Kind, o.Kind == Array && o.Len != n.Len, o.Kind == Opaque && c.old.text(o) != c.now.text(n):
		c.differ(path, Retyped, old, now)
	case o.Kind == Struct:
		c.fields(path, o, n)
	case o.Kind == Map:
		c.place(path+"[key]", o.Key, n.Key)
		c.place(path+"[]", o.Elem, n.Elem)
	case o.Elem != nil:
		c.place(path+"[]", o.Elem, n.Elem)
	}
}

func (c *comparer) fields(path string, old, now *Shape) {
	for _, o := range old.Fields {
		at := path + "." + fieldName(o.Name)
		if n := now.field(o.Name); n != nil {
			c.place(at, o.Shape, n)
		} else {
			c.add(at, Removed, c.old.text(o.Shape), "")
		}
	}
	for _, n := range now.Fields {
		if old.field(n.Name) == nil {
			c.add(path+"."+fieldName(n.Name), Added, "", c.now.text(n.Shape))
		}
	}
}

func (s *Shape) field(name string) *Shape {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Shape
		}
	}
	return nil
}

// widens reports whether all numbers of one kind are numbers of another, and written
// in the same way.
func widens(from, to Kind) bool {
	signed := []Kind{Int8, Int16, Int32, Int64}
	unsigned := []Kind{Uint8, Uint16, Uint32, Uint64}
	s, u := slices.Index(signed, from), slices.Index(unsigned, from)
	switch {
	case s >= 0:
		return slices.Index(signed, to) > s
	case u >= 0:
		return slices.Index(unsigned, to) > u || slices.Index(signed, to) > u
	}
	return from == Float32 && to == Float64
}
