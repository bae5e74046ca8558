package serde

import (
	"math"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/serde/shape"
)

type (
	userID  string
	degrees float64
	spot    struct {
		At   time.Time
		Lat  float64
		Grid [2]float32
		Name string
	}
	pairKey struct {
		A int    `json:"a"`
		B string `json:"b"`
	}
)

func encodeKey[K any](t *testing.T, k K) string {
	t.Helper()
	s, _ := Key[K]()
	b, err := s.Append(nil, k)
	if err != nil {
		t.Fatalf("%v: %v", k, err)
	}
	return string(b)
}

// Keys that are equal in Go, or stand for one time, have the same bytes.
func TestKey_EqualKeysHaveEqualBytes(t *testing.T) {
	negative := math.Copysign(0, -1)
	now := time.Now()
	same := map[string][2]string{
		"zero":          {encodeKey(t, 0.0), encodeKey(t, negative)},
		"float32":       {encodeKey(t, float32(0)), encodeKey(t, float32(negative))},
		"named":         {encodeKey(t, degrees(0)), encodeKey(t, degrees(negative))},
		"array":         {encodeKey(t, [2]float64{0, 1}), encodeKey(t, [2]float64{negative, 1})},
		"time":          {encodeKey(t, now), encodeKey(t, now.In(time.FixedZone("x", 3600)).Round(0))},
		"within struct": {encodeKey(t, spot{now, 0, [2]float32{}, "x"}), encodeKey(t, spot{now.UTC(), negative, [2]float32{0, float32(negative)}, "x"})},
	}
	for name, b := range same {
		if b[0] != b[1] {
			t.Errorf("%s: %s and %s", name, b[0], b[1])
		}
	}
	if a, b := encodeKey(t, 1.0), encodeKey(t, -1.0); a == b {
		t.Errorf("1 and -1 are %s", a)
	}
}

func TestKey_RefusesWhatEqualsNothing(t *testing.T) {
	floats, _ := Key[float64]()
	spots, _ := Key[spot]()
	users, _ := Key[userID]()
	texts, _ := Key[string]()
	for name, f := range map[string]func() ([]byte, error){
		"NaN":         func() ([]byte, error) { return floats.Append(nil, math.NaN()) },
		"NaN within":  func() ([]byte, error) { return spots.Append(nil, spot{Grid: [2]float32{1, float32(math.NaN())}}) },
		"text":        func() ([]byte, error) { return users.Append(nil, "\xff") },
		"text within": func() ([]byte, error) { return spots.Append(nil, spot{Name: "a\xc3"}) },
	} {
		if b, err := f(); err == nil {
			t.Errorf("%s: encoded as %q", name, b)
		}
	}
	if b, err := texts.Append(nil, "\xff"); err != nil || string(b) != "\xff" {
		t.Errorf("a string, which is its bytes: %q, %v", b, err)
	}
}

// All texts of a key are one key: that which the pipeline makes.
func TestAddKey_TextsOfOneKeyAreTheSame(t *testing.T) {
	var r Registry
	_, users, _ := r.AddKey[userID]()
	_, pairs, _ := r.AddKey[pairKey]()
	_, floats, _ := r.AddKey[degrees]()
	_, times, _ := r.AddKey[time.Time]()
	for _, c := range []struct{ serde, text, encoded string }{
		{users, `"ada"`, `"ada"`},
		{users, `"\u0061da"`, `"ada"`},
		{users, ` "ada" `, `"ada"`},
		{users, "ada", "error"},
		{pairs, `{"b":"x","a":1}`, `{"a":1,"b":"x"}`},
		{pairs, `{"a": 1, "b": "\u0078"}`, `{"a":1,"b":"x"}`},
		{pairs, `{"B":"x","A":1}`, `{"a":1,"b":"x"}`},
		{pairs, `{"a":"1"}`, "error"},
		{pairs, `[]`, "error"},
		{floats, "-0.0", "0"},
		{floats, "1e2", "100"},
		{times, `"2026-11-30T01:00:00+01:00"`, `"2026-11-30T00:00:00Z"`},
	} {
		if got := encoded(r.Text(c.serde).FromText(c.text)); got != c.encoded {
			t.Errorf("%s reads the text %q as %q, want %q", c.serde, c.text, got, c.encoded)
		}
		if got := encoded(r.Text(c.serde).FromJSON([]byte(c.text))); got != c.encoded {
			t.Errorf("%s reads the JSON %s as %q, want %q", c.serde, c.text, got, c.encoded)
		}
	}
}

// Two types with one name: neither reads the keys of the other.
func TestAddKey_TypesOfOneName(t *testing.T) {
	var r Registry
	add := func() string {
		type twin struct{ A int }
		_, name, _ := r.AddKey[twin]()
		return name
	}
	first := add()
	type twin struct{ B int }
	_, second, _ := r.AddKey[twin]()
	if first != second {
		t.Skipf("the names are %s and %s", first, second)
	}
	for range 2 {
		if got := encoded(r.Text(second).FromText(`{"B":1}`)); got != `{"B":1}` {
			t.Errorf("got %s", got)
		}
		_, _, _ = r.AddKey[twin]()
	}
}

// A user's serde gets canonical keys, too.
func TestAddKey_OwnSerde(t *testing.T) {
	var r Registry
	r.SetDefault[spot](spotSerde{})
	_, name, losses := r.AddKey[spot]()
	if losses != nil {
		t.Errorf("a type with a serde of its own: %v", losses)
	}
	got := encoded(r.Text(name).FromText(`{"Lat":-0.0,"At":"2026-11-30T01:00:00+01:00"}`))
	if got != "0 2026-11-30 00:00:00 +0000 UTC" {
		t.Errorf("got %s", got)
	}
}

type spotSerde struct{}

func (spotSerde) Append(dst []byte, s spot) ([]byte, error) {
	lat := "0"
	if math.Signbit(s.Lat) {
		lat = "-0"
	}
	return append(dst, lat+" "+s.At.String()...), nil
}
func (spotSerde) Parse([]byte) (spot, error) { return spot{}, nil }

func TestAddKey_Losses(t *testing.T) {
	type hidden struct{ user, page string } //nolint:unused // they are what is tested
	var r Registry
	_, _, losses := r.AddKey[hidden]()
	want := []shape.Loss{{Path: "serde.hidden.user", Why: "isn't exported, so it isn't written"}, {Path: "serde.hidden.page", Why: "isn't exported, so it isn't written"}}
	if len(losses) != 2 || losses[0] != want[0] || losses[1] != want[1] {
		t.Errorf("got %v", losses)
	}
}

// Making a key canonical allocates nothing.
func TestKey_AllocatesNoMore(t *testing.T) {
	plain, _ := For[spot]()
	keys, _ := Key[spot]()
	k := spot{Lat: 1, Name: "x"}
	buf := make([]byte, 0, 1024)
	count := func(s Serde[spot]) float64 {
		return testing.AllocsPerRun(100, func() { _, _ = s.Append(buf, k) })
	}
	if before, after := count(plain), count(keys); after > before {
		t.Errorf("%v allocations instead of %v", after, before)
	}
}
