package feed

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/serde"
)

// Keys are encoded by the serde of the topic's keys.
func TestKey_OfEachSerde(t *testing.T) {
	for name, test := range map[string]struct {
		serde, line string
		want        string // the key, or a part of the error
		fails       bool
	}{
		"a string":             {"string", `{"k":"a"}`, "a", false},
		"a number as a string": {"string", `{"k":12}`, "12", false},
		"an int64":             {"int64", `{"k":258}`, "\x00\x00\x00\x00\x00\x00\x01\x02", false},
		"an int32 in quotes":   {"int32", `{"k":"258"}`, "\x00\x00\x01\x02", false},
		"JSON":                 {"json(main.Key)", `{"k":{"a":1}}`, `{"a":1}`, false},
		"too large an int32":   {"int32", `{"k":4294967296}`, `field "k" can't be a key of the topic`, true},
		"no number":            {"int64", `{"k":"x"}`, `field "k" can't be a key of the topic`, true},
		"no field":             {"string", `{"other":1}`, `no field "k"`, true},
		"null":                 {"string", `{"k":null}`, `field "k" is null`, true},
		"no object":            {"string", `1`, "isn't a JSON object", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := Feed{KeyField: "k", Keys: (*serde.Registry)(nil).Text(test.serde)}
			key, err := f.key([]byte(test.line))
			switch {
			case test.fails && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %q, %v", key, err)
			case !test.fails && (err != nil || string(key) != test.want):
				t.Errorf("got %q, %v, want %q", key, err, test.want)
			}
		})
	}
}
