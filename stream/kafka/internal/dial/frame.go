package dial

import "encoding/binary"

// A frame is what is left of an answer that is checked.
type frame struct {
	left []byte
	bad  bool
}

func (f *frame) fail() { f.left, f.bad = nil, true }

func (f *frame) take(n int) []byte {
	if n < 0 || n > len(f.left) {
		f.fail()
		return nil
	}
	taken := f.left[:n]
	f.left = f.left[n:]
	return taken
}

func (f *frame) int16() int {
	if b := f.take(2); b != nil {
		return int(int16(binary.BigEndian.Uint16(b)))
	}
	return 0
}

func (f *frame) int32() int {
	if b := f.take(4); b != nil {
		return int(int32(binary.BigEndian.Uint32(b)))
	}
	return 0
}

// uvarint reads a number that fits an answer.
func (f *frame) uvarint() int {
	v, n := binary.Uvarint(f.left)
	if n <= 0 || v > maxAnswer {
		f.fail()
		return 0
	}
	f.left = f.left[n:]
	return int(v)
}

// tags checks tagged fields. kafka-go decodes those that it knows, whatever their size is.
func (f *frame) tags(known map[int]part) {
	for n := f.uvarint(); n > 0 && !f.bad; n-- {
		number, size := f.uvarint(), f.uvarint()
		if p, ok := known[number]; ok {
			p.check(f)
		} else {
			f.take(size)
		}
	}
}
