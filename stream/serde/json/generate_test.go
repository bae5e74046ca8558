package json

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A generator makes types, documents and values, by chance.
type generator struct {
	*rand.Rand
	out    []byte
	spaces int  // 0: none; 1: as Python writes them; 2: anywhere
	plain  bool // generated types have only what the fast path knows
	odd    int  // one of so many parts of a document isn't what the type says
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
}

func (g *generator) one(of int) bool { return g.IntN(of) == 0 }

// strange is true for the share of strings and numbers that is odd.
func (g *generator) strange() bool { return g.odd < 1<<30 && g.one(max(2, g.odd/8)) }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// newType makes a struct type, most of the time without oddities.
func (g *generator) newType() reflect.Type {
	g.plain = !g.one(4)
	return g.structType(3)
}

func (g *generator) structType(depth int) reflect.Type {
	fields := make([]reflect.StructField, 1+g.IntN(8))
	for i := range fields {
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: g.anyType(depth), Tag: reflect.StructTag(g.tag(i))}
	}
	return reflect.StructOf(fields)
}

func (g *generator) tag(i int) string {
	if g.one(3) {
		return ""
	}
	if g.plain {
		return fmt.Sprintf(`json:"%s%d%s"`, pick(g, "a", "B", "name", "longer_name", "a_very_long_name_of_a_field", "ü", "user.id", "K"), i,
			pick(g, "", "", "", ",omitempty"))
	}
	name := pick(g, "", "", "a", "B", "name", "longer_name", "a_very_long_name_of_a_field", "ü", "user.id", "-", "K")
	if name != "" && !g.one(8) {
		name += strconv.Itoa(i)
	}
	return `json:"` + name + pick(g, "", "", "", "", ",omitempty", ",omitzero", ",string", ",omitempty,string", ",omitzero,omitempty", ",odd") + `"`
}

// plainLeaves is how many of leaves are plain.
const plainLeaves = 27

var leaves = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](),
	reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](),
	reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[string](),
	reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[any](),
	reflect.TypeFor[json.RawMessage](), reflect.TypeFor[json.Number](), reflect.TypeFor[Upper](), reflect.TypeFor[ranged](), reflect.TypeFor[name](),
	reflect.TypeFor[pair](), reflect.TypeFor[embedding](), reflect.TypeFor[conflicting](), reflect.TypeFor[zeroIsTen](), reflect.TypeFor[spaced](),
}

func (g *generator) anyType(depth int) reflect.Type {
	if depth == 0 || g.one(2) {
		if g.plain {
			return leaves[g.IntN(plainLeaves)]
		}
		return leaves[g.IntN(len(leaves))]
	}
	elem := g.anyType(depth - 1)
	switch g.IntN(6) {
	case 0:
		return reflect.PointerTo(elem)
	case 1, 2:
		return reflect.SliceOf(elem)
	case 3:
		return reflect.ArrayOf(g.IntN(4), elem)
	case 4:
		return reflect.MapOf(pick(g, reflect.TypeFor[string](), reflect.TypeFor[name](), reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[Upper]()), elem)
	default:
		return g.structType(depth - 1)
	}
}

// document makes a document for a type: right, slightly wrong, or broken.
func (g *generator) document(t reflect.Type) []byte {
	g.out, g.spaces, g.odd = g.out[:0], pick(g, 0, 0, 0, 1, 2), pick(g, 1<<30, 300, 100, 30)
	g.space()
	g.value(t, 4)
	g.space()
	if g.one(6) {
		g.harm()
	}
	return g.out
}

// harm changes some bytes.
func (g *generator) harm() {
	const bytes = "\"\\{}[]:,0123456789.eE+-tfnu \n\x00\x1f\x7f\x80\xc3\xff'/x"
	for range 1 + g.IntN(3) {
		if len(g.out) == 0 {
			return
		}
		i, c := g.IntN(len(g.out)), bytes[g.IntN(len(bytes))]
		switch g.IntN(5) {
		case 0:
			g.out = g.out[:i]
		case 1:
			g.out = append(g.out[:i], g.out[i+1:]...)
		case 2:
			g.out = append(g.out[:i+1], g.out[i:]...)
			g.out[i] = c
		default:
			g.out[i] = c
		}
	}
}

func (g *generator) write(s string) { g.out = append(g.out, s...) }

func (g *generator) space() {
	if g.spaces == 2 && g.one(4) {
		g.write(pick(g, " ", "\n", "\t\r\n", "         "))
	}
}

// separator writes a comma or a colon.
func (g *generator) separator(s string) {
	g.space()
	g.write(s)
	if g.spaces == 1 {
		g.write(" ")
	}
	g.space()
}

