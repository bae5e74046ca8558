package serde

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// A csv is a user's serde: a view as user,at.
type csv struct{ name string }

func (c csv) String() string { return c.name }

func (csv) Append(dst []byte, v view) ([]byte, error) {
	n, _ := json.Marshal(v.At)
	return append(append(dst, v.User+","...), n...), nil
}

func (csv) Parse(src []byte) (v view, err error) {
	user, at, ok := strings.Cut(string(src), ",")
	if !ok {
		panic("no comma")
	}
	v.User = user
	return v, json.Unmarshal([]byte(at), &v.At)
}

// A shouting serde has its own text.
type shouting struct{ stringSerde }

func (shouting) JSON(encoded []byte) (json.RawMessage, bool) {
	return quote(strings.ToUpper(string(encoded))), true
}
func (shouting) FromJSON(json.RawMessage) ([]byte, error) { return nil, errors.New("write only") }
func (shouting) FromText(text string) ([]byte, error)     { return []byte(strings.ToLower(text)), nil }

// An upside format is JSON backwards.
type upside struct{ jsonFormat }

func (upside) Name() string { return "upside" }

func reversed(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := range b {
		out = append(out, b[len(b)-1-i])
	}
	return out
}

func (u upside) AppendValue(dst []byte, v any) ([]byte, error) {
	b, err := u.jsonFormat.AppendValue(nil, v)
	return append(dst, reversed(b)...), err
}
func (u upside) ParseValue(src []byte, v any) error { return u.jsonFormat.ParseValue(reversed(src), v) }
func (u upside) JSON(encoded []byte) (json.RawMessage, bool) {
	return u.jsonFormat.JSON(reversed(encoded))
}

func TestRegistry_Defaults(t *testing.T) {
	var r Registry
	if _, name := r.For[view](); name != "json(serde.view)" {
		t.Errorf("an empty registry has %s", name)
	}
	r.SetFormat(upside{})
	s, name := r.For[view]()
	b, err := s.Append(nil, view{"u", 7})
	if name != "upside(serde.view)" || string(b) != `}7:"ta","u":"resu"{` || err != nil {
		t.Errorf("%s: %s, %v", name, b, err)
	}
	if shown, ok := r.Text(name).JSON(b); !ok || string(shown) != `{"user":"u","at":7}` {
		t.Errorf("shown as %s", shown)
	}
	if _, name := r.For[string](); name != "string" {
		t.Errorf("with a format strings are %s", name)
	}
	r.SetDefault[view](csv{"csv"})
	if _, name := r.For[view](); name != "csv" {
		t.Errorf("a type with a serde of its own has %s", name)
	}
	if shown, ok := r.Text("json(main.Old)").JSON([]byte(`{}`)); !ok || string(shown) != "{}" {
		t.Error("JSON isn't known beside another format")
	}
}

func TestRegistry_Names(t *testing.T) {
	var r Registry
	if name := r.Add[string](stringSerde{}); name != "serde.stringSerde" {
		t.Errorf("a serde without a name is %s", name)
	}
	if name := r.Add[view](csv{"csv"}); name != "csv" {
		t.Errorf("a serde with a name is %s", name)
	}
	r.Add[string](shouting{})
	for _, c := range []struct{ serde, encoded, shown string }{
		{"csv", "u,7", `{"user":"u","at":7}`},
		{"csv", "u,seven", `"dSxzZXZlbg==" in base64`},
		{"csv", "panics", `"cGFuaWNz" in base64`},
		{"serde.shouting", "ann", `"ANN"`},
		{"unknown", "ann", `"YW5u" in base64`},
		{"", "ann", `"YW5u" in base64`},
	} {
		if got := show(&r, c.serde, c.encoded); got != c.shown {
			t.Errorf("%s shows %q as %s, want %s", c.serde, c.encoded, got, c.shown)
		}
	}
}

func show(r *Registry, serde, encoded string) string {
	shown, base64 := Show(r.Text(serde), []byte(encoded))
	if base64 {
		return string(shown) + " in base64"
	}
	return string(shown)
}

func TestText_JSON(t *testing.T) {
	for _, c := range []struct{ serde, encoded, shown string }{
		{"string", "ä \"<", `"ä \"\u003c"`},
		{"string", "\xff", `"/w==" in base64`},
		{"bytes", "", `"" in base64`},
		{"bytes", "1", `"MQ==" in base64`},
		{"int64", "\xff\xff\xff\xff\xff\xff\xff\xfe", "-2"},
		{"int64", "three", `"dGhyZWU=" in base64`},
		{"int32", "\x80\x00\x00\x00", "-2147483648"},
		{"int32", "", `"" in base64`},
		{"json(main.View)", `{"a": 1}`, `{"a": 1}`},
		{"json(main.View)", `{"a":`, `"eyJhIjo=" in base64`},
	} {
		if got := show(nil, c.serde, c.encoded); got != c.shown {
			t.Errorf("%s shows %q as %s, want %s", c.serde, c.encoded, got, c.shown)
		}
	}
}

func TestText_Encodes(t *testing.T) {
	var r Registry
	r.Add[view](csv{"csv"})
	for _, c := range []struct{ serde, text, encoded string }{
		{"string", `"a"`, `"a"`},
		{"bytes", "a", "a"},
		{"unknown", "a", "a"},
		{"int64", "-2", "\xff\xff\xff\xff\xff\xff\xff\xfe"},
		{"int64", "two", "error"},
		{"int32", "7", "\x00\x00\x00\x07"},
		{"int32", "3000000000", "error"},
		{"json(main.Pair)", ` {"a": 1}`, `{"a":1}`},
		{"json(main.Pair)", "a", "error"},
		{"csv", `{"user":"u","at":7}`, "u,7"},
		{"csv", "u", "error"},
	} {
		if got := encoded(r.Text(c.serde).FromText(c.text)); got != c.encoded {
			t.Errorf("%s reads the text %q as %q, want %q", c.serde, c.text, got, c.encoded)
		}
	}
	for _, c := range []struct{ serde, json, encoded string }{
		{"string", `"a"`, "a"},
		{"string", "7", "7"},
		{"bytes", `"a"`, "a"},
		{"unknown", `"a"`, `"a"`},
		{"int64", `"258"`, "\x00\x00\x00\x00\x00\x00\x01\x02"},
		{"int32", "1.5", "error"},
		{"json(main.Pair)", `{"a": 1}`, `{"a":1}`},
		{"csv", `{"user":"u"}`, "u,0"},
		{"csv", `[]`, "error"},
	} {
		if got := encoded(r.Text(c.serde).FromJSON([]byte(c.json))); got != c.encoded {
			t.Errorf("%s reads the JSON %s as %q, want %q", c.serde, c.json, got, c.encoded)
		}
	}
}

func encoded(b []byte, err error) string {
	if err != nil {
		return "error"
	}
	return string(b)
}

func TestCompatible_ByName(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"string", "string", true},
		{"string", "bytes", false},
		{"json(main.A)", "json(api.B)", true},
		{"json(main.A)", "upside(main.A)", false},
		{"json", "json(main.A)", false},
		{"", "", true},
	} {
		if got := Compatible(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
