package kafkasim

import (
	"time"

	"github.com/segmentio/kafka-go/protocol/createtopics"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

func compaction(s *script) {
	set := func(name, value string) createtopics.RequestConfig {
		return createtopics.RequestConfig{Name: name, Value: value}
	}
	s.topic("t", 1, set(cleanupPolicy, "compact"), set("segment.ms", "1"), set("min.cleanable.dirty.ratio", "0.01"))
	nobody := who{"", -1, -1}
	a, b := s.initialise(newcomer("a")), s.initialise(newcomer("b"))
	p, q := s.initialise(newcomer("")), s.initialise(newcomer(""))
	var at time.Time
	entries := func(sequence int32, transactional bool, keys ...string) load {
		at = at.Add(time.Second) // each batch starts a segment
		l := load{transactional: transactional, sequence: sequence, at: at, entries: make(map[string]string)}
		for i := 0; i < len(keys); i += 2 {
			l.entries[keys[i]] = keys[i+1]
		}
		return l
	}
	at = time.Now().Add(time.Minute)
	s.produce(nobody, "t", 0, entries(-1, false, "one", "1", "two", "2", "three", "3"))
	s.produce(nobody, "t", 0, entries(-1, false, "one", "11"))
	s.produce(p, "t", 0, entries(0, false, "four", "4"))
	s.produce(p, "t", 0, entries(1, false, "four", "44"))
	s.produce(q, "t", 0, entries(0, false, "four", "444", "five", "5"))
	s.produce(nobody, "t", 0, entries(-1, false, "five", "", "six", ""))
	s.add(a, "t", 0)
	s.produce(a, "t", 0, entries(0, true, "one", "111"))
	s.settled(a, true)
	s.add(b, "t", 0)
	s.produce(b, "t", 0, entries(0, true, "three", "33", "seven", "7"))
	s.settled(b, false)
	s.add(a, "t", 0)
	s.produce(a, "t", 0, entries(1, true, "two", ""))
	s.settled(a, true)
	s.produce(nobody, "t", 0, entries(-1, false, "four", "4444"))
	s.produce(nobody, "t", 0, entries(-1, false, "x", "x"))
	s.compact(s.tp("t", 0), func() bool { return s.records("t") == 10 })
	s.readAll("t")
	s.produce(nobody, "t", 0, entries(-1, false, "three", "333", "four", "44444"))
	s.produce(q, "t", 0, entries(2, false, "six", "6"))
	s.add(b, "t", 0)
	s.produce(b, "t", 0, entries(2, true, "six", ""))
	s.settled(b, true)
	s.produce(nobody, "t", 0, entries(-1, false, "y", "y"))
	s.produce(nobody, "t", 0, entries(-1, false, "z", "z"))
	s.compact(s.tp("t", 0), func() bool { return s.records("t") == 13 })
	s.readAll("t")
	s.produce(p, "t", 0, entries(1, false, "four", "44"))
	s.produce(p, "t", 0, entries(2, false, "eight", "8"))
}

// all reads a topic's first partition. A broker returns at most a segment at once.
func (s *script) all(topic string) []byte {
	var batches []byte
	for offset := int64(0); ; {
		f := s.ask(1, &wire.Fetch{MaxBytes: 1 << 20, MinBytes: 1, Epoch: -1, Partitions: []wire.FetchPartition{s.want(topic, 0, offset, 1<<20)},
			Take: func(n int) []byte { return make([]byte, n) }}).(*wire.Fetch)
		p := f.Answer.Partitions[0]
		if len(p.Records) == 0 {
			return batches
		}
		batches = append(batches, p.Records...)
		var r batch.Reader
		for r.Reset(p.Records); r.Next(); {
			offset = r.Header.Next()
		}
	}
}

// records counts the records of a topic's first partition, markers included.
func (s *script) records(topic string) int {
	var r batch.Reader
	n := 0
	for r.Reset(s.all(topic)); r.Next(); {
		n += int(r.Count)
	}
	return n
}

func (s *script) readAll(topic string) {
	s.say("read all of %s", topic)
	s.batches(s.all(topic))
}
