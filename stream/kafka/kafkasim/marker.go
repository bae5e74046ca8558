package kafkasim

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// mark writes a transaction's marker to one of its partitions. As in Kafka, a repeated
// marker takes an offset, too.
func (c *Cluster) mark(now time.Time, t *transaction, tp stream.TopicPartition) {
	t.unmarked = slices.DeleteFunc(t.unmarked, func(o stream.TopicPartition) bool { return o == tp })
	commit := t.state == prepareCommit
	if s := c.slotOf(tp); s != nil {
		if p := s.offsets.producers.Of(t.producer); p.Obey(t.epoch, t.slot.epoch) {
			p.First = -1
			s.offsets.mark(t.producer, commit)
		}
		return
	}
	p := c.partition(tp)
	if p == nil {
		return // it has been deleted
	}
	from := p.log.Producer(t.producer)
	if !from.Obey(t.epoch, t.slot.epoch) {
		return
	}
	p.log.Finish(from, commit)
	bytes := c.marker(now, t, commit)
	var h batch.Header
	if ok, err := batch.ParseHeader(bytes, &h); !ok || err != nil {
		panic("kafkasim: a marker isn't a batch")
	}
	p.log.Append(&h, bytes, p.epoch)
}

// marker builds the control batch.
func (c *Cluster) marker(now time.Time, t *transaction, commit bool) []byte {
	key := [4]byte{} // a version and a kind
	if commit {
		key[3] = 1
	}
	value := binary.BigEndian.AppendUint32(make([]byte, 2, 6), uint32(t.slot.epoch))
	b := &c.builder
	b.Attributes = batch.Transactional | batch.Control
	b.Start(make([]byte, 0, 96))
	b.SetProducer(t.producer, t.epoch, -1)
	b.Append(&stream.Record{Key: key[:], Value: value, Time: now.UnixMilli()})
	bytes, err := b.Finish(0)
	if err != nil {
		panic("kafkasim: a marker can't be built: " + err.Error())
	}
	return bytes
}
