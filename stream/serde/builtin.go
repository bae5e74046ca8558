package serde

import (
	"encoding/binary"
	"fmt"
)

// Names of the built-in serdes.
const (
	nameString = "string"
	nameBytes  = "bytes"
	nameInt64  = "int64"
	nameInt32  = "int32"
)

// builtIn returns the serde of a type that is neither a user's nor a format's.
func builtIn[M any]() (s Serde[M], name string, ok bool) {
	var zero M
	var found any
	switch any(zero).(type) {
	case string:
		found, name = stringSerde{}, nameString
	case []byte:
		found, name = bytesSerde{}, nameBytes
	case int64:
		found, name = int64Serde{}, nameInt64
	case int:
		found, name = intSerde{}, nameInt64
	case int32:
		found, name = int32Serde{}, nameInt32
	default:
		return nil, "", false
	}
	return found.(Serde[M]), name, true
}

type stringSerde struct{}

func (stringSerde) Append(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }
func (stringSerde) Parse(src []byte) (string, error)            { return string(src), nil }

type bytesSerde struct{}

func (bytesSerde) Append(dst []byte, b []byte) ([]byte, error) { return append(dst, b...), nil }
func (bytesSerde) Parse(src []byte) ([]byte, error)            { return append([]byte{}, src...), nil }

type int64Serde struct{}

func (int64Serde) Append(dst []byte, n int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(n)), nil
}

func (int64Serde) Parse(src []byte) (int64, error) {
	if len(src) != 8 {
		return 0, fmt.Errorf("an int64 has 8 bytes, not %d", len(src))
	}
	return int64(binary.BigEndian.Uint64(src)), nil
}

type intSerde struct{}

func (intSerde) Append(dst []byte, n int) ([]byte, error) {
	return int64Serde{}.Append(dst, int64(n))
}

func (intSerde) Parse(src []byte) (int, error) {
	n, err := int64Serde{}.Parse(src)
	return int(n), err
}

type int32Serde struct{}

func (int32Serde) Append(dst []byte, n int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
}

func (int32Serde) Parse(src []byte) (int32, error) {
	if len(src) != 4 {
		return 0, fmt.Errorf("an int32 has 4 bytes, not %d", len(src))
	}
	return int32(binary.BigEndian.Uint32(src)), nil
}
