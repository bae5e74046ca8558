package serde

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A Text is how people read and write what a serde encodes.
type Text interface {
	// JSON returns encoded bytes as JSON, which may alias them. It returns false if
	// it can't; then [Base64] can.
	JSON(encoded []byte) (json.RawMessage, bool)
	// FromJSON encodes a value that is given as JSON, as JSON returns it.
	FromJSON(value json.RawMessage) ([]byte, error)
	// FromText encodes a value as a person types it: text without quotes, numbers in
	// decimal, and JSON for the rest.
	FromText(text string) ([]byte, error)
}

// Base64 returns bytes as a JSON string in base64.
func Base64(encoded []byte) json.RawMessage { return quote(encoded) }

// Show returns encoded bytes as JSON, in base64 if t can't show them.
func Show(t Text, encoded []byte) (shown json.RawMessage, base64 bool) {
	if shown, ok := t.JSON(encoded); ok {
		return shown, false
	}
	return Base64(encoded), true
}

// quote marshals a string or bytes, which can't fail.
func quote(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}

type stringText struct{}

func (stringText) JSON(encoded []byte) (json.RawMessage, bool) {
	if !utf8.Valid(encoded) {
		return nil, false
	}
	return quote(string(encoded)), true
}

// FromJSON takes a value that isn't a string as it is written.
func (stringText) FromJSON(value json.RawMessage) ([]byte, error) {
	return []byte(unquoted(value)), nil
}

func (stringText) FromText(text string) ([]byte, error) { return []byte(text), nil }

// unquoted returns a JSON string's text, and another value as it is written.
func unquoted(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}

// A bytesText shows nothing: bytes may be anything.
type bytesText struct{ stringText }

func (bytesText) JSON([]byte) (json.RawMessage, bool) { return nil, false }

// An opaqueText is that of a serde whose name the registry doesn't know.
type opaqueText struct{ bytesText }

// FromJSON takes the value as it is written.
func (opaqueText) FromJSON(value json.RawMessage) ([]byte, error) { return value, nil }

// An intText is that of big-endian integers of so many bytes.
type intText struct{ bytes int }

func (t intText) JSON(encoded []byte) (json.RawMessage, bool) {
	if len(encoded) != t.bytes {
		return nil, false
	}
	var n int64
	if t.bytes == 4 {
		n = int64(int32(binary.BigEndian.Uint32(encoded)))
	} else {
		n = int64(binary.BigEndian.Uint64(encoded))
	}
	return strconv.AppendInt(nil, n, 10), true
}

// FromJSON takes a number in quotes, too.
func (t intText) FromJSON(value json.RawMessage) ([]byte, error) { return t.FromText(unquoted(value)) }

func (t intText) FromText(text string) ([]byte, error) {
	n, err := strconv.ParseInt(text, 10, 8*t.bytes)
	if err != nil {
		return nil, fmt.Errorf("%.100q isn't an integer of %d bits", text, 8*t.bytes)
	}
	if t.bytes == 4 {
		return binary.BigEndian.AppendUint32(nil, uint32(n)), nil
	}
	return binary.BigEndian.AppendUint64(nil, uint64(n)), nil
}

// A typedText shows what a user's serde encodes by decoding it.
type typedText[M any] struct{ serde Serde[M] }

func (t typedText[M]) JSON(encoded []byte) (shown json.RawMessage, ok bool) {
	defer func() {
		if recover() != nil { // the bytes may not be the serde's
			shown, ok = nil, false
		}
	}()
	m, err := t.serde.Parse(encoded)
	if err != nil {
		return nil, false
	}
	shown, err = json.Marshal(m)
	return shown, err == nil
}

func (t typedText[M]) FromJSON(value json.RawMessage) ([]byte, error) {
	var m M
	if err := json.Unmarshal(value, &m); err != nil {
		return nil, err
	}
	return t.serde.Append(nil, m)
}

// FromText takes text that isn't JSON of the type as a string.
func (t typedText[M]) FromText(text string) ([]byte, error) {
	var m M
	err := json.Unmarshal([]byte(text), &m)
	if err != nil && json.Unmarshal(quote(text), &m) != nil {
		return nil, fmt.Errorf("%.100q isn't a value of the serde: %w", text, err)
	}
	return t.serde.Append(nil, m)
}
