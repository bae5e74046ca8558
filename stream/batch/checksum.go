package batch

import "hash/crc32"

// checksum returns the checksum of a batch. It covers everything after the checksum
// field.
func checksum(batch []byte) uint32 { return crc32.Checksum(batch[atAttributes:], crcTable) }

// joined returns the checksum of two concatenated pieces, given their checksums and
// the length of the second: the first checksum is extended by that many zero bytes.
// Checksums are polynomials over GF(2), so the extension is a multiplication by a
// power of x. The method is that of zlib's crc32_combine.
func joined(first, second uint32, length int) uint32 {
	return times(power(length), first) ^ second
}

const (
	one  = 1 << 31 // the polynomial 1: the highest bit is the lowest power
	poly = crc32.Castagnoli
)

// times multiplies two polynomials modulo the polynomial of the checksum.
func times(a, b uint32) uint32 {
	product := uint32(0)
	for bit := uint32(one); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= poly
		}
	}
	return product
}

// power returns x to the power of 8*bytes.
func power(bytes int) uint32 {
	result, square := uint32(one), uint32(one>>8) // 1 and x^8
	for n := bytes; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = times(square, result)
		}
		square = times(square, square)
	}
	return result
}
