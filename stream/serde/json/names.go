package json

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// A head is how a field begins in a document without white space: its quoted name
// and a colon. Two words, which may overlap, tell it from others; one with more than
// 16 bytes needs a comparison of its text as well.
type head struct {
	text          string
	first, second uint64 // the words
	mask          uint64 // of the bytes of the words that count
	offset        int    // of the second word
	long          bool
}

func newHead(name string) head {
	h := head{text: `"` + name + `":`, mask: ^uint64(0)}
	if n := len(h.text); n < 8 {
		h.mask >>= 64 - 8*n
	} else {
		h.offset, h.long = n-8, n > 16
	}
	padded := []byte(h.text + "        ")
	h.first, h.second = word(padded, 0)&h.mask, word(padded, h.offset)&h.mask
	return h
}

// match returns the position after the head, or 0 if something else is at src[i].
func (h *head) match(src []byte, i int) int {
	end := i + len(h.text)
	if end+8 > len(src) || h.long {
		if end <= len(src) && string(src[i:end]) == h.text {
			return end
		}
		return 0
	}
	if word(src, i)&h.mask == h.first && word(src, i+h.offset)&h.mask == h.second {
		return end
	}
	return 0
}

// A lead is how an encoded field begins. A short one is copied as 24 bytes, of which
// some may be none of it.
type lead struct {
	text  string
	bytes [24]byte
}

func newLead(text string) lead {
	l := lead{text: text}
	copy(l.bytes[:], text)
	return l
}

func (l *lead) append(dst []byte) []byte {
	n := len(dst)
	if cap(dst)-n < len(l.bytes) || len(l.text) > len(l.bytes) {
		return append(dst, l.text...)
	}
	*(*[24]byte)(dst[n : n+24]) = l.bytes
	return dst[:n+len(l.text)]
}

// names finds the fields of an object by name.
type names struct {
	names []string
	slots []uint16 // by the folded hash of the name: the number of the field plus 1, 0 if free
	shift uint
	wide  []uint32 // the fields whose names aren't ASCII
}

func newNames(list []string) names {
	n := names{names: list}
	size := 2 << bits.Len(uint(len(list)))
	n.slots, n.shift = make([]uint16, size), uint(64-bits.TrailingZeros(uint(size)))
	for f, name := range list {
		s := n.slot([]byte(name))
		for n.slots[s] != 0 {
			s = n.following(s)
		}
		n.slots[s] = uint16(f + 1)
		if !ascii(name) {
			n.wide = append(n.wide, uint32(f))
		}
	}
	return n
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// slot returns where the search for a name begins. It is the same for names that
// differ only by the case of ASCII letters.
func (n *names) slot(name []byte) int {
	const fold, k1, k2 = 0x2020202020202020, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
	var a, b uint64
	if len(name) >= 8 {
		a, b = word(name, 0)|fold, word(name, len(name)-8)|fold
	} else {
		for _, c := range name {
			a = a<<8 | uint64(c|0x20)
		}
	}
	return int((a*k1 ^ (b+uint64(len(name)))*k2) * k1 >> n.shift)
}

func (n *names) following(s int) int { return (s + 1) & (len(n.slots) - 1) }

// find returns the field of a name, or unknown. It returns false if the name is
// invalid UTF-8, or differs from a field's name only by case: encoding/json then
// finds the field.
func (n *names) find(name []byte, wide bool) (f uint32, ok bool) {
	folds := false
	for s := n.slot(name); n.slots[s] != 0; s = n.following(s) {
		f := uint32(n.slots[s] - 1)
		if n.names[f] == string(name) {
			return f, true
		}
		folds = folds || len(n.names[f]) == len(name) && strings.EqualFold(n.names[f], string(name))
	}
	if folds || wide && !utf8.Valid(name) {
		return 0, false
	}
	if wide {
		return unknown, !n.folds(name)
	}
	for _, f := range n.wide {
		if strings.EqualFold(n.names[f], string(name)) {
			return 0, false
		}
	}
	return unknown, true
}

// folds reports whether a name is that of a field but for the case of letters.
func (n *names) folds(name []byte) bool {
	for _, own := range n.names {
		if strings.EqualFold(own, string(name)) {
			return true
		}
	}
	return false
}
