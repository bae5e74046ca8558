package kafkasim

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/deletetopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

func recordScripts() map[string]func(*script) {
	return map[string]func(*script){
		"sequences":                  sequences,
		"sequences and markers":      sequencesAndMarkers,
		"late batches":               lateBatches,
		"guessed epochs":             guessedEpochs,
		"offsets":                    groupOffsets,
		"unstable offsets":           unstableOffsets,
		"refused batches":            refusedBatches,
		"deleted records":            deletedRecords,
		"times":                      times,
		"topics":                     topics,
		"a recreated topic":          recreated,
		"fetch sessions":             fetchSessions,
		"fetch limits":               fetchLimits,
		"fetch epochs":               fetchEpochs,
		"stable ends":                stableEnds,
		"compaction":                 compaction,
		"exhausted":                  exhausted,
		"exhausted in a transaction": exhaustedInTransaction,
	}
}

func sequences(s *script) {
	s.topic("t", 2)
	a := s.initialise(newcomer(""))
	s.produce(a, "t", 0, plain(3, "begins anywhere"))
	s.produce(a, "t", 0, plain(5, "a gap"))
	s.produce(a, "t", 0, plain(4, "follows", "too"))
	s.produce(a, "t", 0, plain(4, "shorter than it was"))
	s.produce(a, "t", 0, plain(3, "comes again"))
	for i := range int32(4) {
		s.produce(a, "t", 0, plain(6+i, "more"))
	}
	s.produce(a, "t", 0, plain(3, "too old"))
	s.produce(a, "t", 0, plain(4, "the fifth", "from the end"))
	s.produce(a, "t", 0, plain(9, "the last"))
	next := who{"", a.pid, a.epoch + 1}
	s.produce(next, "t", 0, plain(10, "must start at 0"))
	s.produce(next, "t", 0, plain(0, "does so"))
	s.produce(a, "t", 0, plain(10, "of an old epoch"))
	s.produce(a, "t", 0, plain(9, "the last of an old epoch"))
	s.produce(next, "t", 0, plain(0, "comes again"))
	s.produce(a, "t", 1, plain(math.MaxInt32-1, "to the largest", "number"))
	s.produce(a, "t", 1, plain(0, "and on from zero"))
	s.produce(a, "t", 1, plain(math.MaxInt32-1, "to the largest", "number"))
	s.produce(who{"", -1, -1}, "t", 1, plain(-1, "of nobody"))
	s.produce(who{"", -1, -1}, "t", 1, plain(-1, "of nobody"))
	b := s.initialise(newcomer(""))
	s.produce(b, "t", 1, plain(math.MaxInt32, "over", "the", "largest"))
	s.produce(b, "t", 1, plain(2, "goes on"))
	s.produce(b, "t", 1, plain(math.MaxInt32, "over", "the", "largest"))
	s.read("t", 0, 0)
	s.read("t", 1, 0)
}

func sequencesAndMarkers(s *script) {
	s.topic("t", 1)
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "one"))
	s.settled(a, true)
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "one")) // repeated
	s.produce(a, "t", 0, txn(3, "three"))
	s.produce(a, "t", 0, txn(2, "two"))
	s.produce(a, "t", 0, txn(1, "one"))
	s.produce(a, "t", 0, txn(2, "two"))
	s.settled(a, false)
	s.add(a, "t", 0)
	s.settled(a, false)
	s.add(a, "t", 0)
	b := s.initialise(a)
	s.settle(s.real("a"))
	b = s.initialise(b)
	s.add(b, "t", 0)
	s.produce(b, "t", 0, txn(3, "goes on"))
	s.produce(b, "t", 0, txn(0, "starts at 0"))
	s.settled(b, true)
	s.read("t", 0, 0)
	// An epoch that the partition knows only from a marker.
	c := s.initialise(b)
	s.add(c, "t", 0)
	s.settled(c, true)
	s.produce(b, "t", 0, plain(1, "of an old epoch, in no transaction"))
	s.produce(c, "t", 0, plain(1, "of this epoch"))
	s.produce(c, "t", 0, plain(0, "of this epoch"))
	s.read("t", 0, 0)
}

