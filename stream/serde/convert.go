package serde

// A Converter converts an encoded value of a form (see [shape.Form]) to the form that
// the program writes. It returns an error for forms that the program can't read.
type Converter func(form string, encoded []byte) ([]byte, error)

// SetConverter sets what converts the values of a store that were written in another
// form.
func (r *Registry) SetConverter(store string, c Converter) {
	if r.converters == nil {
		r.converters = make(map[string]Converter)
	}
	r.converters[store] = c
}

// Converter returns the converter of a store; nil if it has none.
func (r *Registry) Converter(store string) Converter {
	if r == nil {
		return nil
	}
	return r.converters[store]
}