func (g *generator) value(t reflect.Type, depth int) {
	switch {
	case g.one(25):
		g.write("null")
		return
	case g.one(g.odd):
		g.anything(2)
		return
	}
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[embeddingTime]():
		g.time()
		return
	case reflect.TypeFor[json.RawMessage]():
		g.anything(2)
		return
	case reflect.TypeFor[json.Number]():
		g.number()
		return
	case reflect.TypeFor[ranged]():
		g.value(reflect.TypeFor[[2]int8](), depth)
		return
	}
	if depth <= 0 && t.Kind() != reflect.String {
		g.anything(0)
		return
	}
	g.kind(t, depth)
}

func (g *generator) kind(t reflect.Type, depth int) {
	switch t.Kind() {
	case reflect.Bool:
		g.write(pick(g, "true", "false"))
	case reflect.String:
		g.text()
	case reflect.Float32, reflect.Float64:
		g.number()
	case reflect.Pointer:
		g.value(t.Elem(), depth-1)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice && !g.one(20) {
			g.base64()
			return
		}
		n := g.IntN(5)
		if g.one(12) { // more than a slice has room for at first
			n = g.IntN(40)
		}
		if t.Kind() == reflect.Array && !g.one(10) {
			n = t.Len()
		}
		g.list(n, func() { g.value(t.Elem(), depth-1) })
	case reflect.Map:
		g.dict(g.IntN(5)+g.IntN(3), func(int) { g.mapKey(t.Key()) }, func(int) { g.value(t.Elem(), depth-1) })
	case reflect.Struct:
		g.structure(t, depth)
	case reflect.Interface:
		g.anything(3)
	case reflect.Func, reflect.Chan, reflect.Complex128:
		g.anything(1)
	default:
		g.integer(t)
	}
}

func (g *generator) list(n int, item func()) {
	g.write("[")
	g.space()
	for i := range n {
		if i > 0 {
			g.separator(",")
		}
		item()
		g.space()
	}
	g.write("]")
}

func (g *generator) dict(n int, name, value func(i int)) {
	g.write("{")
	g.space()
	for i := range n {
		if i > 0 {
			g.separator(",")
		}
		name(i)
		g.separator(":")
		value(i)
		g.space()
	}
	g.write("}")
}

func (g *generator) mapKey(t reflect.Type) {
	switch {
	case t.Kind() == reflect.String || g.one(30):
		g.text()
	case t.Kind() < reflect.Uint:
		g.write(`"` + strconv.Itoa(g.IntN(400)-200) + `"`)
	default:
		g.write(`"` + pick(g, "", "0", "+", "-") + strconv.Itoa(g.IntN(300)) + `"`)
	}
}

// structure writes the fields of a struct, most of the time.
func (g *generator) structure(t reflect.Type, depth int) {
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() || f.Anonymous {
			fields = append(fields, f)
		}
	}
	if g.one(2) {
		g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	}
	if len(fields) > 20 && !g.one(5) {
		fields = fields[:g.IntN(20)]
	}
	var chosen []reflect.StructField
	for _, f := range fields {
		if g.one(8) {
			continue
		}
		if chosen = append(chosen, f); g.one(max(2, g.odd/4)) {
			chosen = append(chosen, f)
		}
		if g.one(10) {
			chosen = append(chosen, reflect.StructField{}) // an unknown name
		}
	}
	g.dict(len(chosen), func(i int) { g.fieldName(chosen[i]) }, func(i int) { g.fieldValue(chosen[i], depth) })
}

func (g *generator) fieldName(f reflect.StructField) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	switch {
	case f.Type == nil:
		g.write(pick(g, `"extra"`, `"x"`, `"an_extra_field_with_a_long_name"`, `"ünknown"`, `"F"`, `""`, `"\u0061"`, `"userB"`, "\"\xff\""))
		return
	case g.one(max(2, g.odd)):
		name = pick(g, strings.ToUpper(name), strings.ToLower(name), strings.Title(name), name+"x", name[:len(name)/2], //nolint:staticcheck // a name in another case
			strings.ReplaceAll(name, "s", "ſ"), strings.ReplaceAll(name, "k", "\u212a"), "\\u00"+fmt.Sprintf("%02x", name[0])+name[1:])
	}
	g.write(`"` + name + `"`)
}

func (g *generator) fieldValue(f reflect.StructField, depth int) {
	switch {
	case f.Type == nil:
		g.anything(3)
	case strings.Contains(f.Tag.Get("json"), ",string") && !g.one(20):
		g.write(`"`)
		g.value(f.Type, depth-1)
		g.write(`"`)
	default:
		g.value(f.Type, depth-1)
	}
}

// anything writes any value.
func (g *generator) anything(depth int) {
	n := 8
	if depth == 0 {
		n = 6
	}
	switch g.IntN(n) {
	case 0:
		g.write(pick(g, "true", "false", "null", "null"))
	case 1, 2:
		g.number()
	case 3, 4, 5:
		g.text()
	case 6:
		g.list(g.IntN(4), func() { g.anything(depth - 1) })
	case 7:
		g.dict(g.IntN(4), func(int) { g.text() }, func(int) { g.anything(depth - 1) })
	}
}

