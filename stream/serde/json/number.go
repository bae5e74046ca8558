package json

import (
	"math"
	"math/bits"
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
	v, end := digitRun(src, i)
	if !isInteger(src, i, end) {
		return 0, handOver
	}
	if v > uint64(1)<<(size-1)-1 {
		return lowest(v, end, size, negative)
	}
	n := int64(v)
	if negative {
		n = -n
	}
	return n, end
}

// lowest is signed for what isn't in the range of positive numbers.
func lowest(v uint64, end int, size uint, negative bool) (int64, int) {
	if v == uint64(1)<<(size-1) && negative {
		return -int64(v), end
	}
	return 0, handOver
}

// unsigned decodes an unsigned integer.
func (d *decoder) unsigned(k kind, p pointer, i int) int {
	v, end := digitRun(d.src, i)
	if !isInteger(d.src, i, end) || v > math.MaxUint64>>(64-uint(8)<<(k-uint8Kind)) {
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

// isInteger reports whether the digits from i to end are an integer without fraction
// and exponent, of at most maxDigits.
func isInteger(src []byte, i, end int) bool {
	n := end - i
	if uint(n-1) >= maxDigits || n > 1 && src[i] == '0' {
		return false
	}
	return end >= len(src) || src[end] != '.' && src[end]|0x20 != 'e'
}

// maxDigits is how many decimal digits surely fit a uint64.
const maxDigits = 19

// digitRun returns the number that the digits from src[i] are, and the position after
// them. If there are more than maxDigits, the number is any.
func digitRun(src []byte, i int) (v uint64, end int) {
	for i+8 <= len(src) {
		w := word(src, i) ^ zeros
		if other := ((w&^highs + '\x76'*ones) | w) & highs; other != 0 {
			n := bits.TrailingZeros64(other) >> 3
			if n == 0 {
				return v, i
			}
			return v*powers[n] + eightDigits(w<<(64-8*n)), i + n
		}
		v = v*powers[8] + eightDigits(w)
		i += 8
	}
	for ; i < len(src) && src[i]-'0' <= 9; i++ {
		v = v*10 + uint64(src[i]-'0')
	}
	return v, i
}

// zeros are 8 digits; x ^ zeros are their values, if x is a word of digits.
const zeros = '0' * ones

// powers are powers of ten.
//
//nolint:gochecknoglobals // a constant in all but form
var powers = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// eightDigits returns the number that 8 digits are. The lowest byte has the first.
func eightDigits(w uint64) uint64 {
	w = w * (10<<8 + 1) >> 8
	w = w & 0x00FF00FF00FF00FF * (100<<16 + 1) >> 16
	return w & 0x0000FFFF0000FFFF * (10000<<32 + 1) >> 32
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

// exactPowers are powers of ten that are exact as float64.
//
//nolint:gochecknoglobals // a constant in all but form
var exactPowers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
}

// float decodes a number of so many bits. Those with few digits and no exponent are
// the exact quotient of two exact numbers; strconv has the others.
func float(src []byte, i, size int) (float64, int) {
	f, end, ok := exact(src, i, size)
	if ok {
		return f, end
	}
	if end == handOver {
		if end = number(src, i); end == handOver {
			return 0, handOver
		}
	}
	var err error
	if f, err = strconv.ParseFloat(string(src[i:end]), size); err != nil {
		return 0, handOver
	}
	return f, end
}

// exact decodes a number whose digits and whose power of ten are exact, so that their
// quotient is what is nearest to it. It returns the position after one that isn't so,
// and hands over one with an exponent, or none.
func exact(src []byte, i, size int) (f float64, end int, ok bool) {
	negative := i < len(src) && src[i] == '-'
	if negative {
		i++
	}
	mantissa, end := digitRun(src, i)
	whole, fraction := end-i, 0
	if whole == 0 || whole > 1 && src[i] == '0' {
		return 0, handOver, false
	}
	if end < len(src) && src[end] == '.' {
		point := end
		var v uint64
		v, end = digitRun(src, point+1)
		if fraction = end - point - 1; fraction == 0 {
			return 0, handOver, false
		}
		if whole+fraction < len(exactPowers) {
			mantissa = mantissa*uint64(exactPowers[fraction]) + v
		}
	}
	switch {
	case end < len(src) && src[end]|0x20 == 'e':
		return 0, handOver, false
	case whole+fraction >= len(exactPowers):
		return 0, end, false
	case size == 64:
		f = float64(int64(mantissa)) / exactPowers[fraction]
	case mantissa <= 1<<24 && fraction <= 10:
		f = float64(float32(mantissa) / float32(exactPowers[fraction]))
	default:
		return 0, end, false
	}
	if negative {
		f = -f
	}
	return f, end, true
}

// number returns the position after a number.
func number(src []byte, i int) int {
	if i < len(src) && src[i] == '-' {
		i++
	}
	start := i
	if i = skipDigits(src, i); i == start || i > start+1 && src[start] == '0' {
		return handOver
	}
	if i < len(src) && src[i] == '.' {
		from := i + 1
		if i = skipDigits(src, from); i == from {
			return handOver
		}
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		if i++; i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		from := i
		if i = skipDigits(src, i); i == from {
			return handOver
		}
	}
	return i
}

func skipDigits(src []byte, i int) int {
	for uint(i) < uint(len(src)) && src[i]-'0' <= 9 {
		i++
	}
	return i
}

// appendInt appends a decimal number.
func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendUint(append(dst, '-'), -uint64(n))
	}
	return appendUint(dst, uint64(n))
}

