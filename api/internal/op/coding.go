package op

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// A coding is how the values of a type are encoded, and what the plan says of it.
type coding[M any] struct {
	serde.Serde[M]
	name  string
	shape *shape.Shape
	older []reader[M] // of values that were stored in other forms
}

// codingOf returns the coding by a user's serde; if that is nil, by the one that
// goes with the type.
func codingOf[M any](p *flow.Pipeline, given serde.Serde[M]) coding[M] {
	if given != nil {
		name := p.Serdes.Add(given)
		return coding[M]{Serde: given, name: name, shape: shape.Custom(name, given)}
	}
	s, name := p.Serdes.For[M]()
	if _, standard := serde.For[M](); name != standard { // it can't be looked into
		return coding[M]{Serde: s, name: name, shape: shape.Custom(name, s)}
	}
	return coding[M]{Serde: s, name: name, shape: p.ShapeOf[M]()}
}

// keysOf returns the coding of keys, which makes them canonical. what is the noun
// and name of the operator or topic, for messages.
func keysOf[K any](p *flow.Pipeline, what string) coding[K] {
	c := codingOf[K](p, nil)
	s, _, losses := p.Serdes.AddKey[K]()
	c.Serde = s
	if len(losses) > 0 && p.First[K]("key") {
		p.Mistake("%s: the type %s can't be a key: %s", what, reflect.TypeFor[K](), phraseLosses(losses, "give the key what it compares by, in exported fields"))
	}
	return c
}

// keptOf returns the coding of values that are kept in a store or sent through a
// topic, and come back.
func keptOf[M any](p *flow.Pipeline, given serde.Serde[M], what string) coding[M] {
	c := codingOf(p, given)
	if c.shape.Kind == shape.Opaque && c.shape.Type == c.name || !p.First[M]("value") {
		return c
	}
	if losses := shape.Losses(reflect.TypeFor[M]()); serde.IsJSON(c.name) && len(losses) > 0 {
		p.Mistake("%s: values of type %s wouldn't be kept whole: %s", what, reflect.TypeFor[M](),
			phraseLosses(losses, `export the fields, give their type MarshalJSON and UnmarshalJSON, set a serde, or leave them out on purpose with the tag grete:"-"`))
	}
	return c
}

// phraseLosses names the first losses, and the way out.
func phraseLosses(losses []shape.Loss, out string) string {
	var texts []string
	for i, l := range losses {
		if i == 3 && len(losses) > 4 {
			texts = append(texts, fmt.Sprintf("and %d more", len(losses)-i))
			break
		}
		texts = append(texts, l.String())
	}
	return strings.Join(texts, "; ") + "; " + out
}

func keyError(key []byte, err error) error {
	return fmt.Errorf("can't decode the record's key %.100q: %w", key, err)
}

// storeSpec describes a store for the plan, by its layout. A node's only store
// needs no name.
func storeSpec[K, V any](p *flow.Pipeline, node, name, layout string, keys coding[K], values coding[V]) scheduler.StoreSpec {
	s := scheduler.StoreSpec{Name: name, Layout: layout, Key: keys.name, KeyShape: keys.shape, Value: values.name, ValueShape: values.shape}
	for _, r := range values.older {
		s.Upgrades = append(s.Upgrades, r.form.String())
	}
	p.Serdes.SetConverter(nameOfStore(node, &s), values.convert)
	return s
}