func (g *generator) text() {
	g.write(`"`)
	for range g.IntN(4) {
		switch g.IntN(14) {
		case 0:
			g.write(pick(g, "ü", "日本", "🙂", "\u2028", "\u2029", "\u007f", "ſK", "é̂"))
		case 1:
			g.write(pick(g, `\n`, `\t`, `\"`, `\\`, `\/`, `\b`, `\f`, `\r`, `\u0041`, `\u00e9`, `\u2028`, `\ud83d\ude42`, `\u0000`))
		case 2:
			if g.strange() {
				g.write(pick(g, "\xff", "\xc3", "\xed\xa0\x80", `\ud83d`, `\ude42\ud83d`, `\ud83d\u0041`, `\x`, `\u12`, "\x01", "\n"))
			}
		case 3:
			g.write(pick(g, "<", ">", "&", "'", " ", "a b", "{", "}", "[", ","))
		default:
			g.write(pick(g, "a", "user-17", "/index.html", "Mozilla/5.0 (X11; Linux x86_64)", "0123456", "01234567", "abc", "x"))
		}
	}
	g.write(`"`)
}

func (g *generator) integer(t reflect.Type) {
	n := g.IntN(6)
	if n < 2 && !g.strange() {
		n = 5
	}
	switch n {
	case 0:
		g.number()
	case 1: // at a limit
		size := min(64, t.Bits())
		limit := strconv.FormatUint(math.MaxUint64>>uint(64-size), 10)
		g.write(pick(g, "", "", "-") + pick(g, limit, "9223372036854775807", "9223372036854775808", "9223372036854775809",
			strconv.FormatUint(1<<(size-1), 10), strconv.FormatUint(1<<(size-1)-1, 10), strconv.FormatUint(1<<(size-1)+1, 10),
			"18446744073709551616", "25000000000000000000", "256", "65536", "4294967296"))
	case 2:
		g.write(strconv.FormatInt(int64(g.Uint64())>>(1+g.IntN(63))&math.MaxInt64>>uint(64-min(64, t.Bits())), 10))
	default:
		g.write(strconv.Itoa(g.IntN(128)))
	}
}

func (g *generator) number() {
	switch g.IntN(9) {
	case 0:
		if !g.strange() {
			g.write(pick(g, "0", "-0", "1e5", "1E-07", "4.9e-324", "12345678901234567890"))
			return
		}
		g.write(pick(g, "0", "-0", "-0.0", "0e5", "1E400", "1e-400", "01", "-", "1.", ".5", "1e", "1e+", "+1", "1e5", "1E-07", "NaN", "0x10", "-01", "4.9e-324"))
	case 1:
		g.write(strconv.FormatFloat(math.Float64frombits(g.Uint64()), byte(pick(g, 'e', 'f', 'g')), -1, 64))
	case 2:
		g.write(strconv.FormatFloat(float64(math.Float32frombits(g.Uint32())), 'g', -1, 32))
	case 3:
		for range 1 + g.IntN(30) {
			g.write(strconv.Itoa(1 + g.IntN(9)))
		}
	case 4:
		g.write(strconv.Itoa(g.IntN(1000)) + "." + strconv.Itoa(g.IntN(1e9)) + pick(g, "", "", "e3", "e-3", "E+10"))
	default:
		g.write(strconv.FormatFloat(math.Round(g.NormFloat64()*1e6)/pick(g, 1., 10, 1000, 1e6), 'f', -1, 64))
	}
}

func (g *generator) time() {
	t := time.Unix(g.Int64N(1<<34)-1<<33, g.Int64N(1e9)).UTC()
	zone, n := pick(g, "Z", "Z", "+02:00", "-11:30"), g.IntN(8)
	if g.strange() {
		zone = pick(g, "z", "+24:00", "", "+2:00", "Z ")
	} else if n == 2 || n == 3 {
		n = 4
	}
	switch n {
	case 0:
		g.write(`"` + t.Format("2006-01-02T15:04:05.999999999") + zone + `"`)
	case 1:
		g.write(`"` + t.Format("2006-01-02T15:04:05.000") + zone + `"`)
	case 2:
		g.write(fmt.Sprintf(`"%04d-%02d-%02dT%02d:%02d:%02d%s"`, g.IntN(10001), g.IntN(14), g.IntN(33), g.IntN(25), g.IntN(61), g.IntN(61), zone))
	case 3:
		g.write(`"` + t.Format("2006-01-02T15:04:05") + pick(g, ".", ",", "") + strings.Repeat("7", g.IntN(12)) + zone + `"`)
	default:
		g.write(`"` + t.Format("2006-01-02T15:04:05") + `Z"`)
	}
}

func (g *generator) base64() {
	b := make([]byte, g.IntN(12))
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	s := base64.StdEncoding.EncodeToString(b)
	if g.one(10) {
		s += pick(g, "=", "!", "\\n", " ", "a")
	}
	g.write(`"` + s + `"`)
}
