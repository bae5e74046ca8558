package serde

import (
	"encoding/hex"
	"reflect"
	"testing"
)

type view struct {
	User string `json:"user"`
	At   int64  `json:"at"`
}

func TestFor_BuiltIn(t *testing.T) {
	check(t, "string", "Grete", hex.EncodeToString([]byte("Grete")))
	check(t, "bytes", []byte{1, 2}, "0102")
	check(t, "int64", int64(-2), "fffffffffffffffe")
	check(t, "int64", 258, "0000000000000102")
	check(t, "int32", int32(1), "00000001")
	check(t, "json(serde.view)", view{"u", 7}, hex.EncodeToString([]byte(`{"user":"u","at":7}`)))
}

// check encodes and decodes by all four functions.
func check[M any](t *testing.T, name string, m M, encoded string) {
	t.Helper()
	s, n := For[M]()
	b, err := s.Append(nil, m)
	if err != nil || n != name || hex.EncodeToString(b) != encoded {
		t.Fatalf("%T: %s %x %v, want %s %s", m, n, b, err, name, encoded)
	}
	if b, err = Appender(s)([]byte("x"), &m); err != nil || string(b[:1]) != "x" || hex.EncodeToString(b[1:]) != encoded {
		t.Fatalf("%T: appended %x, %v", m, b, err)
	}
	back, err := s.Parse(b[1:])
	if err != nil || !reflect.DeepEqual(back, m) {
		t.Fatalf("%T: parsed %v, %v", m, back, err)
	}
	var into M
	if err := Parser(s)(b[1:], &into); err != nil || !reflect.DeepEqual(into, m) {
		t.Fatalf("%T: parsed in place %v, %v", m, into, err)
	}
}

func TestParse_RefusesOtherLengths(t *testing.T) {
	if _, err := (int64Serde{}).Parse([]byte("1234567")); err == nil {
		t.Error("7 bytes are an int64")
	}
	if _, err := (int32Serde{}).Parse([]byte("12345")); err == nil {
		t.Error("5 bytes are an int32")
	}
}

func TestJSON_RefusesTrailingData(t *testing.T) {
	s, _ := For[view]()
	if _, err := s.Parse([]byte(`{"user":"u"} {"user":"v"}`)); err == nil {
		t.Fatal("two values in one record were taken for one")
	}
}