// appendUint appends a decimal number, 8 digits at a time.
func appendUint(dst []byte, n uint64) []byte {
	if n < 10 {
		return append(dst, byte('0'+n))
	}
	start := len(dst)
	dst = reserve(dst, 24)
	out, first := dst[start:start+24], n
	switch {
	case n >= 1e16:
		first = n / 1e16
	case n >= 1e8:
		first = n / 1e8
	}
	w := digitsOf(first)
	drop := bits.TrailingZeros64(w|1<<56) >> 3 // leading zeros, except for the last digit
	putWord(out, 0, (w|zeros)>>(8*drop))
	end := 8 - drop
	if n >= 1e16 {
		putWord(out, end, digitsOf(n/1e8%1e8)|zeros)
		end += 8
	}
	if n >= 1e8 {
		putWord(out, end, digitsOf(n%1e8)|zeros)
		end += 8
	}
	return dst[:start+end]
}

// digitsOf returns the 8 digits of a number below 1e8. The lowest byte has the first.
func digitsOf(n uint64) uint64 {
	n = n/10000 | n%10000<<32
	hundreds := n * 10486 >> 20 & 0x7F_0000_007F // n/100, in both halves
	n = hundreds | (n-100*hundreds)<<16
	tens := n * 103 >> 10 & 0x000F_000F_000F_000F // n/10, in all four quarters
	return tens | (n-10*tens)<<8
}

// appendFloat appends a number of so many bits as ECMAScript writes it.
func appendFloat(dst []byte, f float64, size int) ([]byte, bool) {
	integers := 1e15 // below it they are written as such
	if size == 32 {
		integers = 1 << 24
	}
	switch n, abs := int64(f), math.Abs(f); {
	case float64(n) == f && abs < integers && (n != 0 || !math.Signbit(f)):
		return appendInt(dst, n), true
	case math.IsInf(f, 0) || math.IsNaN(f):
		return dst, false
	case f != 0 && size == 64 && (abs < 1e-6 || abs >= 1e21),
		f != 0 && size == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21):
		return appendExponent(dst, f, size), true
	}
	return strconv.AppendFloat(dst, f, 'f', -1, size), true
}

// appendExponent appends a number with an exponent.
func appendExponent(dst []byte, f float64, size int) []byte {
	dst = strconv.AppendFloat(dst, f, 'e', -1, size)
	if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' { // e-09 is e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// number decodes a json.Number.
func (d *decoder) number(target *string, i int) int {
	end := number(d.src, i)
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
	end := number(dst, start)
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
