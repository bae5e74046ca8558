package json

import (
	"encoding/json"
	"reflect"
)

// A Codec encodes and decodes values of a type. Several goroutines may use it at
// once.
type Codec[M any] struct {
	decode, encode *node
}

// New compiles the codec of a type. It never fails: what a codec doesn't know is
// left to encoding/json.
func New[M any]() *Codec[M] {
	t := reflect.TypeFor[M]()
	return &Codec[M]{decode: compile(t, toValue), encode: compile(t, toJSON)}
}

// Append appends the JSON of *m to dst and returns the result. On an error it
// returns dst as it was.
func (c *Codec[M]) Append(dst []byte, m *M) ([]byte, error) {
	if out, ok := c.encode.append(dst, pointerTo(m), 0); ok {
		return out, nil
	}
	return AppendAny(dst, m)
}

// Parse sets *m, which must be the zero value, from the JSON in src. On an error *m
// is the zero value.
func (c *Codec[M]) Parse(src []byte, m *M) error {
	if parse(c.decode, src, pointerTo(m)) {
		return nil
	}
	var zero M
	*m = zero
	if err := json.Unmarshal(src, m); err != nil {
		*m = zero
		return err
	}
	return nil
}

// AppendAny appends the JSON of a value of any type, by encoding/json without HTML
// escaping. On an error it returns dst as it was.
func AppendAny(dst []byte, v any) ([]byte, error) {
	a := appender{dst}
	e := json.NewEncoder(&a)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, err
	}
	return a.dst[:len(a.dst)-len("\n")], nil
}

// An appender is a writer to the end of a slice.
type appender struct{ dst []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.dst = append(a.dst, b...)
	return len(b), nil
}