// lateBatches repeats batches after the end of their transaction.
func lateBatches(s *script) {
	s.topic("t", 1)
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "one"))
	s.settled(a, true)
	s.produce(a, "t", 0, txn(0, "one"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(1, "two"))
	s.produce(a, "t", 0, txn(0, "one"))
	s.produce(a, "t", 0, txn(1, "two"))
	s.settled(a, false)
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(1, "two"))
	s.settled(a, true)
	s.produce(a, "t", 0, txn(0, "one"))
	b := s.initialise(a)
	s.add(b, "t", 0)
	s.produce(b, "t", 0, txn(1, "too high"))
	s.produce(b, "t", 0, txn(0, "starts at 0"))
	s.produce(b, "t", 0, txn(1, "goes on"))
	s.settled(b, true)
	s.read("t", 0, 0)
}

// guessedEpochs uses epochs that the coordinator hasn't assigned yet.
func guessedEpochs(s *script) {
	s.topic("t", 2)
	a := s.initialise(newcomer("a"))
	s.begin(a)
	next := who{"a", a.pid, a.epoch + 1}
	s.tries(next, 0)
	s.produce(a, "t", 0, txn(1, "goes on"))
	s.settled(a, true)
	s.tries(next, 0)
	s.read("t", 0, 0)
	s.read("t", 1, 0)
}

func groupOffsets(s *script) {
	s.topic("t", 3)
	s.offsets("g", "t", 0, 1)
	s.commit("g", -1, "t", 0, 7)
	s.commit("g", -1, "t", 5, 7)
	s.commit("g", -1, "none", 0, 7)
	s.commit("g", 3, "t", 0, 7)
	s.commit("h", 3, "t", 0, 7)
	s.commit("g", -1, "t", 1, 0)
	s.offsets("g", "t", 0, 1, 2, 9)
	s.offsets("h", "t", 0)
	a := s.initialise(newcomer("a"))
	s.txnCommit(a, "g", -1, "t", 8, 0)
	s.addOffsets(a, "g")
	s.txnCommit(a, "g", 4, "t", 8, 0)
	s.txnCommit(a, "g", -1, "t", 8, 0, 7)
	s.txnCommit(a, "g", -1, "none", 8, 0)
	s.txnCommit(a, "g", -1, "t", 9, 0, 2)
	s.settled(a, true)
	s.offsets("g", "t", 0, 1, 2)
	s.txnCommit(a, "g", -1, "t", 10, 0)
	s.add(a, "t", 0)
	s.txnCommit(a, "g", -1, "t", 10, 0)
	s.addOffsets(a, "g")
	s.txnCommit(a, "g", -1, "t", 3, 0)
	s.settled(a, true)
	s.offsets("g", "t", 0, 1, 2)
	s.addOffsets(a, "new")
	s.txnCommit(a, "new", 2, "t", 3, 0)
	s.txnCommit(a, "new", -1, "t", 3, 0)
	s.settled(a, true)
	s.offsets("new", "t", 0)
	s.commit("", -1, "t", 0, 1)
}

func unstableOffsets(s *script) {
	s.topic("t", 3)
	a := s.initialise(newcomer("a"))
	b := s.initialise(newcomer("b"))
	s.commit("g", -1, "t", 0, 1)
	s.addOffsets(a, "g")
	s.offsets("g", "t", 0, 1)
	s.txnCommit(a, "g", -1, "t", 2, 0)
	s.offsets("g", "t", 0, 1)
	s.addOffsets(b, "g")
	s.txnCommit(b, "g", -1, "t", 3, 0, 1)
	s.settled(a, false)
	s.offsets("g", "t", 0, 1)
	s.commit("g", -1, "t", 0, 10) // later than b's, which commits later
	s.offsets("g", "t", 0, 1)
	s.settled(b, true)
	s.offsets("g", "t", 0, 1)
	// The last write wins, not the last commit.
	s.addOffsets(a, "g")
	s.addOffsets(b, "g")
	s.txnCommit(a, "g", -1, "t", 20, 0)
	s.txnCommit(b, "g", -1, "t", 30, 0)
	s.settled(b, true)
	s.settled(a, true)
	s.offsets("g", "t", 0)
}

