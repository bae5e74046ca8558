package serde

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/gretestream/grete/stream/serde/shape"
)

// Key returns the serde of a type of keys and its name: that of [Registry.For],
// which makes keys canonical, so that equal keys have equal bytes.
func (r *Registry) Key[K any]() (Serde[K], string) {
	s, name := r.For[K]()
	return canonical(s, IsJSON(name)), name
}

// Key returns the serde of a type of keys in an app that has no others, and its name.
func Key[K any]() (Serde[K], string) { return (*Registry)(nil).Key[K]() }

// AddKey is [Registry.Key] of a type whose keys the app uses. From then on
// [Registry.Text] of the name reads keys through the type: all texts of one key give
// the same bytes.
//
// losses is what keys of the type would lose in their serde: the type is no key if
// there is any.
func (r *Registry) AddKey[K any]() (s Serde[K], name string, losses []shape.Loss) {
	s, name = r.Key[K]()
	if IsJSON(name) {
		losses = shape.KeyLosses(reflect.TypeFor[K]())
	}
	r.keyText(s, name)
	return s, name, losses
}

// keyText makes the text of a key type known. Names don't tell types apart that are
// declared in functions or in packages of one name: such texts are read without the
// type.
func (r *Registry) keyText[K any](s Serde[K], name string) {
	if _, own := r.texts[name].(typedText[K]); own {
		r.texts[name] = typedText[K]{s}
		return
	}
	if formatOf(name) == "" {
		return
	}
	t := reflect.TypeFor[K]()
	if r.keys == nil {
		r.keys = make(map[string]keyText)
	}
	switch known, ok := r.keys[name]; {
	case !ok:
		r.keys[name] = keyText{t, formatKeys[K]{r.formatText(name), s}}
	case known.of != t:
		r.keys[name] = keyText{}
	}
}

// A keyText is the text of the keys of a type; nil if the name isn't that of one type.
type keyText struct {
	of   reflect.Type
	text Text
}

// formatKeys is the text of keys that a format encodes: it decodes and encodes what
// it is given.
type formatKeys[K any] struct {
	Text
	serde Serde[K]
}

func (t formatKeys[K]) FromJSON(value json.RawMessage) ([]byte, error) {
	encoded, err := t.Text.FromJSON(value)
	if err != nil {
		return nil, err
	}
	return t.again(encoded, string(value))
}

func (t formatKeys[K]) FromText(text string) ([]byte, error) {
	encoded, err := t.Text.FromText(text)
	if err != nil {
		return nil, err
	}
	return t.again(encoded, text)
}

// again decodes a key and encodes it, as the pipeline does.
func (t formatKeys[K]) again(encoded []byte, text string) ([]byte, error) {
	k, err := t.serde.Parse(encoded)
	if err == nil {
		encoded, err = t.serde.Append(nil, k)
	}
	if err != nil {
		return nil, fmt.Errorf("%.100q is no key of type %T: %w", text, k, err)
	}
	return encoded, nil
}
