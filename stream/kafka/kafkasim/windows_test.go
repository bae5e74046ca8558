package kafkasim

import (
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// holders are brokers one of which can be held up: then it gets no markers. It leads the
// partition of one topic, and coordinates nothing of the script.
type holders interface {
	brokers
	// place creates a topic with one partition, led by the broker that can be held up, or by
	// another one.
	place(topic string, held bool)
	hold()
	release()
}

const windowsFile = "while markers are due"

// Between the end of a transaction and its markers, the answers must be those of real
// brokers.
func TestWindows_MatchGoldenFile(t *testing.T) {
	b := &heldUp{simulated: simulated{t: t, cluster: New(3), now: time.Now()}}
	s := newScript(t, b, "")
	windows(s, b)
	compareWith(t, windowsFile, s.out.String())
}

// heldUp is a simulated cluster in which one topic's markers can be held up.
type heldUp struct {
	simulated
	held string // its topic
	on   bool
}

func (b *heldUp) place(topic string, held bool) {
	b.cluster.CreateTopic(topic, 1)
	if held {
		b.held = topic
	}
}

func (b *heldUp) hold()    { b.on = true }
func (b *heldUp) release() { b.on = false }

func (b *heldUp) settle(string) {
	b.chores(func(c Chore) bool { return !b.on || c.Partition.Topic != b.held })
}

func (b *heldUp) wait(is func() bool) {
	b.settle("")
	b.simulated.wait(is)
}

func windows(s *script, h holders) {
	h.place(s.real("free"), false)
	h.place(s.real("held"), true)
	s.wait(func() bool { return s.has("free") && s.has("held") })
	a := s.initialise(newcomer("a"))
	begin := func(w who, sequence int32, offset int64) {
		s.add(w, "free", 0)
		s.add(w, "held", 0)
		s.produce(w, "free", 0, txn(sequence, "x"))
		s.produce(w, "held", 0, txn(sequence, "x"))
		s.addOffsets(w, "g")
		s.txnCommit(w, "g", -1, "free", offset, 0)
	}
	tries := func(w who, sequence int32) {
		s.end(w, true)
		s.end(w, false)
		s.add(w, "free", 0)
		s.addOffsets(w, "g")
		s.produce(w, "free", 0, txn(sequence, "too early"))
		s.produce(w, "free", 0, txn(sequence-1, "x")) // repeated
		s.txnCommit(w, "g", -1, "free", 99, 0)
		s.initialise(w)
		s.initialise(newcomer("a"))
	}
	sequence := int32(0)
	for i, commit := range []bool{true, false} {
		s.say("commit %t", commit)
		begin(a, sequence, int64(i)+1)
		sequence++
		h.hold()
		before := s.fetched("free").FetchedEnd
		s.end(a, commit)
		s.wait(func() bool { return s.decided("free", before, "g") })
		s.read("free", 0, 0)
		s.offsets("g", "free", 0)
		tries(a, sequence)
		h.release()
		s.settle(s.real("a"))
		s.read("held", 0, 0)
		s.end(a, commit)
		s.end(a, !commit)
	}
	s.say("fenced")
	begin(a, sequence, 3)
	h.hold()
	before := s.fetched("free").FetchedEnd
	s.initialise(newcomer("a"))
	s.wait(func() bool { return s.decided("free", before, "g") })
	tries(a, sequence+1)
	h.release()
	s.settle(s.real("a"))
	s.read("held", 0, 0)
	s.offsets("g", "free", 0)
	b := s.initialise(newcomer("a"))
	begin(b, 0, 4)
	s.settled(b, true)
	s.read("held", 0, 0)
	s.read("free", 0, 0)
}

// fetched fetches the first partition of a topic.
func (s *script) fetched(topic string) wire.FetchedPartition {
	f := s.ask(s.leader(s.tp(topic, 0)), &wire.Fetch{MaxBytes: 1, MinBytes: 1, Epoch: -1, Partitions: []wire.FetchPartition{
		s.want(topic, 0, 0, 1),
	}, Take: func(n int) []byte { return make([]byte, n) }}).(*wire.Fetch)
	return f.Answer.Partitions[0]
}

// decided reports whether the markers of a transaction are written: to a topic's first
// partition, behind its end before, and to the group's offsets.
func (s *script) decided(topic string, before int64, group string) bool {
	p := s.fetched(topic)
	if p.FetchedEnd == before || p.StableEnd < p.FetchedEnd {
		return false
	}
	a := s.ask(s.coordinator(s.real(group), false), &wire.OffsetFetch{
		Group: s.real(group), Partitions: []stream.TopicPartition{s.tp(topic, 0)},
	}).(*wire.OffsetFetch)
	return a.Answer.Partitions[0].Code != errcode.UnstableOffset
}
