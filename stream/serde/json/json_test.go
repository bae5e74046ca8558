package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

func TestParse_RefusesNumbersOutOfRange(t *testing.T) {
	type numbers struct {
		I64 int64
		U64 uint64
		I8  int8
		U16 uint16
		F32 float32
		F64 float64
	}
	c := New[numbers]()
	for _, doc := range []string{
		`{"I64":25000000000000000000}`, // these wrap around to numbers of 19 digits
		`{"I64":41000000000000000001}`,
		`{"U64":20500000000000000000}`,
		`{"U64":36800000000000000000}`,
		`{"I64":9223372036854775808}`,
		`{"I64":-9223372036854775809}`,
		`{"U64":18446744073709551616}`,
		`{"U64":184467440737095516150}`,
		`{"U64":-1}`, `{"U64":-0}`,
		`{"I8":128}`, `{"I8":-129}`, `{"U16":65536}`,
		`{"F32":1e39}`, `{"F64":1e309}`,
		`{"I64":1.0}`, `{"I64":1e2}`, `{"I64":01}`, `{"I64":-}`, `{"F64":.5}`, `{"F64":1.}`,
	} {
		var n numbers
		if err := c.Parse([]byte(doc), &n); err == nil {
			t.Errorf("%s is %+v", doc, n)
		} else if n != (numbers{}) {
			t.Errorf("%s: after the error %v the value is %+v", doc, err, n)
		}
	}
	limits := numbers{math.MinInt64, math.MaxUint64, math.MinInt8, math.MaxUint16, math.MaxFloat32, math.MaxFloat64}
	encoded, err := c.Append(nil, &limits)
	if err != nil {
		t.Fatal(err)
	}
	var n numbers
	if err := c.Parse(encoded, &n); err != nil || n != limits {
		t.Errorf("%s is %+v, %v", encoded, n, err)
	}
}

// deep returns a record with so many levels in a field that no struct has.
func deep(levels int) []byte {
	return []byte(`{"user":"ada","extra":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}`)
}

func TestParse_TakesDepthAsTheStandardLibraryDoes(t *testing.T) {
	c := New[pageView]()
	for _, levels := range []int{1, maxDepth - 1, maxDepth, maxDepth + 1, 9_999, 10_000, 100_000} {
		doc := deep(levels)
		var got, want pageView
		gotErr, wantErr := c.Parse(doc, &got), json.Unmarshal(doc, &want)
		if (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%d levels: %v, and by encoding/json: %v", levels, gotErr, wantErr)
		}
		if gotErr == nil && got != want {
			t.Errorf("%d levels: %+v, want %+v", levels, got, want)
		}
	}
}

// Two megabytes of brackets must neither overflow the stack nor take memory or time
// that grows faster than the document.
func TestParse_RefusesBracketsQuickly(t *testing.T) {
	c, whatever := New[pageView](), New[any]()
	for name, doc := range map[string][]byte{
		"lists":    bytes.Repeat([]byte("["), 2<<20),
		"objects":  bytes.Repeat([]byte(`{"a":`), 400<<10),
		"in field": append([]byte(`{"extra":`), bytes.Repeat([]byte("["), 2<<20)...),
		"closed":   deep(1 << 20),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		var v pageView
		var a any
		if c.Parse(doc, &v) == nil || whatever.Parse(doc, &a) == nil {
			t.Errorf("%s: accepted", name)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s: took %d MB of memory", name, took>>20)
		}
	}
}

func TestParse_HandsOverTheWholeRecord(t *testing.T) {
	c := New[pageView]()
	for doc, want := range map[string]pageView{
		`{"user":"a","ts":1,"user":"b"}`:                   {User: "b", At: 1},
		`{"user":"a","USER":"b","ts":1}`:                   {User: "b", At: 1},
		`{"page":"p","u\u0073er":"a"}`:                     {User: "a", Page: "p"},
		"{\"user\":\"\xff\xc3\",\"page\":\"p\"}":           {User: "\ufffd\ufffd", Page: "p"},
		`{"user":"\ud83d","page":"\ude42\u0041"}`:          {User: "\ufffd", Page: "\ufffdA"},
		"{\"u\u017fer\":\"long s\",\"\u017fcore\":2}":      {User: "long s", Score: 2},
		`{"ts":1,"unknown":{"ts":2,"ts":"x"},"Ts":3}`:      {At: 3},
		`{"user":null,"ts":null,"bounced":null}`:           {},
		` { "user" : "a" , "score" : -1.5e2 } `:            {User: "a", Score: -150},
		`{"user":"a","xuser":"\ud800\ufffe","page":"\"" }`: {User: "a", Page: `"`},
	} {
		var got pageView
		if err := c.Parse([]byte(doc), &got); err != nil || got != want {
			t.Errorf("%s is %+v, %v, want %+v", doc, got, err, want)
		}
	}
}

