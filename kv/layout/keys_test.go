package layout

import (
	"bytes"
	"cmp"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Keys that something follows come back, have their order, and none is a prefix of
// another.
func TestAppendKey_OrderedAndPrefixFree(t *testing.T) {
	key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 0xff}), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		a, b := key.Draw(t, "a"), key.Draw(t, "b")
		rest := key.Draw(t, "rest")
		ea, eb := AppendKey(nil, a), AppendKey(nil, b)
		if c := bytes.Compare(ea, eb); c != bytes.Compare(a, b) || c != 0 && bytes.HasPrefix(ea, eb) {
			t.Fatalf("%q and %q are %q and %q", a, b, ea, eb)
		}
		got, after, err := SplitKey([]byte("x"), append(ea, rest...))
		if err != nil || string(got) != "x"+string(a) || !bytes.Equal(after, rest) {
			t.Fatalf("%q is %q, %q, %v", a, got, after, err)
		}
	})
}

func TestSplitKey_Malformed(t *testing.T) {
	for _, stored := range []string{"", "a", "a\x00", "a\x00\x02", "a\x00\x01"} {
		if key, _, err := SplitKey(nil, []byte(stored)); err == nil {
			t.Errorf("%q is the key %q", stored, key)
		}
	}
}

func FuzzSplitKey(f *testing.F) {
	f.Add([]byte("a\x00\x01\x00\x00rest"))
	f.Fuzz(func(t *testing.T, stored []byte) {
		key, rest, err := SplitKey(nil, stored)
		if err == nil && !bytes.Equal(append(AppendKey(nil, key), rest...), stored) {
			t.Errorf("%q is %q and %q", stored, key, rest)
		}
	})
}

type (
	word  string
	small int8
)

func TestOrder_SortsAsGo(t *testing.T) {
	t.Run("text", func(t *testing.T) { checkOrder(t, rapid.Map(rapid.String(), func(s string) word { return word(s) })) })
	t.Run("int8", func(t *testing.T) {
		checkOrder(t, rapid.Map(rapid.Int8(), func(n int8) small { return small(n) }))
	})
	t.Run("int", func(t *testing.T) { checkOrder(t, rapid.Int()) })
	t.Run("int32", func(t *testing.T) { checkOrder(t, rapid.Int32()) })
	t.Run("uint16", func(t *testing.T) { checkOrder(t, rapid.Uint16()) })
	t.Run("uint64", func(t *testing.T) { checkOrder(t, rapid.Uint64()) })
	t.Run("float64", func(t *testing.T) {
		special := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1, -1})
		checkOrder(t, rapid.OneOf(rapid.Float64(), special))
	})
	t.Run("float32", func(t *testing.T) { checkOrder(t, rapid.Float32()) })
}

func checkOrder[J cmp.Ordered](t *testing.T, values *rapid.Generator[J]) {
	o := NewOrder[J]()
	rapid.Check(t, func(t *rapid.T) {
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		ea, eb := o.append(nil, a), o.append(nil, b)
		if bytes.Compare(ea, eb) != cmp.Compare(a, b) {
			t.Fatalf("%v and %v are %x and %x", a, b, ea, eb)
		}
		back, err := o.Parse(ea)
		if err != nil || cmp.Compare(back, a) != 0 {
			t.Fatalf("%v comes back as %v, %v", a, back, err)
		}
		shown, err := showOrdered(o.name, ea)
		if err != nil {
			t.Fatal(err)
		}
		if o.name != orderText && shown[0] != '"' {
			typed, err := orderedFromText(o.name, string(shown))
			if err != nil || !bytes.Equal(typed, ea) {
				t.Fatalf("%s, typed, is %x, %v, want %x", shown, typed, err, ea)
			}
		}
	})
	if o.name != orderText {
		if _, err := o.Parse([]byte("1234567")); err == nil {
			t.Error("7 bytes are a number")
		}
	}
}
