package json

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"reflect"
	"testing"
)

var (
	cases = flag.Int("cases", 200_000, "how many documents and values the differential tests try, together")
	from  = flag.Uint64("from", 0, "the seed of the first ones; 0: by chance")
)

// casesPerType is how many documents and values a generated type is tried with.
const casesPerType = 200

// A codec of a type that only reflection knows.
type compiled struct {
	typ            reflect.Type
	decode, encode *node
}

func compileBoth(t reflect.Type) compiled {
	return compiled{t, compile(t, toValue), compile(t, toJSON)}
}

// parse checks that the fast path decodes a document as encoding/json does, or hands
// it over.
func (c compiled) parse(t *testing.T, src []byte) (fast bool) {
	t.Helper()
	got := reflect.New(c.typ)
	doc := bytes.Clone(src)
	if fast = parse(c.decode, doc, got.UnsafePointer()); !fast {
		return false
	}
	if !bytes.Equal(doc, src) {
		t.Fatalf("%s: decoding changed the document %q", c.typ, src)
	}
	clear(doc) // the value must not refer to it
	want := reflect.New(c.typ)
	if err := json.Unmarshal(src, want.Interface()); err != nil {
		t.Fatalf("%s: encoding/json refuses %q, which the fast path takes: %v", c.typ, src, err)
	}
	if !reflect.DeepEqual(got.Interface(), want.Interface()) {
		t.Fatalf("%s: %q is\n%#v, want\n%#v", c.typ, src, got.Elem(), want.Elem())
	}
	return true
}

// append checks that the fast path encodes a value as encoding/json does, or hands it
// over.
func (c compiled) append(t *testing.T, v reflect.Value) (fast bool) {
	t.Helper()
	got, fast := c.encode.append([]byte("before"), v.UnsafePointer(), 0)
	if !fast {
		return false
	}
	want, err := AppendAny([]byte("before"), v.Interface())
	if err != nil {
		t.Fatalf("%s: encoding/json refuses %#v, which the fast path takes: %v", c.typ, v.Elem(), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %#v is\n%s, want\n%s", c.typ, v.Elem(), got, want)
	}
	return true
}

// try checks a type with documents and values.
func (c compiled) try(t *testing.T, g *generator, n int) (parsed, appended int) {
	t.Helper()
	for range n / 2 {
		if c.parse(t, g.document(c.typ)) {
			parsed++
		}
		v := reflect.New(c.typ)
		g.fill(v.Elem(), 5)
		if c.append(t, v) {
			appended++
		}
	}
	return parsed, appended
}

// seed returns the seed of the generator of a test.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := *from
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-from %d", s)
	return s
}

func TestDifferential_HandWrittenTypes(t *testing.T) {
	g := newGenerator(seed(t))
	types := handWritten()
	parsed, appended, each := 0, 0, *cases/2/len(types)
	for _, typ := range types {
		p, a := compileBoth(typ).try(t, g, each)
		parsed, appended = parsed+p, appended+a
	}
	report(t, len(types)*(each/2), parsed, appended)
}

func TestDifferential_GeneratedTypes(t *testing.T) {
	g := newGenerator(seed(t))
	parsed, appended, types := 0, 0, *cases/2/casesPerType
	for range types {
		p, a := compileBoth(g.newType()).try(t, g, casesPerType)
		parsed, appended = parsed+p, appended+a
	}
	report(t, types*(casesPerType/2), parsed, appended)
}

// report checks that the fast path was what was tested.
func report(t *testing.T, each, parsed, appended int) {
	t.Helper()
	t.Logf("the fast path decoded %d and encoded %d of %d", parsed, appended, each)
	if parsed < each/5 || appended < each/5 {
		t.Errorf("the fast path decoded only %d and encoded only %d of %d", parsed, appended, each)
	}
}

func FuzzParse(f *testing.F) {
	types := handWritten()
	codecs := make([]compiled, len(types))
	g := newGenerator(1)
	for i, typ := range types {
		codecs[i] = compileBoth(typ)
		f.Add(uint8(i), bytes.Clone(g.document(typ)))
	}
	f.Fuzz(func(t *testing.T, i uint8, src []byte) {
		c := codecs[int(i)%len(codecs)]
		if !c.parse(t, src) {
			return
		}
		v := reflect.New(c.typ)
		if err := json.Unmarshal(src, v.Interface()); err != nil {
			t.Fatal(err)
		}
		c.append(t, v)
	})
}