// A record that is half decoded when it turns out to be wrong, or unusual, must not
// leave anything in the value.
func TestParse_LeavesNothingHalfDecoded(t *testing.T) {
	c := New[nested]()
	for _, end := range []string{`,"ID":"x"}`, `,"Array":[1]}`, `,"Pairs":[{"A":1}]}`, `]`, ``, `} x`} {
		v := nested{}
		doc := `{"ID":17,"Pairs":[{"A":"a","B":"b"}],"Lists":[["x"]],"Inner":{"Tags":["t"],"Pair":{"A":"p"}}` + end
		if err := c.Parse([]byte(doc), &v); err == nil || !reflect.DeepEqual(v, nested{}) {
			t.Errorf("%s is %+v, %v", doc, v, err)
		}
	}
	v := nested{}
	doc := `{"Pairs":[{"A":"a","B":"b"}],"Lists":[["x"]],"pairs":[{"A":"c"}]}`
	var want nested
	if err := json.Unmarshal([]byte(doc), &want); err != nil {
		t.Fatal(err)
	}
	if err := c.Parse([]byte(doc), &v); err != nil || !reflect.DeepEqual(v, want) {
		t.Errorf("%s is %+v, %v, want %+v", doc, v, err, want)
	}
}

func TestAppend_LeavesNothingHalfEncoded(t *testing.T) {
	type mixed struct {
		A string
		F float64
	}
	c := New[mixed]()
	dst := []byte("before")
	for _, v := range []mixed{{"a", math.Inf(1)}, {"a", math.NaN()}} {
		if got, err := c.Append(dst, &v); err == nil || string(got) != "before" {
			t.Errorf("%+v is %q, %v", v, got, err)
		}
	}
	if got, err := c.Append(dst, &mixed{"\xff", 1}); err != nil || string(got) != string(mustAppend(t, dst, mixed{"\xff", 1})) {
		t.Errorf("invalid UTF-8 is %s, %v", got, err)
	}
}

