package kafkasim

import (
	"math"

	"github.com/gretestream/grete/stream/batch"
)

// A producer is what a log knows of a producer: Kafka's ProducerStateEntry.
type producer struct {
	id          int64
	epoch       int16 // -1: it has only been heard of
	coordinator int32 // the epoch of the coordinator that wrote the last marker; -1: none
	recent      [recentBatches]span
	known       int   // how many of them there are, the newest last
	first       int64 // the offset where its transaction began; -1: it has none
	// A first batch of a transaction waits to be verified. Until one of them is
	// written, none may be whose sequence is higher than the lowest that came.
	verifying   bool
	lowest      int32
	lowestEpoch int16
}

const recentBatches = 5

// A span is a written batch.
type span struct {
	from, to int32 // the sequence of its records
	offset   int64
}

func newProducer(id int64) *producer {
	return &producer{id: id, epoch: -1, coordinator: -1, first: -1}
}

// producers are the known ones, by id.
type producers map[int64]*producer

// of returns one, new if need be.
func (all producers) of(id int64) *producer {
	p := all[id]
	if p == nil {
		p = newProducer(id)
		all[id] = p
	}
	return p
}

// transacting reports whether a transaction of this epoch has records here: then the
// coordinator knows of the partition.
func (p *producer) transacting(epoch int16) bool { return p.first >= 0 && p.epoch == epoch }

// verify notes a first batch.
func (p *producer) verify(epoch int16, sequence int32) {
	switch {
	case !p.verifying || epoch > p.lowestEpoch:
		p.verifying, p.lowest, p.lowestEpoch = true, sequence, epoch
	case epoch == p.lowestEpoch:
		p.lowest = min(p.lowest, sequence)
	}
}

// duplicate returns the offset of a batch that was written before.
func (p *producer) duplicate(h *batch.Header) (offset int64, ok bool) {
	if p.epoch != h.ProducerEpoch {
		return 0, false
	}
	for _, s := range p.recent[:p.known] {
		if s.from == h.Sequence && s.to == lastSequence(h) {
			return s.offset, true
		}
	}
	return 0, false
}

// check says why a batch can't follow the written ones.
func (p *producer) check(h *batch.Header) int16 {
	switch {
	case h.ProducerEpoch < p.epoch:
		return invalidProducerEpoch
	case p.verifying && h.Sequence > p.lowest:
		return outOfOrderSequence
	case p.epoch < 0: // nothing is known of it: maybe all it has written is deleted
		return 0
	case h.ProducerEpoch != p.epoch:
		if h.Sequence != 0 {
			return outOfOrderSequence
		}
	case !p.follows(h.Sequence):
		return outOfOrderSequence
	}
	if p.first >= 0 && h.Attributes&batch.Transactional == 0 {
		return invalidTxnState
	}
	return 0
}

func (p *producer) follows(sequence int32) bool {
	last := int32(-1)
	if p.known > 0 {
		last = p.recent[p.known-1].to
	}
	return int64(sequence) == int64(last)+1 || sequence == 0 && last == math.MaxInt32
}

// wrote notes a batch.
func (p *producer) wrote(h *batch.Header) {
	p.enter(h.ProducerEpoch)
	if p.known == recentBatches {
		copy(p.recent[:], p.recent[1:])
		p.known--
	}
	p.recent[p.known] = span{h.Sequence, lastSequence(h), h.BaseOffset}
	p.known++
	p.verifying = false
}

// enter notes an epoch, whose sequence begins at 0.
func (p *producer) enter(epoch int16) {
	if p.epoch != epoch {
		p.epoch, p.known = epoch, 0
	}
}

// lastSequence is that of the last record of a batch. The largest number is followed by 0.
func lastSequence(h *batch.Header) int32 {
	if h.Sequence > math.MaxInt32-h.LastDelta {
		return h.LastDelta - (math.MaxInt32 - h.Sequence) - 1
	}
	return h.Sequence + h.LastDelta
}