func refusedBatches(s *script) {
	s.topic("t", 1, createtopics.RequestConfig{Name: maxMessage, Value: "1000"})
	s.topic("c", 1, createtopics.RequestConfig{Name: cleanupPolicy, Value: "compact"})
	nobody := who{"", -1, -1}
	big := plain(-1, strings.Repeat("x", 1000))
	s.produce(nobody, "t", 0, big)
	s.produce(nobody, "t", 1, plain(-1, "x"))
	s.produce(nobody, "none", 0, plain(-1, "x"))
	unkeyed := plain(-1, "x")
	unkeyed.key = ""
	s.produce(nobody, "c", 0, unkeyed)
	s.produce(nobody, "t", 0, unkeyed)
	future := plain(-1, "x")
	future.at = future.at.Add(2 * time.Hour)
	s.produce(nobody, "t", 0, future)
	past := plain(-1, "x")
	past.at = time.UnixMilli(1)
	s.produce(nobody, "t", 0, past)
	for _, spoil := range []func([]byte) []byte{
		func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		func(b []byte) []byte { return nil },
		func(b []byte) []byte { return b[:len(b)-1] },
		func(b []byte) []byte { return append(b, b...) },
	} {
		batch := spoil(plain(-1, "x").batch(nobody, 0)[wire.BatchRoom:])
		bytes := append(make([]byte, wire.BatchRoom), batch...)
		wire.Address(bytes, 0)
		a := s.ask(1, &wire.Produce{Timeout: 1000, Partitions: []wire.ProducePartition{{TopicPartition: s.tp("t", 0), Batch: bytes}}}).(*wire.Produce)
		s.say("spoilt: %s", code(a.Answer.Partitions[0].Code))
	}
	s.read("t", 0, 0)
}

func deletedRecords(s *script) {
	s.topic("t", 1)
	s.topic("c", 1, createtopics.RequestConfig{Name: cleanupPolicy, Value: "compact"})
	a := s.initialise(newcomer("a"))
	s.produce(who{"", -1, -1}, "t", 0, plain(-1, "0", "1", "2"))
	s.produce(who{"", -1, -1}, "t", 0, plain(-1, "3"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "4", "5"))
	s.produce(a, "t", 0, txn(2, "6"))
	s.deleteRecords("c", 0, 0)
	s.deleteRecords("t", 0, 1)
	s.read("t", 0, 0)
	s.read("t", 0, 1)
	s.deleteRecords("t", 0, 0)
	s.deleteRecords("t", 0, 8)
	s.deleteRecords("t", 0, -2)
	s.deleteRecords("t", 1, 0)
	s.deleteRecords("t", 0, 5)
	s.read("t", 0, 5)
	s.deleteRecords("t", 0, 6)
	s.read("t", 0, 6)
	s.produce(who{"", -1, -1}, "t", 0, plain(-1, "7"))
	s.read("t", 0, 6)
	s.deleteRecords("t", 0, 8)
	s.read("t", 0, 8)
	s.settled(a, false)
	s.read("t", 0, 8)
	s.deleteRecords("t", 0, -1)
	s.read("t", 0, 9)
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(4, "x"))
	s.produce(a, "t", 0, txn(3, "7"))
	s.settled(a, true)
	s.list("t", 0, 1, earliest)
	s.read("t", 0, 9)
}

func times(s *script) {
	s.topic("t", 1)
	from := time.Now().UnixMilli() - 1_000_000
	at := func(times ...int64) load {
		l := plain(-1, make([]string, len(times))...)
		l.at = time.UnixMilli(from + times[0])
		return l
	}
	nobody := who{"", -1, -1}
	a := s.initialise(newcomer("a"))
	s.produce(nobody, "t", 0, at(100))
	s.produce(nobody, "t", 0, at(50))
	s.produce(nobody, "t", 0, at(200, 200))
	s.produce(nobody, "t", 0, at(150))
	for _, after := range []int64{0, 60, 100, 101, 200, 201} {
		s.list("t", 0, 1, from+after)
	}
	s.add(a, "t", 0)
	l := txn(0, "a")
	l.at = time.UnixMilli(from + 300)
	s.produce(a, "t", 0, l)
	s.produce(nobody, "t", 0, at(400))
	for _, isolation := range []int8{0, 1} {
		for _, at := range []int64{from + 200, from + 300, from + 400, latest, earliest} {
			s.list("t", 0, isolation, at)
		}
	}
	s.settled(a, false)
	for _, at := range []int64{from + 300, from + 400, from + 500, latest} {
		s.list("t", 0, 1, at)
	}
	s.deleteRecords("t", 0, 3)
	s.list("t", 0, 1, from+200)
	s.list("t", 0, 1, from)
	s.list("t", 3, 1, latest)
	s.list("none", 0, 1, latest)
}

