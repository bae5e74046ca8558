package fetch

import (
	"slices"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A fakeLog is a partition.
type fakeLog struct {
	leader    int32 // noLeader: none
	epoch     int32
	start     int64
	batches   []storedBatch
	stable    int64 // the last stable offset
	aborted   []abortedTransaction
	code      kerr.Code // what is answered instead
	corrupt   int       // how many answers have a flipped bit
	truncated int       // how many have but a part of a batch, which Kafka never gives
}

type storedBatch struct {
	batch.Header
	bytes []byte
}

type abortedTransaction struct {
	wire.Aborted
	marker int64
}

func (b *fakeLog) end() int64 {
	if len(b.batches) == 0 {
		return b.start
	}
	return b.batches[len(b.batches)-1].Next()
}

// append adds batches with the next offsets, all below the last stable offset.
func (b *fakeLog) append(data ...[]byte) {
	for _, d := range data {
		d = slices.Clone(d)
		batch.SetBaseOffset(d, b.end())
		var h batch.Header
		if ok, err := batch.ParseHeader(d, &h); !ok || err != nil || h.Size != len(d) {
			panic("not a batch")
		}
		b.batches = append(b.batches, storedBatch{h, d})
	}
	b.stable = b.end()
}

func (l *fakeBrokers) check(node int32, b *fakeLog, e *sessionEntry) kerr.Code {
	switch {
	case b == nil:
		return kerr.UnknownTopic
	case b.code != 0:
		return b.code
	case b.leader != node:
		return kerr.NotLeader
	case e.LeaderEpoch < b.epoch:
		return kerr.FencedLeaderEpoch
	case e.LeaderEpoch > b.epoch:
		return kerr.UnknownLeaderEpoch
	case e.Offset < b.start || e.Offset > b.end():
		return kerr.OffsetOutOfRange
	}
	return 0
}

// first returns the index of the batch with an offset, or of the next one.
func (b *fakeLog) first(offset int64) int {
	i, _ := slices.BinarySearchFunc(b.batches, offset, func(p storedBatch, o int64) int {
		if p.Next() <= o {
			return -1
		}
		return 1
	})
	return i
}

// records returns the answer to a fetch: never a part of the first batch.
func (b *fakeLog) records(e *sessionEntry, left int, first bool) []byte {
	all := b.batches[b.first(e.Offset):]
	if len(all) == 0 || all[0].BaseOffset >= b.stable {
		return nil
	}
	size := min(left, int(e.MaxBytes))
	if n := len(all[0].bytes); n > size {
		if !first {
			return nil
		}
		size = n
	}
	var out []byte
	for _, p := range all {
		if p.BaseOffset >= b.stable || len(out) >= size {
			break
		}
		out = append(out, p.bytes...)
	}
	out = out[:min(len(out), size)]
	if b.corrupt > 0 {
		b.corrupt--
		out[len(all[0].bytes)/2+batch.HeaderSize/2] ^= 1 // where the checksum sees it
	}
	if b.truncated > 0 {
		b.truncated--
		out = out[:len(all[0].bytes)-1]
	}
	return out
}

func (b *fakeLog) abortedFrom(offset int64) []wire.Aborted {
	var list []wire.Aborted
	for _, a := range b.aborted {
		if a.marker >= offset {
			list = append(list, a.Aborted)
		}
	}
	return list
}
