package batch

import "hash/crc32"

// checksum is over everything behind the checksum itself.
func checksum(batch []byte) uint32 { return crc32.Checksum(batch[atAttributes:], crcTable) }

// joined is the checksum of two pieces, of their own checksums and the length of
// the second: that of the first, moved along by so many zeros. Checksums are
// polynomials over two elements, so to move one is to multiply it by a power of x;
// the method is zlib's crc32_combine.
func joined(first, second uint32, length int) uint32 {
	return times(power(length), first) ^ second
}

const (
	one  = 1 << 31 // the polynomial 1: the highest bit is the lowest power
	poly = crc32.Castagnoli
)

// times multiplies two polynomials, modulo that of the checksum.
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

// power is x to the power of 8 bits for each of so many bytes.
func power(bytes int) uint32 {
	result, square := uint32(one), uint32(one>>8) // x to the 8th
	for n := bytes; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = times(square, result)
		}
		square = times(square, square)
	}
	return result
}