func mustAppend(t *testing.T, dst []byte, v any) []byte {
	t.Helper()
	b, err := AppendAny(dst, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppend_SortsAndDoesNotEscapeHTML(t *testing.T) {
	type record struct {
		M map[string]any `json:"m"`
		I map[int]string `json:"i"`
		D time.Duration  `json:"d"`
		Z time.Time      `json:"z,omitzero"`
	}
	v := record{map[string]any{"b": 1, "a": "<&>", "c": nil, "A": []any{true}}, map[int]string{10: "x", 9: "y"}, time.Second, time.Time{}}
	got, err := New[record]().Append(nil, &v)
	if want := `{"m":{"A":[true],"a":"<&>","b":1,"c":null},"i":{"10":"x","9":"y"},"d":1000000000}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestAppend_FindsCycles(t *testing.T) {
	v := tree{Name: "a"}
	v.Left = &v
	if _, err := New[tree]().Append(nil, &v); err == nil {
		t.Error("a value that contains itself has an encoding")
	}
}

// The bytes of a record are reused for the next one.
func TestParse_DoesNotAliasTheRecord(t *testing.T) {
	c := New[specials]()
	doc := []byte(`{"T":"2026-11-30T15:04:05+02:00","B":"AQID","R":{"a":[1]},"N":12.5,"LB":["AQID"]}`)
	var got, want specials
	if err := c.Parse(doc, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(bytes.Clone(doc), &want); err != nil {
		t.Fatal(err)
	}
	clear(doc)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A string that is kept retains at most 4 KB, and none of the rest of its record.
func TestParse_SharesBuffersOfStringBytesOnly(t *testing.T) {
	c := New[[]string]()
	size := func(count, length int) (allocs, bytes float64) {
		doc := []byte(`[` + strings.Repeat(`"`+strings.Repeat("x", length)+`",`, count) + strings.Repeat(" ", 5000) + `"x"]`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const rounds = 100
		for range rounds {
			var v []string
			if err := c.Parse(doc, &v); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / rounds, float64(after.TotalAlloc-before.TotalAlloc) / rounds
	}
	if _, bytes := size(3, 100); bytes > 1000 {
		t.Errorf("3 strings of 100 bytes took %v bytes", bytes)
	}
	if allocs, _ := size(100, 400); allocs > 30 {
		t.Errorf("100 strings of 400 bytes took %v allocations", allocs)
	}
	if most := longestRun(t, c, 100, 400); most > 4096 {
		t.Errorf("strings share a buffer of %d bytes", most)
	}
	var all []string
	if err := c.Parse([]byte(`["`+strings.Repeat("x", maxShared-1)+`","y","z"]`), &all); err != nil {
		t.Fatal(err)
	}
	if end := all[0][maxShared-1:]; len(end) != 0 || all[1] != "y" || all[2] != "z" {
		t.Errorf("got %q", all[1:])
	}
}

// longestRun returns how many bytes of decoded strings are in memory one after the other.
func longestRun(t *testing.T, c *Codec[[]string], count, length int) (most int) {
	t.Helper()
	var list []string
	if err := c.Parse([]byte(`["`+strings.Repeat(strings.Repeat("x", length)+`","`, count)+`"]`), &list); err != nil {
		t.Fatal(err)
	}
	run := length
	for i := range count - 1 {
		if run += length; pointerTo(unsafe.StringData(list[i+1])) != at(pointerTo(unsafe.StringData(list[i])), uintptr(length)) {
			run = length
		}
		most = max(most, run)
	}
	return most
}

// An adding value has the number of times that it was decoded.
type adding int

func (a *adding) UnmarshalJSON([]byte) error {
	*a++
	return nil
}

func TestParse_HandsOverToAFreshValue(t *testing.T) {
	type record struct{ A adding }
	var r record
	if err := New[record]().Parse([]byte(`{"A":1,"\u0061bc":2}`), &r); err != nil || r.A != 1 {
		t.Errorf("decoded %d times into one value, %v", r.A, err)
	}
}

func TestCodec_AllocatesOncePerRecord(t *testing.T) {
	c, docs := New[pageView](), views()
	var v pageView
	buf := make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(100, func() {
		v = pageView{}
		if err := c.Parse(docs[0], &v); err != nil {
			t.Fatal(err)
		}
	}); n != 1 {
		t.Errorf("decoding allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Append(buf, &v); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("encoding allocates %v times", n)
	}
}

// One codec is used by several goroutines, whose documents have the fields in
// different orders.
func TestCodec_ConcurrentUse(t *testing.T) {
	c := New[pageView]()
	docs := []string{`{"user":"a","page":"b","ts":1}`, `{"ts":1,"page":"b","user":"a"}`, `{"page":"b","x":[1,{"user":2}],"user":"a","ts":1}`}
	done := make(chan error)
	for i := range docs {
		go func() {
			for n := range 2000 {
				var v pageView
				if err := c.Parse([]byte(docs[(i+n/50)%len(docs)]), &v); err != nil || v != (pageView{User: "a", Page: "b", At: 1}) {
					done <- fmt.Errorf("%+v, %w", v, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range docs {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestPlainTypes_AreOnTheFastPath(t *testing.T) {
	for typ, doc := range map[reflect.Type]string{
		reflect.TypeFor[pageView]():      `{"user":"a\n","page":"ü","ts":-1,"bounced":true,"score":0.1,"extra":[{"a":"\u0041"},null]}`,
		reflect.TypeFor[embedding]():     `{"id":"a","kind":"b","Rev":1,"name":"c"}`,
		reflect.TypeFor[methods]():       `{"U":"a","PU":"b","R":[1,2],"LR":[[1,2]],"MR":{"a":[1,2]},"A":"::1","I":5}`,
		reflect.TypeFor[maps]():          `{"S":{"a":"b"},"N":{"a":1},"A":{"a":{"b":[1]}},"P":{"a":{"A":"b"}},"I":{"-5":"x"},"MM":{"a":{"b":1}}}`,
		reflect.TypeFor[specials]():      `{"T":"2026-11-30T15:04:05.25Z","P":"2026-11-30T15:04:05+01:00","B":"AQID","R":[1, 2],"N":1e5,"A":[1,2,3,4]}`,
		reflect.TypeFor[tree]():          `{"name":"a","left":{"name":"b","children":[]},"children":[{"name":"c","byName":{"d":{"name":"d"}}}]}`,
		reflect.TypeFor[quotedNumbers](): `{"i":"-5","u":"17","f":"1.5","b":"true"}`,
	} {
		c := compileBoth(typ)
		if !c.parse(t, []byte(doc)) {
			t.Errorf("%s: %s isn't decoded on the fast path", typ, doc)
		}
		v := reflect.New(typ)
		if err := json.Unmarshal([]byte(doc), v.Interface()); err != nil {
			t.Fatal(err)
		}
		if typ != reflect.TypeFor[specials]() && typ != reflect.TypeFor[methods]() && !c.append(t, v) {
			t.Errorf("%s: %s isn't encoded on the fast path", typ, doc)
		}
	}
}
