package local

import "hash/maphash"

// keyTable maps each key to its last offset. It identifies keys by two independent
// 64-bit hashes; a collision of both is less likely than a hardware error. The
// hashes have random seeds, so that an attacker can't choose colliding keys.
type keyTable struct {
	seeds [2]maphash.Seed
	slots []keySlot // the length is a power of two
	used  int
}

type keySlot struct {
	hash [2]uint64
	last int64 // offset+1; 0 if the slot is free
}

// maxKeySlots bounds the memory of a compaction: 24 MiB.
const maxKeySlots = 1 << 20

func newKeyTable() *keyTable {
	return &keyTable{
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		slots: make([]keySlot, 1<<10),
	}
}

func (t *keyTable) hash(key []byte) [2]uint64 {
	return [2]uint64{maphash.Bytes(t.seeds[0], key), maphash.Bytes(t.seeds[1], key)}
}

// full reports whether no more keys should be added.
func (t *keyTable) full() bool { return t.used >= maxKeySlots*3/4 }

// put sets the offset of a key. Offsets must ascend.
func (t *keyTable) put(key []byte, offset int64) {
	if t.used >= len(t.slots)*3/4 {
		t.grow()
	}
	h := t.hash(key)
	slot := t.find(h)
	if slot.last == 0 {
		t.used++
	}
	*slot = keySlot{h, offset + 1}
}

// last returns the offset of a key, -1 if there is none.
func (t *keyTable) last(key []byte) int64 { return t.find(t.hash(key)).last - 1 }

func (t *keyTable) find(h [2]uint64) *keySlot {
	mask := uint64(len(t.slots) - 1)
	for i := h[0] & mask; ; i = (i + 1) & mask {
		if slot := &t.slots[i]; slot.last == 0 || slot.hash == h {
			return slot
		}
	}
}

func (t *keyTable) grow() {
	old := t.slots
	t.slots = make([]keySlot, 2*len(old))
	for _, slot := range old {
		if slot.last != 0 {
			*t.find(slot.hash) = slot
		}
	}
}
