package produce

import (
	"math"
	"slices"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A producerID identifies a producer to the brokers. They refuse batches of an older
// epoch.
type producerID struct {
	id    int64
	epoch int16
}

// noProducer is the producerID before the brokers have assigned one.
func noProducer() producerID { return producerID{-1, -1} }

// A recordBatch is a batch on its way to a broker.
type recordBatch struct {
	builder   batch.Builder // has the records until the batch is sealed
	bytes     []byte        // the batch after its BatchRoom; never changed: each attempt sends the same
	size      int64         // of the records, uncompressed
	count     int32         // of the records
	producer  producerID
	sequence  int32 // number of the first record; unsent before the first attempt
	stillRead bool  // a failed exchange may still read the bytes
}

// unsent is the sequence of a batch that no broker can have seen.
const unsent = -1

// reset prepares a batch for records in the memory that it has, or in memory for so many
// bytes.
func (p *recordBatch) reset(room int) {
	bytes := slices.Grow(p.bytes[:0], wire.BatchRoom+room)
	p.builder.Start(append(bytes, make([]byte, wire.BatchRoom)...))
	*p = recordBatch{builder: p.builder, sequence: unsent}
}

// seal ends the batch at its first attempt.
func (p *recordBatch) seal(attributes int16, codec batch.Codec, c *batch.Compressor, partition int32) error {
	if p.bytes != nil {
		return nil
	}
	p.builder.Codec, p.builder.Compressor = codec, c
	p.builder.Attributes, p.builder.LeaderEpoch = attributes, -1
	p.builder.SetProducer(p.producer.id, p.producer.epoch, p.sequence)
	bytes, err := p.builder.Finish(0)
	p.builder.Compressor = nil
	if err != nil {
		return err
	}
	wire.Address(bytes, partition)
	p.bytes = bytes
	return nil
}

// A sequence is the order of the batches of one partition. The leader appends a batch only
// if its number follows the last one, and knows a batch that it already has. So each
// batch is sent with the same bytes until its outcome is known, and only then the next
// one. It is a state machine without I/O.
type sequence struct {
	batches  []*recordBatch
	inFlight bool // the first one is
	producer producerID
	next     int32 // the number of the next batch of producer
}

func (s *sequence) push(p *recordBatch) { s.batches = append(s.batches, p) }

// startNext returns the batch to send now, or nil. At its first attempt a batch gets its
// number. Numbers start at 0 for each producer id and epoch; no batch of the old one is
// left then.
func (s *sequence) startNext(by producerID) *recordBatch {
	if s.inFlight || len(s.batches) == 0 {
		return nil
	}
	s.inFlight = true
	p := s.batches[0]
	if p.sequence == unsent {
		if s.producer != by {
			s.producer, s.next = by, 0
		}
		p.producer, p.sequence = by, s.next
		s.next = after(s.next, p.count)
	}
	return p
}

// after returns the number that follows count records from number on. The largest number
// is followed by 0.
func after(number, count int32) int32 {
	if number > math.MaxInt32-count {
		return count - (math.MaxInt32 - number) - 1
	}
	return number + count
}

// acknowledged removes the batch in flight: the broker has it.
func (s *sequence) acknowledged() *recordBatch {
	p := s.batches[0]
	s.shift()
	s.inFlight = false
	return p
}

func (s *sequence) shift() {
	copy(s.batches, s.batches[1:])
	s.batches[len(s.batches)-1] = nil
	s.batches = s.batches[:len(s.batches)-1]
}

// failed notes that the batch in flight must be sent again. Without an answer, its memory
// may still be read.
func (s *sequence) failed(answered bool) {
	s.inFlight = false
	s.batches[0].stillRead = s.batches[0].stillRead || !answered
}

// drop removes the batches that no broker can have seen. A first batch that has been sent
// stays: its number may be taken.
func (s *sequence) drop() []*recordBatch {
	keep := 0
	if len(s.batches) > 0 && s.batches[0].sequence != unsent {
		keep = 1
	}
	dropped := append([]*recordBatch(nil), s.batches[keep:]...)
	clear(s.batches[keep:])
	s.batches = s.batches[:keep]
	return dropped
}

// A verdict says what an answer means for a batch.
type verdict int8

const (
	delivered  verdict = iota
	retryLater         // with the same bytes, possibly to another broker
	refused            // for good
)

// judge interprets the code of an answer. A duplicate was delivered by an earlier attempt.
func judge(c kerr.Code) verdict {
	switch {
	case c == 0 || c == kerr.DuplicateSequence:
		return delivered
	case c.Temporary():
		return retryLater
	}
	return refused
}
