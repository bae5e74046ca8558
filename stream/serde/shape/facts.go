package shape

import (
	"slices"
	"strconv"
)

// maxFacts bounds the facts of a form whose types repeat each other.
const maxFacts = 10_000

// Facts lists the places of a form, each with what stands there. A form has all facts
// of another one if, and only if, it has only got more fields.
func (s *Shape) Facts() []string {
	if s == nil {
		return []string{unknown}
	}
	w := factWriter{resolver: resolver{s.ByID()}}
	w.place("", s)
	return w.facts
}

type factWriter struct {
	resolver
	path  []*Shape
	facts []string
}

func (w *factWriter) place(path string, place *Shape) {
	s := w.of(place)
	mark := ""
	if place.Optional {
		mark = "?"
	}
	if place.Quoted {
		mark += "~"
	}
	if up := slices.Index(w.path, s); up >= 0 {
		w.facts = append(w.facts, path+" "+mark+"^"+strconv.Itoa(len(w.path)-up))
		return
	}
	if len(w.facts) > maxFacts {
		return
	}
	w.path = append(w.path, s)
	switch s.Kind {
	case Struct:
		w.facts = append(w.facts, path+" "+mark+"{")
		for _, f := range s.Fields {
			w.place(path+"."+fieldName(f.Name), f.Shape)
		}
	case List, Array:
		w.facts = append(w.facts, path+" "+mark+string(s.Kind)+" "+strconv.Itoa(s.Len))
		w.place(path+"[]", s.Elem)
	case Map:
		w.facts = append(w.facts, path+" "+mark+"map "+w.text(s.Key))
		w.place(path+"[]", s.Elem)
	default:
		w.facts = append(w.facts, path+" "+mark+w.text(s))
	}
	w.path = w.path[:len(w.path)-1]
}
