package op

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// An Upgrade reads values that were stored in another form, as values of type A. It is
// recorded with the store that it belongs to.
type Upgrade[A any] func(p *flow.Pipeline) []reader[A]

// A reader decodes values of a form.
type reader[A any] struct {
	form  shape.Form
	parse func(src []byte, a *A) error
}

// UpgradeFrom returns the upgrade of values of type Old, by f. older upgrades values to
// type Old. old is how those of type Old were encoded; nil: as the type goes.
func UpgradeFrom[A, Old any](f func(Old) A, old serde.Serde[Old], older []Upgrade[Old]) Upgrade[A] {
	then := func(parse func([]byte, *Old) error) func([]byte, *A) error {
		return func(src []byte, a *A) error {
			var o Old
			if err := parse(src, &o); err != nil {
				return err
			}
			*a = f(o)
			return nil
		}
	}
	return func(p *flow.Pipeline) []reader[A] {
		if f == nil {
			p.Mistake("an Upgrade has no function")
			return nil
		}
		c := codingOf(p, old)
		readers := []reader[A]{{c.form(), then(serde.Parser(c.Serde))}}
		for _, u := range older {
			for _, r := range u(p) {
				readers = append(readers, reader[A]{r.form, then(r.parse)})
			}
		}
		return readers
	}
}

// form is how the values are encoded.
func (c coding[M]) form() shape.Form {
	return shape.Form{Encoding: serde.Encoding(c.name), Shape: c.shape}
}

// readerOf returns what decodes values of a form: an upgrade from exactly that form, the
// serde if it can read them, or an upgrade that can; nil if there is none.
func (c coding[M]) readerOf(text string) func(src []byte, m *M) error {
	for _, r := range c.older {
		if r.form.String() == text {
			return r.parse
		}
	}
	form, err := shape.ParseForm(text)
	if err != nil {
		return nil
	}
	if shape.Readable(shape.CompareForms(form, c.form())) {
		return serde.Parser(c.Serde)
	}
	for _, r := range c.older {
		if shape.Readable(shape.CompareForms(form, r.form)) {
			return r.parse
		}
	}
	return nil
}

// convert is a [serde.Converter].
func (c coding[M]) convert(form string, encoded []byte) ([]byte, error) {
	if form == c.form().String() {
		return encoded, nil
	}
	parse := c.readerOf(form)
	if parse == nil {
		return nil, fmt.Errorf("the value has the form %s, which this program can't read", form)
	}
	var m M
	if err := parse(encoded, &m); err != nil {
		return nil, err
	}
	return c.Append(nil, m)
}

// storedOf returns the serde of the values of a node's store i in a task. It is an error
// if the store has values that the program can't read.
func storedOf[V any](b *flow.Builder, i int, c coding[V]) (serde.Serde[V], error) {
	store := b.Store(i)
	number, table := b.Task.Form(store, c.form().String())
	older := make([]func([]byte, *V) error, len(table))
	unreadable := false
	for n, form := range table {
		if n != number {
			older[n] = c.readerOf(form)
			unreadable = unreadable || older[n] == nil
		}
	}
	if unreadable {
		if err := checkForms(b, i, store, table, func(n int) bool { return n == number || older[n] != nil }); err != nil {
			return nil, err
		}
	}
	return layout.Numbered(c.Serde, number, older), nil
}

// checkForms returns an error if the store has values of a form that can't be read. It
// reads the whole store.
func checkForms(b *flow.Builder, i, store int, table []string, readable func(number int) bool) error {
	spec := &b.Node.Stores[i]
	l, err := layout.Parse(spec.Layout, spec.Params)
	if err != nil {
		return err
	}
	counts, _, err := layout.CountForms(b.Task.State.Reader(), store, l, 0)
	if err != nil {
		return fmt.Errorf("store %q: %w", nameOfStore(b.Node.Name, spec), err)
	}
	for n, count := range counts {
		if count > 0 && (n >= len(table) || !readable(n)) {
			form := "that isn't known"
			if n < len(table) {
				form = table[n]
			}
			return fmt.Errorf("store %q has values of the form %s (%d), which this program can't read; give the operator an api.Upgrade from it", nameOfStore(b.Node.Name, spec), form, count)
		}
	}
	return nil
}

func nameOfStore(node string, s *scheduler.StoreSpec) string {
	if s.Name == "" {
		return node
	}
	return node + "-" + s.Name
}
