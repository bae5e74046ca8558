package kafkasim

import (
	"strings"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

func (s *script) want(topic string, partition int32, offset int64, most int32) wire.FetchPartition {
	return wire.FetchPartition{TopicPartition: s.tp(topic, partition), Offset: offset, LeaderEpoch: -1, MaxBytes: most}
}

func fetchSessions(s *script) {
	s.topic("t", 4)
	nobody := who{"", -1, -1}
	s.produce(nobody, "t", 0, plain(-1, "a"))
	s.produce(nobody, "t", 1, plain(-1, "b"))
	session := int32(0)
	fetch := func(what string, epoch int32, forgotten []stream.TopicPartition, wants ...wire.FetchPartition) {
		s.say("%s", what)
		f := s.fetch(&wire.Fetch{MaxBytes: 1 << 20, MinBytes: 1, MaxWait: 1, Session: session, Epoch: epoch, Partitions: wants, Forgotten: forgotten})
		s.say("  in a session: %t, the same: %t", f.Answer.Session != 0, f.Answer.Session == session)
		if epoch == 0 {
			session = f.Answer.Session
		}
	}
	fetch("begin", 0, nil, s.want("t", 0, 0, 1000), s.want("t", 1, 0, 1000), s.want("t", 2, 0, 1000), s.want("none", 0, 0, 1000))
	fetch("go on", 1, nil, s.want("t", 0, 1, 1000))
	fetch("once more", 2, nil, s.want("t", 1, 1, 1000))
	fetch("forget what isn't there", 3, []stream.TopicPartition{s.tp("none", 0)})
	s.produce(nobody, "t", 2, plain(-1, "c"))
	fetch("something new", 4, nil)
	fetch("and add one", 5, nil, s.want("t", 2, 1, 1000), s.want("t", 3, 0, 1000))
	fetch("an old epoch", 5, nil)
	fetch("a later epoch", 7, nil)
	fetch("the next", 6, nil)
	s.deleteRecords("t", 0, 1)
	fetch("a start that moves", 7, nil)
	fetch("an offset outside", 8, nil, s.want("t", 0, 5, 1000))
	fetch("and inside again", 9, nil, s.want("t", 0, 1, 1000))
	a := s.initialise(newcomer("a"))
	s.add(a, "t", 3)
	s.produce(a, "t", 3, txn(0, "d"))
	fetch("not stable yet", 10, nil)
	s.settled(a, true)
	fetch("stable", 11, nil)
	fetch("forget all", 12, []stream.TopicPartition{s.tp("t", 0), s.tp("t", 1), s.tp("t", 2), s.tp("t", 3)})
	fetch("it is gone", 13, nil)
	fetch("begin in its place", 0, nil, s.want("t", 0, 1, 1000))
	fetch("end it", -1, nil)
	fetch("it is ended", 1, nil)
}

func fetchLimits(s *script) {
	s.topic("t", 3)
	nobody := who{"", -1, -1}
	for range 3 {
		for p := range int32(3) {
			s.produce(nobody, "t", p, plain(-1, strings.Repeat("x", 200)))
		}
	}
	fetch := func(what string, most int32, wants ...wire.FetchPartition) {
		s.say("%s", what)
		f := s.fetch(&wire.Fetch{MaxBytes: most, MinBytes: 1, Epoch: -1, Partitions: wants})
		for _, p := range f.Answer.Partitions {
			s.say("  %d: %d bytes", p.Partition, len(p.Records))
		}
	}
	all := func(most int32) []wire.FetchPartition {
		return []wire.FetchPartition{s.want("t", 1, 0, most), s.want("t", 0, 0, most), s.want("t", 2, 3, most)}
	}
	fetch("everything", 1<<20, all(1<<20)...)
	fetch("a little of each partition", 1<<20, all(10)...)
	fetch("a batch and a half", 1<<20, all(400)...)
	fetch("little altogether", 10, all(1<<20)...)
	fetch("a batch and a half altogether", 400, all(1<<20)...)
	fetch("four batches altogether", 1300, all(1<<20)...)
	fetch("at the end first", 10, s.want("t", 2, 3, 1000), s.want("t", 0, 1, 1000))
	fetch("nothing", 0, all(0)...)
}

func fetchEpochs(s *script) {
	s.topic("t", 1)
	s.produce(who{"", -1, -1}, "t", 0, plain(-1, "a"))
	for _, epoch := range []int32{-1, 0, 1} {
		w := s.want("t", 0, 0, 1000)
		w.LeaderEpoch = epoch
		s.say("epoch %d", epoch)
		s.fetch(&wire.Fetch{MaxBytes: 1000, MinBytes: 1, MaxWait: 1, Epoch: -1, Partitions: []wire.FetchPartition{w}})
	}
	s.read("t", 0, 1)
	s.read("t", 0, 2)
	s.read("t", 0, -1)
	s.read("t", 1, 0)
	s.read("none", 0, 0)
}

func stableEnds(s *script) {
	s.topic("t", 1)
	a, b, c := s.initialise(newcomer("a")), s.initialise(newcomer("b")), s.initialise(newcomer("c"))
	for _, w := range []who{a, b, c} {
		s.add(w, "t", 0)
	}
	s.produce(a, "t", 0, txn(0, "a"))
	s.produce(b, "t", 0, txn(0, "b"))
	s.produce(c, "t", 0, txn(0, "c"))
	s.produce(b, "t", 0, txn(1, "b"))
	s.settled(b, false)
	s.read("t", 0, 0)
	s.add(b, "t", 0)
	s.produce(b, "t", 0, txn(2, "b"))
	s.settled(c, false)
	s.read("t", 0, 0)
	s.settled(a, true)
	s.read("t", 0, 0)
	s.read("t", 0, 2)
	s.read("t", 0, 5)
	s.read("t", 0, 6)
	s.settled(b, false)
	s.add(c, "t", 0)
	s.produce(c, "t", 0, txn(1, "c"))
	for offset := range int64(12) {
		s.read("t", 0, offset)
	}
}
