package json

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// The types of the differential tests: each has something that the compiler must
// notice.

type pageView struct {
	User    string  `json:"user"`
	Page    string  `json:"page"`
	Agent   string  `json:"userAgent"`
	At      int64   `json:"ts"`
	Millis  int32   `json:"durationMs"`
	Bounced bool    `json:"bounced"`
	Score   float64 `json:"score,omitempty"`
}

type scalars struct {
	B   bool
	I   int
	I8  int8
	I16 int16
	I32 int32
	I64 int64
	U   uint
	U8  uint8
	U16 uint16
	U32 uint32
	U64 uint64
	P   uintptr
	F32 float32
	F64 float64
	S   string
	D   time.Duration
}

type omitting struct {
	B   bool           `json:"b,omitempty"`
	I   int            `json:"i,omitzero"`
	I8  int8           `json:",omitempty"`
	U16 uint16         `json:",omitempty,omitzero"`
	F   float64        `json:"f,omitempty"`
	F32 float32        `json:"f32,omitempty"`
	S   string         `json:"s,omitempty"`
	SZ  string         `json:"sz,omitzero"`
	L   []int          `json:"l,omitempty"`
	LZ  []int          `json:"lz,omitzero"`
	M   map[string]int `json:"m,omitempty"`
	MZ  map[string]int `json:"mz,omitzero"`
	P   *string        `json:"p,omitempty"`
	PZ  *string        `json:"pz,omitzero"`
	T   time.Time      `json:"t,omitempty"`
	TZ  time.Time      `json:"tz,omitzero"`
}

type omittingOddly struct {
	F float64    `json:"f,omitzero"`
	A [2]int     `json:"a,omitempty"`
	E [0]int     `json:"e,omitempty"`
	N any        `json:"n,omitempty"`
	S pair       `json:"s,omitzero"`
	Z zeroIsTen  `json:"z,omitzero"`
	Y *zeroIsTen `json:"y,omitzero"`
}

type zeroIsTen int

func (z zeroIsTen) IsZero() bool { return z == 10 }

type pair struct{ A, B string }

type quotedFields struct {
	I int     `json:"i,string"`
	U uint8   `json:"u,string,omitempty"`
	F float64 `json:"f,string"`
	B bool    `json:"b,string"`
	S string  `json:"s,string"`
	P *int    `json:"p,string"`
	L []int   `json:"l,string"` //nolint:staticcheck // the option has no effect, which is tested
}

type quotedNumbers struct {
	I int32   `json:"i,string"`
	U uint64  `json:"u,string"`
	F float32 `json:"f,string"`
	B bool    `json:"b,string"`
}

type nested struct {
	ID    int64
	Inner struct {
		Name string
		Tags []string
		Pair *pair
	}
	Pairs  []pair
	Ptrs   []*pair
	Lists  [][]string
	Array  [3]string
	Pairs2 [2]pair
	Double **int
}

type tree struct {
	Name     string  `json:"name"`
	Left     *tree   `json:"left,omitempty"`
	Children []tree  `json:"children"`
	ByName   treeMap `json:"byName"`
}

type treeMap map[string]tree

type base struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
}

type Base struct{ Rev int }

type embedding struct {
	base
	Base
	Name string `json:"name"`
}

type embeddingPointer struct {
	*Base
	Name string
}

type embeddingTime struct {
	time.Time
	Name string
}

type embeddingText struct {
	Name string
	Upper
}

type conflicting struct {
	base
	ID    string `json:"id"`
	Other string `json:"kind"`
}

type dominated struct {
	A string
	B string `json:"A"`
	C string `json:"a"`
}

type folding struct {
	Kelvin string `json:"kelvin"`
	Long   string `json:"miss"`
	Wide   string `json:"größe"`
	UPPER  int
	Upper  int `json:"upper"`
}

type oddTags struct {
	Dash   string `json:"-,"` //nolint:staticcheck // a name that is tested
	Quoted string `json:"'a,b'"`
	Comma  string `json:"a,unknown"`
	Slash  string `json:"a\\b"` //nolint:staticcheck // a name that is tested
	HTML   string `json:"<a>&"`
	Space  string `json:"a b"`
	At     string `json:"@timestamp"`
	Dotted string `json:"a.b-c_d/e:f$g#h"`
}

// badTag returns a struct with a tag that go vet would refuse.
func badTag() reflect.Type {
	return reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.TypeFor[string](), Tag: `json: "a"`},
		{Name: "B", Type: reflect.TypeFor[string]()},
	})
}

type unexported struct {
	A string
	b string //nolint:unused // neither decoded nor encoded
	C string `json:"-"`
}

type hiddenOnly struct{ a, b int } //nolint:unused // neither decoded nor encoded

type empty struct{}

type maps struct {
	S   map[string]string
	N   map[string]int
	F   map[string]float64
	B   map[string]bool
	A   map[string]any
	P   map[string]pair
	L   map[string][]string
	I   map[int]string
	U8  map[uint8]int64
	Own map[name]count
	PP  map[string]*pair
	MM  map[string]map[string]int
	F32 map[string]float32
}

type (
	name  string
	count int
)

type textKeys struct {
	M map[Upper]int
	T map[time.Time]string
	D map[time.Duration]int
}

