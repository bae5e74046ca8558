package fetch

import (
	"cmp"
	"math"
	"math/bits"
)

// A budget divides the memory for arriving records. It is guarded by Consumer.mu.
type budget struct {
	consumer *Consumer
	max      int64 // the consumer's memory
	aside    int64 // the part for answers in patient sessions
	pool     pool  // has the buffers
	usual    int   // size of a large batch lately
}

// Bounds of a quota.
const (
	minQuota = 4 << 10
	maxQuota = 1 << 20
)

// quota returns how many bytes a request may ask for of a partition: its share of a
// quarter of the memory, so that each partition can have a block in hand and one ahead,
// with some memory left. It is at least the size of one batch, as other partitions could
// otherwise keep it from getting any.
func (b *budget) quota(r *cursor) int64 {
	share := min(max(b.max/4/int64(len(b.consumer.assigned)), minQuota), maxQuota)
	share = 1 << (bits.Len64(uint64(share)) - 1) // a power of two, so that it seldom changes
	if r.largest > 0 {
		return max(share, int64(r.largest))
	}
	return max(share, int64(b.usual))
}

// expected estimates the size of a partition's next batch from those before.
func (b *budget) expected(r *cursor) int64 {
	return int64(cmp.Or(r.largest, b.usual, defaultBatchBytes))
}

// defaultBatchBytes is a broker's default limit.
const defaultBatchBytes = 1 << 20

// room returns how many bytes may still be requested. A block that is larger than the pool
// isn't counted: all other partitions would have to wait for its release.
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

// quotas returns the sum of some quotas.
func (b *budget) quotas(of []*cursor) int64 {
	sum := int64(0)
	for _, r := range of {
		sum += b.quota(r)
	}
	return min(sum, math.MaxInt32)
}
