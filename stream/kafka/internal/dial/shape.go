package dial

import (
	"fmt"
	"reflect"
	"sync"
)

// A shape is the form of an answer that kafka-go decodes, from the types that it decodes
// into.
type shape struct {
	flexible bool // has tagged fields
	part     part
}

// A part checks one part of an answer, and says how many bytes it has at least.
type part struct {
	check func(f *frame)
	least int
}

// check returns an error unless an answer has all that it claims to have.
func (s *shape) check(answer []byte, request header) error {
	f := frame{left: answer}
	f.take(8) // its size, and the number of the request
	if s.flexible {
		f.tags(nil)
	}
	s.part.check(&f)
	if f.bad {
		return fmt.Errorf("the broker's answer to %s (version %d) is malformed", request.key, request.version)
	}
	return nil
}

// shapes has the shapes in use. It is safe for concurrent use.
type shapes struct {
	mu  sync.Mutex
	all map[header]*shape
}

// of returns the shape of the answer to a request; nil if kafka-go doesn't decode it.
func (s *shapes) of(request header) *shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.all[request]
	if ok {
		return known
	}
	if s.all == nil {
		s.all = make(map[header]*shape)
	}
	if t := answerType(request); t != nil {
		flexible := isFlexible(t, request.version)
		known = &shape{flexible, partOf(t, request.version, flexible)}
	}
	s.all[request] = known
	return known
}

// partOf returns the check of a type, as kafka-go decodes it.
func partOf(t reflect.Type, version int16, flexible bool) part {
	switch t.Kind() {
	case reflect.Bool, reflect.Int8:
		return fixed(1)
	case reflect.Int16:
		return fixed(2)
	case reflect.Int32:
		return fixed(4)
	case reflect.Int64, reflect.Float64:
		return fixed(8)
	case reflect.String:
		if !flexible {
			return part{func(f *frame) { f.take(max(f.int16(), 0)) }, 2}
		}
		return bytesPart(flexible)
	case reflect.Struct:
		return structure(t, version, flexible)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesPart(flexible)
		}
		return array(partOf(t.Elem(), version, flexible), flexible)
	}
	panic("kafka-go has a type of a kind that isn't known: " + t.String()) // a test covers all types
}

func fixed(size int) part { return part{func(f *frame) { f.take(size) }, size} }

// bytesPart is the check of bytes, and of a string in flexible versions.
func bytesPart(flexible bool) part {
	length, least := lengthOf(flexible)
	return part{func(f *frame) { f.take(max(length(f), 0)) }, least}
}

// array is the check of an array.
func array(element part, flexible bool) part {
	length, least := lengthOf(flexible)
	return part{func(f *frame) {
		n := length(f)
		if n > len(f.left)/max(element.least, 1) {
			f.fail()
		}
		for ; n > 0 && !f.bad; n-- {
			element.check(f)
		}
	}, least}
}

// lengthOf returns how to read a length, which is negative for null, and its least size.
func lengthOf(flexible bool) (length func(f *frame) int, least int) {
	if flexible {
		return func(f *frame) int { return f.uvarint() - 1 }, 1
	}
	return (*frame).int32, 4
}

// structure is the check of a structure: its fields, then the tagged ones.
func structure(t reflect.Type, version int16, flexible bool) part {
	var fields []part
	tagged := make(map[int]part)
	least := 0
	for i := range t.NumField() {
		field := t.Field(i)
		use, ok := useOf(field, version)
		if !ok {
			continue
		}
		p := partOf(field.Type, version, flexible)
		if use.tagged {
			tagged[use.number] = p
			continue
		}
		fields = append(fields, p)
		least += p.least
	}
	if flexible {
		least++
	}
	return part{func(f *frame) {
		for i := range fields {
			fields[i].check(f)
		}
		if flexible {
			f.tags(tagged)
		}
	}, least}
}
