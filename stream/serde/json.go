package serde

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"

	"github.com/gretestream/grete/stream/serde/json"
)

// A JSONCoder is a type whose pointer has a JSON serde of its own, which [For]
// prefers to the compiled one. The type must have the same form by its methods for
// encoding/json, which code it within other types. JSONSerde is called on a nil
// pointer.
type JSONCoder[M any] interface {
	JSONSerde() Serde[M]
}

// JSON is the format of types without a serde of their own, by the rules of
// encoding/json without HTML escaping. The serdes that [For] returns are compiled for
// their type, see package json; the methods of the format work with values of any
// type, and are slower.
func JSON() Format { return jsonFormat{} }

type jsonFormat struct{}

func (jsonFormat) Name() string { return "json" }

func (jsonFormat) AppendValue(dst []byte, v any) ([]byte, error) { return json.AppendAny(dst, v) }

func (jsonFormat) ParseValue(src []byte, v any) error { return stdjson.Unmarshal(src, v) }

// newJSONSerde returns the JSON serde of a type.
func newJSONSerde[M any]() Serde[M] {
	if c, ok := any((*M)(nil)).(JSONCoder[M]); ok {
		return c.JSONSerde()
	}
	return jsonSerde[M]{json.New[M]()}
}

// A jsonSerde is the compiled JSON of a type.
type jsonSerde[M any] struct{ codec *json.Codec[M] }

func (s jsonSerde[M]) Append(dst []byte, m M) ([]byte, error) { return s.codec.Append(dst, &m) }

func (s jsonSerde[M]) AppendFrom(dst []byte, m *M) ([]byte, error) { return s.codec.Append(dst, m) }

func (s jsonSerde[M]) Parse(src []byte) (m M, err error) {
	err = s.codec.Parse(src, &m)
	return m, err
}

func (s jsonSerde[M]) ParseInto(src []byte, m *M) error { return s.codec.Parse(src, m) }

func (jsonFormat) JSON(encoded []byte) (stdjson.RawMessage, bool) {
	return encoded, stdjson.Valid(encoded)
}

func (jsonFormat) FromJSON(value stdjson.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	if err := stdjson.Compact(&b, value); err != nil {
		return nil, fmt.Errorf("%.100q isn't JSON: %w", value, err)
	}
	return b.Bytes(), nil
}

func (f jsonFormat) FromText(text string) ([]byte, error) {
	b, err := f.FromJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%.100q isn't JSON (text goes in quotes)", text)
	}
	return b, nil
}
