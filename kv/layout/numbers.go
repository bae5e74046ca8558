package layout

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// Numbered returns the serde of values in a store: the number of the form in which
// the value is encoded, as a varint, and then the value. Values are written in the
// form of a number, by its serde. older reads those of other numbers; nil, or one
// that is missing, is a form that the program can't read.
func Numbered[V any](values serde.Serde[V], number int, older []func(src []byte, v *V) error) serde.Serde[V] {
	return &numberedSerde[V]{serde.Appender(values), serde.Parser(values), uint64(number), older}
}

type numberedSerde[V any] struct {
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
	number uint64
	older  []func([]byte, *V) error
}

var errNumber = errors.New("a stored value lacks the number of its form")

func (s *numberedSerde[V]) Append(dst []byte, v V) ([]byte, error) { return s.AppendFrom(dst, &v) }

func (s *numberedSerde[V]) AppendFrom(dst []byte, v *V) ([]byte, error) {
	return s.append(binary.AppendUvarint(dst, s.number), v)
}

func (s *numberedSerde[V]) Parse(src []byte) (v V, err error) {
	err = s.ParseInto(src, &v)
	return v, err
}

func (s *numberedSerde[V]) ParseInto(src []byte, v *V) error {
	number, value, err := splitNumber(src)
	switch {
	case err != nil:
		return err
	case number == s.number:
		return s.parse(value, v)
	case number >= uint64(len(s.older)) || s.older[number] == nil:
		return fmt.Errorf("it has the form number %d, which this program can't read: it was written by a newer version, or is damaged", number)
	}
	return s.older[number](value, v)
}

// splitNumber takes a numbered value apart.
func splitNumber(stored []byte) (number uint64, value []byte, err error) {
	number, n := binary.Uvarint(stored)
	if n <= 0 {
		return 0, nil, errNumber
	}
	return number, stored[n:], nil
}

// Plain returns a stored value without the number of its form, and with the value in
// the form of the program. forms is the table of the task's store: it has the forms
// by number. A store without a table has no numbers.
func (s *Store) Plain(forms []string, key, stored []byte) ([]byte, error) {
	if len(forms) == 0 || !s.numbered() {
		return stored, nil
	}
	numbered, ok, err := s.Layout.Value(key, stored)
	if err != nil || !ok {
		return stored, err
	}
	number, value, err := splitNumber(numbered)
	if err != nil {
		return nil, err
	}
	if number >= uint64(len(forms)) {
		return nil, fmt.Errorf("the value has the form number %d, and the store has %d forms", number, len(forms))
	}
	if s.Convert != nil {
		if value, err = s.Convert(forms[number], value); err != nil {
			return nil, err
		}
	}
	plain := append([]byte{}, stored[:len(stored)-len(numbered)]...)
	return append(plain, value...), nil
}

// CountForms counts the values of a store in a database by the number of their form,
// and stops when it has counted limit (0: all): then it returns false.
func CountForms(r kv.Reader, store int, l Layout, limit int) (counts []int64, all bool, err error) {
	if !l.numbered() {
		return nil, true, nil
	}
	n := 0
	from, to := l.Entries()
	var failed error
	err = r.Range(store, from, to, func(key, stored []byte) bool {
		if n == limit && limit > 0 {
			return false
		}
		n++
		value, ok, err := l.Value(key, stored)
		if err != nil || !ok {
			failed = err
			return err == nil
		}
		number, _, err := splitNumber(value)
		if err != nil || number > maxForms {
			failed = errors.Join(err, errNumber)
			return false
		}
		for uint64(len(counts)) <= number {
			counts = append(counts, 0)
		}
		counts[number]++
		return true
	})
	return counts, n < limit || limit == 0, errors.Join(err, failed)
}

// maxForms bounds the numbers that are believed.
const maxForms = 1 << 16