type anything struct {
	A any
	L []any
	M map[string]any
	E error
}

type specials struct {
	T  time.Time
	P  *time.Time
	B  []byte
	R  json.RawMessage
	N  json.Number
	PR *json.RawMessage
	LT []time.Time
	A  [4]byte
	LB [][]byte
}

type byteLists struct {
	Named []namedByte
	Text  []textByte
}

type namedByte byte

type textByte byte

func (b textByte) MarshalText() ([]byte, error) { return []byte{'x', byte(b)&7 + '0'}, nil }

// Upper is a text that is written in upper case.
type Upper string

func (u Upper) MarshalText() ([]byte, error) {
	if u == "fail" {
		return nil, errors.New("can't be encoded")
	}
	return []byte(strings.ToUpper(string(u))), nil
}

func (u *Upper) UnmarshalText(text []byte) error {
	if len(text) > 20 {
		return errors.New("too long")
	}
	*u = Upper(strings.ToLower(string(text)))
	return nil
}

// ranged is written as a list of two, by pointer methods.
type ranged struct{ from, to int }

func (r *ranged) MarshalJSON() ([]byte, error) {
	if r.from == 13 {
		return nil, errors.New("bad luck")
	}
	return json.Marshal([2]int{r.from, r.to})
}

func (r *ranged) UnmarshalJSON(src []byte) error {
	if string(src) == "null" {
		r.from = -1
		return nil
	}
	var list [2]int
	err := json.Unmarshal(src, &list)
	r.from, r.to = list[0], list[1]
	return err
}

// spaced writes white space, or no JSON at all.
type spaced int

func (s spaced) MarshalJSON() ([]byte, error) {
	switch s % 4 {
	case 0:
		return []byte(" { \"a\" : 1 } "), nil
	case 1:
		return []byte(`{"a b":"c\u2028<\"  "}`), nil
	case 2:
		return []byte("{"), nil
	}
	return []byte("\"ü\u2028\xff\""), nil
}

type methods struct {
	U  Upper
	PU *Upper
	R  ranged
	PR *ranged
	LR []ranged
	AR [2]ranged
	MR map[string]ranged
	MP map[string]*ranged
	A  netip.Addr
	I  *big.Int
	F  big.Float
}

type spacing struct {
	A spaced
	B []spaced
}

type standardOnly struct {
	C chan int `json:",omitempty"`
	F func()   `json:"-"`
	X complex128
}

type broad struct {
	F00, F01, F02, F03, F04, F05, F06, F07, F08, F09, F10, F11, F12, F13, F14, F15, F16, F17, F18, F19 int
	G00, G01, G02, G03, G04, G05, G06, G07, G08, G09, G10, G11, G12, G13, G14, G15, G16, G17, G18, G19 string
	H00, H01, H02, H03, H04, H05, H06, H07, H08, H09, H10, H11, H12, H13, H14, H15, H16, H17, H18, H19 bool
	J00, J01, J02, J03, J04, J05, J06, J07, J08, J09, J10, J11, J12, J13, J14, J15, J16, J17, J18, J19 *int
	VeryLongNameOfAFieldThatNoWordCompares                                                             []string
}

// handWritten are the types above, and some that aren't structs.
func handWritten() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[pageView](), reflect.TypeFor[scalars](), reflect.TypeFor[omitting](),
		reflect.TypeFor[omittingOddly](), reflect.TypeFor[quotedFields](), reflect.TypeFor[quotedNumbers](),
		reflect.TypeFor[nested](), reflect.TypeFor[tree](), reflect.TypeFor[treeMap](), reflect.TypeFor[embedding](),
		reflect.TypeFor[embeddingPointer](), reflect.TypeFor[embeddingTime](), reflect.TypeFor[embeddingText](),
		reflect.TypeFor[conflicting](), reflect.TypeFor[dominated](), reflect.TypeFor[folding](), reflect.TypeFor[oddTags](),
		badTag(), reflect.TypeFor[unexported](), reflect.TypeFor[hiddenOnly](), reflect.TypeFor[empty](),
		reflect.TypeFor[maps](), reflect.TypeFor[textKeys](), reflect.TypeFor[anything](), reflect.TypeFor[specials](),
		reflect.TypeFor[byteLists](), reflect.TypeFor[methods](), reflect.TypeFor[spacing](),
		reflect.TypeFor[standardOnly](), reflect.TypeFor[broad](), reflect.TypeFor[*pageView](), reflect.TypeFor[[]pageView](),
		reflect.TypeFor[map[string]pageView](), reflect.TypeFor[any](), reflect.TypeFor[float64](), reflect.TypeFor[float32](),
		reflect.TypeFor[uint64](), reflect.TypeFor[bool](), reflect.TypeFor[[]float64](), reflect.TypeFor[[][]byte](),
		reflect.TypeFor[[3]int8](), reflect.TypeFor[map[int]any](), reflect.TypeFor[name](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[json.RawMessage](), reflect.TypeFor[json.Number](), reflect.TypeFor[ranged](), reflect.TypeFor[Upper](),
		reflect.TypeFor[struct{ Upper }](), reflect.TypeFor[struct{ *pair }](),
	}
}
