package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gretestream/grete/kv"
)

// encodeKey encodes a key that a person has written, as its serde does.
func encodeKey(serde, text string) ([]byte, error) {
	switch {
	case serde == "int64":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the keys are integers, and %q is none", text)
		}
		return binary.BigEndian.AppendUint64(nil, uint64(n)), nil
	case serde == "int32":
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("the keys are integers of 32 bits, and %q is none", text)
		}
		return binary.BigEndian.AppendUint32(nil, uint32(n)), nil
	case strings.HasPrefix(serde, "json("):
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(text)); err != nil {
			return nil, fmt.Errorf("the keys are JSON, text in its quotes, and %q is none", text)
		}
		return b.Bytes(), nil
	}
	return []byte(text), nil
}

// asJSON shows what a serde has encoded, in base64 if it can't be shown otherwise.
func asJSON(serde string, b []byte) (shown json.RawMessage, base64 bool) {
	switch {
	case serde == "string" && utf8.Valid(b):
		return marshal(string(b)), false
	case serde == "int64" && len(b) == 8:
		return strconv.AppendInt(nil, int64(binary.BigEndian.Uint64(b)), 10), false
	case serde == "int32" && len(b) == 4:
		return strconv.AppendInt(nil, int64(int32(binary.BigEndian.Uint32(b))), 10), false
	case strings.HasPrefix(serde, "json(") && json.Valid(b):
		return b, false
	}
	return marshal(b), true
}

// marshal encodes a string or bytes, which can't fail.
func marshal(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}

// decode64 reads base64 of either alphabet, padded or not. A query has made a space
// of a plus.
func decode64(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("+", "-", " ", "-", "/", "_").Replace(text), "=")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no base64", text)
	}
	return b, nil
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// entry shows an entry as it is in a database.
func (s *store) entry(stored, value []byte) (Entry, error) {
	var e Entry
	key := stored
	if s.windowed() {
		start, rest, err := kv.SplitWindow(stored)
		if err != nil {
			return e, err
		}
		end := start + s.window
		key, e.Start, e.End = rest, &start, &end
		if value, e.Closed, err = pane(value); err != nil {
			return e, err
		}
	}
	e.Key, e.KeyBase64 = asJSON(s.Key, key)
	if e.Closed {
		e.Value = json.RawMessage("null")
		return e, nil
	}
	e.Value, e.ValueBase64 = asJSON(s.Value, value)
	return e, nil
}

var errPane = errors.New("a stored window value is empty")

// pane takes the value of a window apart: before it stands a byte that isn't 0 if the
// window was written before its time, and has no value any more.
func pane(stored []byte) (value []byte, closed bool, err error) {
	if len(stored) == 0 {
		return nil, false, errPane
	}
	return stored[1:], stored[0] != 0, nil
}
