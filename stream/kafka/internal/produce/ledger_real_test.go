//go:build real

package produce

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A ledger has the expected contents of a topic, offset by offset. Only one producer at a
// time writes to the topic.
type ledger struct {
	*testing.T
	cluster *kafkatest.Cluster
	topic   string
	log     [][]ledgerEntry // by partition and offset
}

// A ledgerEntry is what has an offset.
type ledgerEntry struct {
	kafkatest.JavaRecord
	codec         batch.Codec
	transactional bool
	state         ending // undecided as long as its transaction is open
	marker        bool   // of the end of a transaction: it is no record
}

func newLedger(t *testing.T, c *kafkatest.Cluster, partitions int32) *ledger {
	l := &ledger{T: t, cluster: c, topic: kafkatest.Name(t), log: make([][]ledgerEntry, partitions)}
	// Records have times of years ago.
	// Records have times of years ago.
	c.CreateTopic(t, l.topic, partitions, map[string]string{"retention.ms": "-1"})
	return l
}

// system returns a client of its own, which compresses by a codec.
func (l *ledger) system(codec batch.Codec) *testClient {
	return openClient(l, l.cluster.Bootstrap(), codec)
}

// A ledgerProducer writes to the topic, and into the ledger.
type ledgerProducer struct {
	*Producer
	ledger *ledger
	topic  stream.Writer
	open   map[int32]bool // what was written to in the transaction
}

func (l *ledger) producer(s *testClient, cfg stream.ProducerConfig) *ledgerProducer {
	l.Helper()
	p, err := s.OpenProducer(l.Context(), cfg)
	linktest.Must(l, err)
	l.Cleanup(func() { linktest.Must(l, p.Close()) })
	w, err := p.Writer(l.topic)
	linktest.Must(l, err)
	return &ledgerProducer{Producer: p.(*Producer), ledger: l, topic: w, open: make(map[int32]bool)}
}

// send sends records to a partition.
func (p *ledgerProducer) send(partition int32, records ...stream.Record) {
	l := p.ledger
	l.Helper()
	for i := range records {
		linktest.Must(l, p.topic.Send(partition, &records[i]))
		l.append(partition, ledgerEntry{JavaRecord: kafkatest.ToJava(&records[i]), codec: p.sender.codec, transactional: p.transactional()})
	}
	p.open[partition] = true
}

// append appends to a partition.
func (l *ledger) append(partition int32, e ledgerEntry) {
	e.Partition, e.Offset = partition, int64(len(l.log[partition]))
	l.log[partition] = append(l.log[partition], e)
}

// commit commits what was sent, and compares the returned ends with the expected ones.
func (p *ledgerProducer) commit(offsets stream.GroupOffsets) {
	l := p.ledger
	l.Helper()
	got, err := p.Commit(l.Context(), offsets)
	linktest.Must(l, err)
	for _, end := range got {
		if want := int64(len(l.log[end.Partition])); end.Offset != want {
			l.Errorf("%s ends at %d, want %d", end.TopicPartition, end.Offset, want)
		}
	}
	if n := p.finish(commit); n != len(got) {
		l.Errorf("%d partitions were written to, and %d have an end", n, len(got))
	}
}

// abort takes back what was sent, after the broker has got it.
func (p *ledgerProducer) abort() {
	l := p.ledger
	l.Helper()
	linktest.Must(l, p.Flush(l.Context()))
	linktest.Must(l, p.Abort(l.Context()))
	p.finish(abort)
}

// finish notes the end of the transaction in each of its partitions. It returns their
// number.
func (p *ledgerProducer) finish(e ending) (partitions int) {
	partitions = len(p.open)
	for i := range p.open {
		log := p.ledger.log[i]
		for n := len(log) - 1; n >= 0 && log[n].state == undecided; n-- {
			log[n].state = e
		}
		if p.transactional() {
			p.ledger.append(i, ledgerEntry{marker: true, state: e})
		}
	}
	clear(p.open)
	return partitions
}

// abortedWithout notes an aborted transaction without records in a partition.
func (p *ledgerProducer) abortedWithout(partition int32) {
	if p.transactional() {
		p.ledger.append(partition, ledgerEntry{marker: true, state: abort})
	}
}

// expected returns what consumers see, and the ends of the partitions.
func (l *ledger) expected(level string) (seen []ledgerEntry, ends []int64) {
	for _, log := range l.log {
		end := 0
		for ; end < len(log); end++ {
			e := log[end]
			if level == kafkatest.ReadCommitted && e.state == undecided {
				break
			}
			if !e.marker && (level == kafkatest.ReadUncommitted || e.state == commit) {
				seen = append(seen, e)
			}
		}
		ends = append(ends, int64(end))
	}
	return seen, ends
}

// check compares the ledger with what franz-go reads; java compares it with what Kafka's
// own client reads.
func (l *ledger) check(level string) {
	l.Helper()
	seen, ends := l.expected(level)
	var got []ledgerEntry
	for _, r := range l.cluster.ReadAll(l.T, level, l.topic, ends) {
		got = append(got, entryOf(r))
	}
	l.compare("franz-go", level, seen, got)
}

func (l *ledger) java(level string) {
	l.Helper()
	seen, _ := l.expected(level)
	for i := range seen { // which Java doesn't tell
		seen[i] = ledgerEntry{JavaRecord: seen[i].JavaRecord}
	}
	var got []ledgerEntry
	for _, r := range l.cluster.JavaConsume(l, l.topic, map[string]string{"isolation.level": level}) {
		got = append(got, ledgerEntry{JavaRecord: r})
	}
	l.compare("Java", level, seen, got)
}

func (l *ledger) compare(who, level string, want, got []ledgerEntry) {
	l.Helper()
	for i := range want {
		want[i].state = undecided // nobody tells
		if i >= len(got) || !reflect.DeepEqual(got[i], want[i]) {
			l.Errorf("%s, %s: of %d records, of which %d were read, number %d isn't\n%s but\n%s", who, level, len(want), len(got), i, short(want, i), short(got, i))
			return
		}
	}
	if len(got) > len(want) {
		l.Errorf("%s, %s: %d records too many, the first is\n%s", who, level, len(got)-len(want), short(got, len(want)))
	}
}

func short(all []ledgerEntry, i int) string {
	if i >= len(all) {
		return "nothing"
	}
	s := fmt.Sprintf("%+v", all[i])
	return s[:min(len(s), 300)]
}