func topics(s *script) {
	s.topic("t", 2)
	s.topic("t", 2)
	s.topic("bad name", 2)
	s.topic("nothing", 0)
	s.topic("wrong", 1, createtopics.RequestConfig{Name: "no.such", Value: "1"})
	s.topic("wrong", 1, createtopics.RequestConfig{Name: "retention.ms", Value: "soon"})
	s.topic("set", 1, createtopics.RequestConfig{Name: "retention.ms", Value: "5000"}, createtopics.RequestConfig{Name: cleanupPolicy, Value: "compact,delete"})
	names := []string{s.real("set"), s.real("t"), s.real("none"), "bad name"}
	for _, t := range s.ask(1, &metadata.Request{TopicNames: names}).(*metadata.Response).Topics {
		s.say("topic %s: %s, %d partitions", strings.TrimPrefix(t.Name, s.prefix), code(t.ErrorCode), len(t.Partitions))
		slices.SortFunc(t.Partitions, func(a, b metadata.ResponsePartition) int { return cmp.Compare(a.PartitionIndex, b.PartitionIndex) })
		for _, p := range t.Partitions {
			s.say("  %d: %s, leader %d epoch %d", p.PartitionIndex, code(p.ErrorCode), p.LeaderID, p.LeaderEpoch)
		}
	}
	for _, name := range names[:3] {
		d := s.ask(1, &describeconfigs.Request{Resources: []describeconfigs.RequestResource{
			{ResourceType: topicResource, ResourceName: name, ConfigNames: []string{cleanupPolicy, "retention.ms", maxMessage}},
		}}).(*describeconfigs.Response)
		s.say("describe %s: %s", strings.TrimPrefix(name, s.prefix), code(d.Resources[0].ErrorCode))
		for _, want := range []string{cleanupPolicy, "retention.ms", maxMessage} {
			for _, e := range d.Resources[0].ConfigEntries {
				if e.ConfigName == want {
					s.say("  %s = %s from %d", e.ConfigName, e.ConfigValue, e.ConfigSource)
				}
			}
		}
	}
	s.delete("t")
	s.delete("t")
}

func (s *script) delete(topic string) {
	a := s.ask(1, &deletetopics.Request{TopicNames: []string{s.real(topic)}, TimeoutMs: 10000}).(*deletetopics.Response)
	s.say("delete %s: %s", topic, code(a.Responses[0].ErrorCode))
	s.wait(func() bool { return !s.has(topic) })
}

func recreated(s *script) {
	s.topic("t", 1)
	s.topic("u", 1)
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(0, "lost"))
	s.commit("g", -1, "t", 0, 1)
	s.addOffsets(a, "g")
	s.txnCommit(a, "g", -1, "t", 2, 0)
	s.txnCommit(a, "g", -1, "u", 3, 0)
	s.delete("t")
	s.gone("g", "t")
	s.settled(a, true)
	s.topic("t", 1)
	s.offsets("g", "t", 0)
	s.offsets("g", "u", 0)
	s.read("t", 0, 0)
	s.add(a, "t", 0)
	s.produce(a, "t", 0, txn(1, "begins anywhere"))
	s.delete("t")
	s.topic("t", 1)
	s.settled(a, true)
	s.read("t", 0, 0)
}

// gone waits until the group's coordinator knows that the topic is deleted.
func (s *script) gone(group, topic string) {
	s.wait(func() bool {
		req := &wire.OffsetFetch{Group: s.real(group), Partitions: []stream.TopicPartition{s.tp(topic, 0)}}
		a := s.ask(s.coordinator(s.real(group), false), req).(*wire.OffsetFetch)
		return a.Answer.Partitions[0].Code == 0 && a.Answer.Partitions[0].Offset == -1
	})
}
