package layout

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"unsafe"
)

// Orders: how map keys are encoded so that they sort as their values do.
const (
	orderText     = "text"     // the bytes
	orderSigned   = "signed"   // 8 bytes, big-endian, the sign bit flipped
	orderUnsigned = "unsigned" // 8 bytes, big-endian
	orderFloat    = "float"    // 8 bytes: positive ones with the sign bit set, negative ones inverted
)

// An Order encodes the keys of a map so that they sort as they do in Go.
type Order[J cmp.Ordered] struct {
	name   string
	size   uintptr
	append func(dst []byte, j J) []byte
	parse  func(src []byte) J
}

// OrderName is that of a type's order, for the plan.
func OrderName[J cmp.Ordered]() string { return NewOrder[J]().name }

// NewOrder returns the order of a type. It looks at the type once, so that encoding
// doesn't.
func NewOrder[J cmp.Ordered]() Order[J] {
	var zero J
	o := Order[J]{size: unsafe.Sizeof(zero)}
	switch reflect.TypeFor[J]().Kind() {
	case reflect.String:
		o.name = orderText
		o.append = func(dst []byte, j J) []byte { return append(dst, *(*string)(unsafe.Pointer(&j))...) }
		o.parse = func(src []byte) (j J) {
			*(*string)(unsafe.Pointer(&j)) = string(src)
			return j
		}
	case reflect.Float32, reflect.Float64:
		o.name = orderFloat
		o.append = func(dst []byte, j J) []byte { return appendFloat(dst, o.float(j)) }
		o.parse = func(src []byte) J { return o.fromFloat(parseFloat(src)) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		o.name = orderSigned
		o.append = func(dst []byte, j J) []byte { return appendTime(dst, o.signed(j)) }
		o.parse = func(src []byte) J { return o.fromBits(binary.BigEndian.Uint64(src) ^ 1<<63) }
	default:
		o.name = orderUnsigned
		o.append = func(dst []byte, j J) []byte { return binary.BigEndian.AppendUint64(dst, o.bits(j)) }
		o.parse = func(src []byte) J { return o.fromBits(binary.BigEndian.Uint64(src)) }
	}
	return o
}

// Parse returns the map key that src encodes.
func (o *Order[J]) Parse(src []byte) (j J, err error) {
	if o.name != orderText && len(src) != 8 {
		return j, errKey
	}
	return o.parse(src), nil
}

// bits returns the bits of an integer.
func (o *Order[J]) bits(j J) uint64 {
	switch p := unsafe.Pointer(&j); o.size {
	case 1:
		return uint64(*(*uint8)(p))
	case 2:
		return uint64(*(*uint16)(p))
	case 4:
		return uint64(*(*uint32)(p))
	default:
		return *(*uint64)(p)
	}
}

// signed returns the value of a signed integer.
func (o *Order[J]) signed(j J) int64 {
	shift := 64 - 8*o.size
	return int64(o.bits(j)<<shift) >> shift
}

// fromBits returns the integer with these lower bits.
func (o *Order[J]) fromBits(bits uint64) (j J) {
	switch p := unsafe.Pointer(&j); o.size {
	case 1:
		*(*uint8)(p) = uint8(bits)
	case 2:
		*(*uint16)(p) = uint16(bits)
	case 4:
		*(*uint32)(p) = uint32(bits)
	default:
		*(*uint64)(p) = bits
	}
	return j
}

func (o *Order[J]) float(j J) float64 {
	if o.size == 4 {
		return float64(*(*float32)(unsafe.Pointer(&j)))
	}
	return *(*float64)(unsafe.Pointer(&j))
}

func (o *Order[J]) fromFloat(f float64) (j J) {
	if o.size == 4 {
		*(*float32)(unsafe.Pointer(&j)) = float32(f)
	} else {
		*(*float64)(unsafe.Pointer(&j)) = f
	}
	return j
}

// appendFloat appends a float so that it sorts as in cmp.Compare. All NaNs are one
// key, and so are the two zeros.
func appendFloat(dst []byte, f float64) []byte {
	bits := math.Float64bits(f)
	switch {
	case f != f:
		bits = 0 // before all others
	case f == 0:
		bits = 1 << 63
	case bits>>63 == 0:
		bits |= 1 << 63
	default:
		bits = ^bits
	}
	return binary.BigEndian.AppendUint64(dst, bits)
}

func parseFloat(src []byte) float64 {
	switch bits := binary.BigEndian.Uint64(src); {
	case bits == 0:
		return math.NaN()
	case bits>>63 != 0:
		return math.Float64frombits(bits &^ (1 << 63))
	default:
		return math.Float64frombits(^bits)
	}
}

// showOrdered shows an encoded map key.
func showOrdered(order string, src []byte) (json.RawMessage, error) {
	if order == orderText {
		b, err := json.Marshal(string(src))
		return b, err
	}
	if len(src) != 8 {
		return nil, errKey
	}
	bits := binary.BigEndian.Uint64(src)
	switch order {
	case orderSigned:
		return strconv.AppendInt(nil, int64(bits^1<<63), 10), nil
	case orderUnsigned:
		return strconv.AppendUint(nil, bits, 10), nil
	}
	if b, err := json.Marshal(parseFloat(src)); err == nil {
		return b, nil
	}
	return json.Marshal(fmt.Sprint(parseFloat(src))) // NaN and infinities
}

// orderedFromText encodes a map key that a person typed.
func orderedFromText(order, text string) ([]byte, error) {
	switch order {
	case orderText:
		return []byte(text), nil
	case orderSigned:
		n, err := strconv.ParseInt(text, 10, 64)
		return appendTime(nil, n), err
	case orderUnsigned:
		n, err := strconv.ParseUint(text, 10, 64)
		return binary.BigEndian.AppendUint64(nil, n), err
	}
	f, err := strconv.ParseFloat(text, 64)
	return appendFloat(nil, f), err
}
