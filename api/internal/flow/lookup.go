package flow

import "fmt"

// A Getter returns a row of a table by its encoded key. The row is to read only, and valid
// until the table is used again. A getter that computes the row may keep it in *scratch.
type Getter[V any] func(key []byte, scratch *V) (row *V, found bool, err error)

// Provide lets the nodes that read from this one look its rows up.
func Provide[V any](b *Builder, get Getter[V]) { b.provided = get }

// A Lookup gets the rows of a table in the same task.
type Lookup[V any] struct {
	get     Getter[V]
	scratch V
}

// Get returns the row of an encoded key. It is to read only, and valid until the next Get
// of this Lookup, and until the table is changed.
func (l *Lookup[V]) Get(key []byte) (row *V, found bool, err error) { return l.get(key, &l.scratch) }

// TableAt returns the look-up of the table from which an input port reads. It is usable
// once all operators are built. Each reader has a look-up of its own.
func TableAt[V any](b *Builder, port string) *Lookup[V] {
	l := new(Lookup[V])
	b.lookups = append(b.lookups, lookupOf{port, func(provided any) bool {
		get, ok := provided.(Getter[V])
		l.get = get
		return ok
	}})
	return l
}

// lookupOf is a Lookup that is still to be resolved, with its type erased.
type lookupOf struct {
	port    string
	resolve func(provided any) bool
}

// resolveLookups gives each Lookup the getter of its table. Operators are built downstream
// first, so the getters are known only when all are built.
func (a *assembly) resolveLookups() error {
	for id, b := range a.builders {
		for _, l := range b.lookups {
			if !a.resolveLookup(b, l) {
				return fmt.Errorf("%s: input port %q reads from no table of this task", a.pipeline.describe(id), l.port)
			}
		}
	}
	return nil
}

func (a *assembly) resolveLookup(b *Builder, l lookupOf) bool {
	for _, e := range b.Node.From {
		if from := a.builders[e.Node]; e.To == l.port && from != nil {
			return l.resolve(from.provided)
		}
	}
	return false
}
