package kv

// slabSize is the size of a full chunk of a slab. Offsets in it fit 16 bits.
const slabSize = 32 << 10

// A slab is append-only memory for keys: many small byte strings, without an allocation
// or a pointer for each.
type slab struct {
	chunks  [][]byte // of slabSize, but for the first ones, which are smaller, and those of large strings
	current int      // the chunk that is being filled
	used    int      // bytes of it
	bytes   int64    // of all chunks
}

// A ref is the place of a string in a slab; its length is kept elsewhere.
type ref struct {
	chunk  uint32
	offset uint16
}

// at returns the string at a ref. It stays valid until the slab is freed.
func (s *slab) at(r ref, length uint32) []byte {
	start := int(r.offset)
	return s.chunks[r.chunk][start : start+int(length) : start+int(length)]
}

// add copies p into the slab.
func (s *slab) add(p []byte, m *memory) ref {
	if len(p) > slabSize/4 {
		s.extend(len(p), m)
		copy(s.chunks[len(s.chunks)-1], p)
		if len(s.chunks) == 1 {
			s.used = len(p) // it is the current one, and full
		}
		return ref{chunk: uint32(len(s.chunks) - 1)}
	}
	if len(s.chunks) == 0 || s.used+len(p) > len(s.chunks[s.current]) {
		s.grow(len(p), m)
	}
	r := ref{uint32(s.current), uint16(s.used)}
	copy(s.chunks[s.current][s.used:], p)
	s.used += len(p)
	return r
}

// grow begins a new chunk. The slab doubles in size until chunks are full size, so that a
// table of three keys is small.
func (s *slab) grow(atLeast int, m *memory) {
	size := int(min(max(64, s.bytes, int64(atLeast)), slabSize))
	s.current, s.used = len(s.chunks), 0
	s.extend(size, m)
}

func (s *slab) extend(size int, m *memory) {
	s.chunks = append(s.chunks, m.bytes(size))
	s.bytes += int64(size)
}

// free gives the chunks back.
func (s *slab) free(m *memory) {
	for _, c := range s.chunks {
		m.freeBytes(c)
	}
	clear(s.chunks)
	*s = slab{chunks: s.chunks[:0]}
}
