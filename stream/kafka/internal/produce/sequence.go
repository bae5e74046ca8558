package produce

import (
	"math"
	"slices"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A producerID is the name under which the brokers know a producer's batches, and
// how often it was given anew: batches of an older epoch are refused.
type producerID struct {
	id    int64
	epoch int16
}

// noProducer is who hasn't been given one.
func noProducer() producerID { return producerID{-1, -1} }

// A recordBatch is a record batch on its way to a broker.
type recordBatch struct {
	builder   batch.Builder // has the records until it is sealed
	bytes     []byte        // the batch behind its room. They never change: each try sends the same
	size      int64         // of the records, uncompressed
	count     int32         // of the records
	producer  producerID    // who sends it
	sequence  int32         // of the first record in its partition's sequence; unsent before the first try
	stillRead bool          // an exchange has failed that may be reading the bytes still
}

// unsent is the number of a parcel that no broker can have seen.
const unsent = -1

// reset makes a parcel ready for records, with what memory it has, or as much as
// there is to be room for.
func (p *recordBatch) reset(room int) {
	bytes := slices.Grow(p.bytes[:0], wire.BatchRoom+room)
	p.builder.Start(append(bytes, make([]byte, wire.BatchRoom)...))
	*p = recordBatch{builder: p.builder, sequence: unsent}
}

// seal ends the batch, on its first try.
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

// A sequence is the order in which the batches of one partition reach its leader.
// The broker appends a batch only if its number follows the last one's, and knows
// one that it has already; so each is sent until its fate is known, with the same
// bytes, and only then the next. It is a state machine without any I/O.
type sequence struct {
	batches  []*recordBatch // in this order
	inFlight bool           // the first is on its way
	producer producerID
	next     int32 // the number of what sender sends next
}

func (s *sequence) push(p *recordBatch) { s.batches = append(s.batches, p) }

// startNext returns the parcel to send now, nil if there is none. One that is sent for
// the first time gets its number. Numbers begin anew with each producer id and
// epoch; then nothing is left of the old one.
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

// after is the number that follows count records from number on: beyond the
// largest comes 0.
func after(number, count int32) int32 {
	if number > math.MaxInt32-count {
		return count - (math.MaxInt32 - number) - 1
	}
	return number + count
}

// acknowledged takes the parcel that was on its way out: the broker has it.
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

// failed says that the parcel that was on its way has to be sent again. Without an
// answer, its memory may be read still.
func (s *sequence) failed(answered bool) {
	s.inFlight = false
	s.batches[0].stillRead = s.batches[0].stillRead || !answered
}

// drop takes out the parcels that no broker can have seen. A first one that has
// been tried stays: its number may be taken.
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

// A verdict is what an answer means for a batch.
type verdict int8

const (
	delivered  verdict = iota
	retryLater         // the same bytes a little later, maybe to another broker
	refused            // for good
)

// judge reads the code of an answer. A duplicate is one that an earlier try has
// brought there.
func judge(c kerr.Code) verdict {
	switch {
	case c == 0 || c == kerr.DuplicateSequence:
		return delivered
	case c.Temporary():
		return retryLater
	}
	return refused
}
