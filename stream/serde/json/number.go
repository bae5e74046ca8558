package json

import (
	"math"
	"strconv"
)

// signed decodes a signed integer.
func (d *decoder) signed(k kind, p pointer, i int) int {
	n, end := signed(d.src, i, 8<<(k-int8Kind))
	switch k {
	case int64Kind:
		*as[int64](p) = n
	case int32Kind:
		*as[int32](p) = int32(n)
	case int16Kind:
		*as[int16](p) = int16(n)
	default:
		*as[int8](p) = int8(n)
	}
	return end
}

// signed decodes a signed integer of so many bits.
func signed(src []byte, i int, size uint) (int64, int) {
	negative := src[i] == '-'
	if negative {
		i++
	}
	v, end := digits(src, i)
	limit := uint64(1)<<(size-1) - 1 // of the positive ones
	n := int64(v)
	if negative {
		limit++
		n = -n
	}
	if v > limit {
		return 0, handOver
	}
	return n, end
}

// unsigned decodes an unsigned integer.
func (d *decoder) unsigned(k kind, p pointer, i int) int {
	v, end := digits(d.src, i)
	if end == handOver || v > math.MaxUint64>>(64-uint(8)<<(k-uint8Kind)) {
		return handOver
	}
	switch k {
	case uint64Kind:
		*as[uint64](p) = v
	case uint32Kind:
		*as[uint32](p) = uint32(v)
	case uint16Kind:
		*as[uint16](p) = uint16(v)
	default:
		*as[uint8](p) = uint8(v)
	}
	return end
}

// maxDigits is how many decimal digits surely fit a uint64.
const maxDigits = 19

// digits decodes the digits of an integer. Numbers with more than maxDigits, a
// fraction or an exponent hand over.
func digits(src []byte, i int) (v uint64, end int) {
	start := i
	for uint(i) < uint(len(src)) {
		c := src[i] - '0'
		if c > 9 {
			break
		}
		v = v*10 + uint64(c)
		i++
	}
	if n := i - start; n == 0 || n > maxDigits || n > 1 && src[start] == '0' {
		return 0, handOver
	}
	if i < len(src) && (src[i] == '.' || src[i]|0x20 == 'e') {
		return 0, handOver
	}
	return v, i
}

// float decodes a floating-point number.
func (d *decoder) float(k kind, p pointer, i int) int {
	size := 64
	if k == float32Kind {
		size = 32
	}
	f, end := float(d.src, i, size)
	if k == float32Kind {
		*as[float32](p) = float32(f)
	} else {
		*as[float64](p) = f
	}
	return end
}

// exactPowers are the powers of ten that are exact as float64.
var exactPowers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// float decodes a number of so many bits. Those with few digits and no exponent are
// the exact quotient of two exact numbers; strconv has the others.
func float(src []byte, i, size int) (float64, int) {
	end, digits, fraction := number(src, i)
	if end == handOver {
		return 0, handOver
	}
	if digits > 15 || size != 64 || fraction < 0 {
		f, err := strconv.ParseFloat(string(src[i:end]), size)
		if err != nil {
			return 0, handOver
		}
		return f, end
	}
	mantissa, negative := int64(0), src[i] == '-'
	for _, c := range src[i:end] {
		if c -= '0'; c <= 9 {
			mantissa = mantissa*10 + int64(c)
		}
	}
	f := float64(mantissa) / exactPowers[fraction]
	if negative {
		f = -f
	}
	return f, end
}

// number returns the position after a number, and how many digits it has, as a
// whole and behind the point. The latter is -1 if the number has an exponent.
func number(src []byte, i int) (end, digits, fraction int) {
	start := i
	if i < len(src) && src[i] == '-' {
		i++
		start++
	}
	i = skipDigits(src, i)
	whole := i - start
	if whole == 0 || whole > 1 && src[start] == '0' {
		return handOver, 0, 0
	}
	if i < len(src) && src[i] == '.' {
		point := i
		i = skipDigits(src, i+1)
		if fraction = i - point - 1; fraction == 0 {
			return handOver, 0, 0
		}
	}
	digits = whole + fraction
	if i < len(src) && src[i]|0x20 == 'e' {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		from := i
		if i = skipDigits(src, i); i == from {
			return handOver, 0, 0
		}
		fraction = -1
	}
	return i, digits, fraction
}

func skipDigits(src []byte, i int) int {
	for uint(i) < uint(len(src)) && src[i]-'0' <= 9 {
		i++
	}
	return i
}

// appendFloat appends a number of so many bits as ECMAScript writes it.
func appendFloat(dst []byte, f float64, size int) ([]byte, bool) {
	limit := 1e15 // below it integers are written as such
	if size == 32 {
		limit = 1 << 24
	}
	if n := int64(f); float64(n) == f && -limit < f && f < limit && (n != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, n, 10), true
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return dst, false
	}
	format, abs := byte('f'), math.Abs(f)
	if abs != 0 {
		if size == 64 && (abs < 1e-6 || abs >= 1e21) || size == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
			format = 'e'
		}
	}
	dst = strconv.AppendFloat(dst, f, format, -1, size)
	if n := len(dst); format == 'e' && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' { // e-09 is e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, true
}

// number decodes a json.Number.
func (d *decoder) number(target *string, i int) int {
	end, _, _ := number(d.src, i)
	if end != handOver {
		d.unset.add(text{target, int32(i), int32(end - i)})
	}
	return end
}

// appendNumber appends a json.Number.
func appendNumber(dst []byte, s string) ([]byte, bool) {
	if s == "" {
		return append(dst, '0'), true
	}
	start := len(dst)
	dst = append(dst, s...)
	end, _, _ := number(dst, start)
	return dst, end == len(dst)
}

// quoted decodes a number or boolean in a JSON string.
func (d *decoder) quoted(n *node, p pointer, i int) int {
	if d.src[i] != '"' || i+1 < len(d.src) && d.src[i+1] == 'n' {
		return handOver
	}
	if i = d.value(n, p, i+1); i == handOver || i >= len(d.src) || d.src[i] != '"' {
		return handOver
	}
	return i + 1
}
