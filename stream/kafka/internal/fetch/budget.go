package fetch

import (
	"cmp"
	"math"
	"math/bits"
)

// A budget is the memory that a consumer may use for what arrives, and its parts. It is
// guarded by consumer.mu.
type budget struct {
	consumer *Consumer
	max      int64 // of the consumer
	aside    int64 // of it, for the answers in patient lanes
	pool     pool  // has the buffers
	usual    int   // bytes of a large batch lately
}

// Bounds of what is asked of a partition at once.
const (
	minQuota = 4 << 10
	maxQuota = 1 << 20
)

// quota is how many bytes a partition may get at once: its part of a quarter of
// the memory, so that all can have a block in hand, one ahead, and there is something
// left; but as much as one batch takes, else others could keep it from getting
// any.
func (b *budget) quota(r *cursor) int64 {
	share := min(max(b.max/4/int64(len(b.consumer.assigned)), minQuota), maxQuota)
	share = 1 << (bits.Len64(uint64(share)) - 1) // it changes seldom
	if r.largest > 0 {
		return max(share, int64(r.largest))
	}
	return max(share, int64(b.usual))
}

// expected is how large a batch of a partition is, to judge by those before.
func (b *budget) expected(r *cursor) int64 {
	return int64(cmp.Or(r.largest, b.usual, defaultBatchBytes))
}

// defaultBatchBytes is the most that a broker takes, unless it is told otherwise.
const defaultBatchBytes = 1 << 20

// room is what may still be asked for. A block that is larger than all there is isn't
// counted, else others would have to wait for it to be released.
func (b *budget) room() int64 {
	room := b.pool.room()
	if room > 0 {
		return room
	}
	largest := 0
	for _, r := range b.consumer.assigned {
		for _, block := range r.blocks[:r.n] {
			largest = max(largest, cap(block.buf))
		}
	}
	if int64(largest) > b.pool.max {
		room += int64(largest)
	}
	return room
}

// quotas is what some partitions may get together.
func (b *budget) quotas(of []*cursor) int64 {
	sum := int64(0)
	for _, r := range of {
		sum += b.quota(r)
	}
	return min(sum, math.MaxInt32)
}
