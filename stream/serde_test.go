package stream

import (
	"encoding/hex"
	"reflect"
	"testing"
)

type view struct {
	User string `json:"user"`
	At   int64  `json:"at"`
}

func TestSerdeFor(t *testing.T) {
	check(t, "string", "Grete", hex.EncodeToString([]byte("Grete")))
	check(t, "bytes", []byte{1, 2}, "0102")
	check(t, "int64", int64(-2), "fffffffffffffffe")
	check(t, "int64", 258, "0000000000000102")
	check(t, "int32", int32(1), "00000001")
	check(t, "json(stream.view)", view{"u", 7}, hex.EncodeToString([]byte(`{"user":"u","at":7}`)))
}

func check[M any](t *testing.T, name string, m M, encoded string) {
	t.Helper()
	s, n := SerdeFor[M]()
	b, err := s.Append(nil, m)
	if err != nil || n != name || hex.EncodeToString(b) != encoded {
		t.Fatalf("%T: %s %x %v, want %s %s", m, n, b, err, name, encoded)
	}
	back, err := s.Parse(b)
	if err != nil || !reflect.DeepEqual(back, m) {
		t.Fatalf("%T: parsed %v, %v", m, back, err)
	}
}

func TestJSONSerdeRefusesWhatFollows(t *testing.T) {
	s, _ := SerdeFor[view]()
	if _, err := s.Parse([]byte(`{"user":"u"} {"user":"v"}`)); err == nil {
		t.Fatal("two values in one record were taken for one")
	}
}
