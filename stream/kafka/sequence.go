package kafka

import (
	"math"
	"slices"

	"github.com/gretestream/grete/stream/batch"
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

// A parcel is a record batch on its way to a broker.
type parcel struct {
	builder batch.Builder // has the records until it is sealed
	bytes   []byte        // the batch behind its room. They never change: each try sends the same
	size    int64         // of the records, uncompressed
	count   int32         // of the records
	sender  producerID    // who sends it
	number  int32         // of the first record in its partition's sequence; unsent before the first try
	exposed bool          // an exchange has failed that may be reading the bytes still
}

// unsent is the number of a parcel that no broker can have seen.
const unsent = -1

// begin makes a parcel ready for records, with what memory it has, or as much as
// there is to be room for.
func (p *parcel) begin(room int) {
	bytes := slices.Grow(p.bytes[:0], wire.BatchRoom+room)
	p.builder.Start(append(bytes, make([]byte, wire.BatchRoom)...))
	*p = parcel{builder: p.builder, number: unsent}
}

// seal ends the batch, on its first try.
func (p *parcel) seal(attributes int16, codec batch.Codec, c *batch.Compressor, partition int32) error {
	if p.bytes != nil {
		return nil
	}
	p.builder.Codec, p.builder.Compressor = codec, c
	p.builder.Attributes, p.builder.LeaderEpoch = attributes, -1
	p.builder.SetProducer(p.sender.id, p.sender.epoch, p.number)
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
	queue  []*parcel // in this order
	flying bool      // the first is on its way
	sender producerID
	next   int32 // the number of what sender sends next
}

func (s *sequence) push(p *parcel) { s.queue = append(s.queue, p) }

// launch returns the parcel to send now, nil if there is none. One that is sent for
// the first time gets its number. Numbers begin anew with each producer id and
// epoch; then nothing is left of the old one.
func (s *sequence) launch(by producerID) *parcel {
	if s.flying || len(s.queue) == 0 {
		return nil
	}
	s.flying = true
	p := s.queue[0]
	if p.number == unsent {
		if s.sender != by {
			s.sender, s.next = by, 0
		}
		p.sender, p.number = by, s.next
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

// landed takes the parcel that was on its way out: the broker has it.
func (s *sequence) landed() *parcel {
	p := s.queue[0]
	s.shift()
	s.flying = false
	return p
}

func (s *sequence) shift() {
	copy(s.queue, s.queue[1:])
	s.queue[len(s.queue)-1] = nil
	s.queue = s.queue[:len(s.queue)-1]
}

// missed says that the parcel that was on its way has to be sent again. Without an
// answer, its memory may be read still.
func (s *sequence) missed(answered bool) {
	s.flying = false
	s.queue[0].exposed = s.queue[0].exposed || !answered
}

// drop takes out the parcels that no broker can have seen. A first one that has
// been tried stays: its number may be taken.
func (s *sequence) drop() []*parcel {
	keep := 0
	if len(s.queue) > 0 && s.queue[0].number != unsent {
		keep = 1
	}
	dropped := append([]*parcel(nil), s.queue[keep:]...)
	clear(s.queue[keep:])
	s.queue = s.queue[:keep]
	return dropped
}

// A verdict is what an answer means for a batch.
type verdict int8

const (
	delivered verdict = iota
	again             // the same bytes a little later, maybe to another broker
	refused           // for good
)

// judge reads the code of an answer. A duplicate is one that an earlier try has
// brought there.
func judge(c code) verdict {
	switch {
	case c == 0 || c == duplicateSequence:
		return delivered
	case c.temporary():
		return again
	}
	return refused
}
