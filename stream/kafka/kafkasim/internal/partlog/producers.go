package partlog

import (
	"math"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A Producer is what a log knows of a producer: Kafka's ProducerStateEntry.
type Producer struct {
	ID          int64
	Epoch       int16 // -1: unknown
	Coordinator int32 // the epoch of the coordinator that wrote the last marker; -1: none
	First       int64 // the offset where its open transaction begins; -1: none is open

	recent [recentBatches]span // the newest last
	known  int                 // how many of them are set
	// A first batch of a transaction waits to be verified. Until one of them is written,
	// those with a higher sequence than the lowest one are refused.
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

func newProducer(id int64) *Producer {
	return &Producer{ID: id, Epoch: -1, Coordinator: -1, First: -1}
}

// Producers are the known producers, by id.
type Producers map[int64]*Producer

// Of returns a producer. If it is unknown, it is known from now on.
func (all Producers) Of(id int64) *Producer {
	p := all[id]
	if p == nil {
		p = newProducer(id)
		all[id] = p
	}
	return p
}

// Transacting reports whether a transaction of this epoch has records here: then the
// coordinator knows of the partition.
func (p *Producer) Transacting(epoch int16) bool { return p.First >= 0 && p.Epoch == epoch }

// Verify notes the first batch of a transaction, before the coordinator confirms it.
func (p *Producer) Verify(epoch int16, sequence int32) {
	switch {
	case !p.verifying || epoch > p.lowestEpoch:
		p.verifying, p.lowest, p.lowestEpoch = true, sequence, epoch
	case epoch == p.lowestEpoch:
		p.lowest = min(p.lowest, sequence)
	}
}

// Duplicate returns the offset of a batch that was written before.
func (p *Producer) Duplicate(h *batch.Header) (offset int64, ok bool) {
	if p.Epoch != h.ProducerEpoch {
		return 0, false
	}
	for _, s := range p.recent[:p.known] {
		if s.from == h.Sequence && s.to == lastSequence(h) {
			return s.offset, true
		}
	}
	return 0, false
}

// Check returns why a batch can't follow the written ones; 0: it can.
func (p *Producer) Check(h *batch.Header) int16 {
	switch {
	case h.ProducerEpoch < p.Epoch:
		return errcode.InvalidProducerEpoch
	case p.verifying && h.Sequence > p.lowest:
		return errcode.OutOfOrderSequence
	case p.Epoch < 0: // unknown: everything that it has written may be deleted
		return 0
	case h.ProducerEpoch != p.Epoch:
		if h.Sequence != 0 {
			return errcode.OutOfOrderSequence
		}
	case !p.follows(h.Sequence):
		return errcode.OutOfOrderSequence
	}
	if p.First >= 0 && h.Attributes&batch.Transactional == 0 {
		return errcode.InvalidTxnState
	}
	return 0
}

func (p *Producer) follows(sequence int32) bool {
	last := int32(-1)
	if p.known > 0 {
		last = p.recent[p.known-1].to
	}
	return int64(sequence) == int64(last)+1 || sequence == 0 && last == math.MaxInt32
}

// Wrote notes a written batch.
func (p *Producer) Wrote(h *batch.Header) {
	p.enter(h.ProducerEpoch)
	if p.known == recentBatches {
		copy(p.recent[:], p.recent[1:])
		p.known--
	}
	p.recent[p.known] = span{h.Sequence, lastSequence(h), h.BaseOffset}
	p.known++
	p.verifying = false
}

// Obey takes over the epochs of a marker, and reports false if they are older than the known
// ones.
func (p *Producer) Obey(epoch int16, coordinator int32) bool {
	if epoch < p.Epoch || coordinator < p.Coordinator {
		return false
	}
	p.enter(epoch)
	p.Coordinator = coordinator
	return true
}

// enter notes an epoch. Its sequence starts at 0.
func (p *Producer) enter(epoch int16) {
	if p.Epoch != epoch {
		p.Epoch, p.known = epoch, 0
	}
}

// lastSequence is that of the last record of a batch. The largest number is followed by 0.
func lastSequence(h *batch.Header) int32 {
	if h.Sequence > math.MaxInt32-h.LastDelta {
		return h.LastDelta - (math.MaxInt32 - h.Sequence) - 1
	}
	return h.Sequence + h.LastDelta
}
