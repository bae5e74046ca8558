package kafka

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A library is brokers within the test, as a consumer sees them: with Kafka's
// rules for fetch sessions, long polls and limits, and faults that the test wants.
type library struct {
	nodes    int32
	sessions bool // there is room for them
	// fault says what goes wrong with a fetch; nil: nothing does.
	fault func(node int32, f *wire.Fetch) fetchFault

	mu       sync.Mutex
	books    map[stream.TopicPartition]*book
	open     map[int32]*librarySession // by id
	lastID   int32
	changed  chan struct{} // closed when there is something new
	fetches  int           // answered
	asked    int           // partitions that were named in requests
	metadata int           // requests
}

// A fetchFault is what goes wrong with a fetch.
type fetchFault struct {
	err      error         // the connection breaks, in the middle of the answer
	late     func()        // is then called; what was taken is written to afterwards
	code     code          // the broker refuses the request
	throttle time.Duration // the broker wants not to be asked for so long
}

// A book is a partition.
type book struct {
	leader  int32 // noLeader: none
	epoch   int32
	start   int64
	batches []page
	stable  int64 // the last stable offset
	aborted []abortion
	code    code // what is answered instead
	torn    int  // how many answers have a flipped bit
}

type page struct {
	batch.Header
	bytes []byte
}

type abortion struct {
	wire.Aborted
	marker int64
}

type librarySession struct {
	node  int32
	epoch int32
	held  []*sessionEntry
}

type sessionEntry struct {
	wire.FetchPartition
	told int64 // the high watermark that was answered last; -1: none
}

func newLibrary(nodes int32) *library {
	return &library{nodes: nodes, sessions: true, books: make(map[stream.TopicPartition]*book), open: make(map[int32]*librarySession)}
}

// topic makes one, whose partitions are led by the nodes in turn.
func (l *library) topic(name string, partitions int32) {
	for p := range partitions {
		l.books[at(name, p)] = &book{leader: 1 + p%l.nodes, epoch: 1}
	}
}

// change does something to the brokers, and wakes who waits.
func (l *library) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

func (b *book) end() int64 {
	if len(b.batches) == 0 {
		return b.start
	}
	return b.batches[len(b.batches)-1].Next()
}

// append adds batches with the next offsets, all of them stable.
func (b *book) append(data ...[]byte) {
	for _, d := range data {
		d = slices.Clone(d)
		batch.SetBaseOffset(d, b.end())
		var h batch.Header
		if ok, err := batch.ParseHeader(d, &h); !ok || err != nil || h.Size != len(d) {
			panic("not a batch")
		}
		b.batches = append(b.batches, page{h, d})
	}
	b.stable = b.end()
}

// serve is for a fakeLink.
func (l *library) serve(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error) {
	switch req := req.(type) {
	case *metadata.Request:
		return l.describe(req), nil
	case *listoffsets.Request:
		return l.list(req), nil
	case *wire.Fetch:
		return req, l.fetch(ctx, node, req)
	}
	return nil, errors.New("what?")
}

func (l *library) describe(req *metadata.Request) *metadata.Response {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.metadata++
	answer := &metadata.Response{ClusterID: "library"}
	for n := range l.nodes {
		answer.Brokers = append(answer.Brokers, metadata.ResponseBroker{NodeID: n + 1, Host: "localhost", Port: 9092})
	}
	for _, name := range req.TopicNames {
		t := metadata.ResponseTopic{Name: name}
		for p := int32(0); l.books[at(name, p)] != nil; p++ {
			b := l.books[at(name, p)]
			t.Partitions = append(t.Partitions, metadata.ResponsePartition{PartitionIndex: p, LeaderID: b.leader, LeaderEpoch: b.epoch})
		}
		if t.Partitions == nil {
			t.ErrorCode = int16(unknownTopic)
		}
		answer.Topics = append(answer.Topics, t)
	}
	return answer
}

func (l *library) list(req *listoffsets.Request) *listoffsets.Response {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := &listoffsets.Response{}
	for _, t := range req.Topics {
		out := listoffsets.ResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			b := l.books[at(t.Topic, p.Partition)]
			offset := b.stable
			if p.Timestamp == earliestOffset {
				offset = b.start
			}
			out.Partitions = append(out.Partitions, listoffsets.ResponsePartition{Partition: p.Partition, Offset: offset})
		}
		answer.Topics = append(answer.Topics, out)
	}
	return answer
}

func (l *library) fetch(ctx context.Context, node int32, f *wire.Fetch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Answer.Code, f.Answer.Session, f.Answer.Throttle = 0, 0, 0
	f.Answer.Partitions = f.Answer.Partitions[:0]
	l.fetches++
	l.asked += len(f.Partitions)
	var wrong fetchFault
	if l.fault != nil {
		wrong = l.fault(node, f)
	}
	f.Answer.Throttle = int32(wrong.throttle.Milliseconds())
	if wrong.code != 0 {
		f.Answer.Code = int16(wrong.code)
		return nil
	}
	s, full := l.session(node, f)
	if s == nil {
		return nil
	}
	if err := l.await(ctx, s, f); err != nil {
		return err
	}
	if wrong.err != nil {
		l.breakOff(s, f, wrong)
		return wrong.err
	}
	l.answer(s, f, full)
	return nil
}

// session finds the one that is meant, or none, with the error answered.
func (l *library) session(node int32, f *wire.Fetch) (s *librarySession, full bool) {
	if f.Epoch <= 0 {
		delete(l.open, f.Session)
		s = &librarySession{node: node, epoch: 1}
		if f.Epoch == 0 && l.sessions {
			l.lastID++
			f.Answer.Session = l.lastID
			l.open[l.lastID] = s
		}
		s.update(f)
		return s, true
	}
	s = l.open[f.Session]
	switch {
	case s == nil || s.node != node:
		f.Answer.Code = int16(fetchSessionUnknown)
		return nil, false
	case s.epoch != f.Epoch:
		f.Answer.Code = int16(fetchSessionEpoch)
		return nil, false
	}
	s.epoch++
	f.Answer.Session = f.Session
	s.update(f)
	return s, false
}

func (s *librarySession) update(f *wire.Fetch) {
	for _, p := range f.Partitions {
		i := slices.IndexFunc(s.held, func(e *sessionEntry) bool { return e.TopicPartition == p.TopicPartition })
		if i < 0 {
			s.held = append(s.held, &sessionEntry{told: -1})
			i = len(s.held) - 1
		}
		s.held[i].FetchPartition = p
	}
	s.held = slices.DeleteFunc(s.held, func(e *sessionEntry) bool { return slices.Contains(f.Forgotten, e.TopicPartition) })
}

// await waits until there is something to answer, or for as long as it may.
func (l *library) await(ctx context.Context, s *librarySession, f *wire.Fetch) error {
	timer := time.NewTimer(time.Duration(f.MaxWait) * time.Millisecond)
	defer timer.Stop()
	for !slices.ContainsFunc(s.held, func(e *sessionEntry) bool {
		b := l.books[e.TopicPartition]
		failed := l.check(s.node, b, e)
		return failed != 0 || b.first(e.Offset) < len(b.batches) && b.batches[b.first(e.Offset)].BaseOffset < b.stable
	}) {
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
			l.mu.Lock()
			continue
		case <-timer.C:
			l.mu.Lock()
			return nil
		case <-ctx.Done():
			l.mu.Lock()
			return ctx.Err()
		}
	}
	return nil
}

func (l *library) check(node int32, b *book, e *sessionEntry) code {
	switch {
	case b == nil:
		return unknownTopic
	case b.code != 0:
		return b.code
	case b.leader != node:
		return notLeader
	case e.LeaderEpoch < b.epoch:
		return fencedLeaderEpoch
	case e.LeaderEpoch > b.epoch:
		return unknownLeaderEpoch
	case e.Offset < b.start || e.Offset > b.end():
		return offsetOutOfRange
	}
	return 0
}

// first is the place of the batch with an offset, or the next one.
func (b *book) first(offset int64) int {
	i, _ := slices.BinarySearchFunc(b.batches, offset, func(p page, o int64) int {
		if p.Next() <= o {
			return -1
		}
		return 1
	})
	return i
}

func (l *library) answer(s *librarySession, f *wire.Fetch, full bool) {
	left, first := int(f.MaxBytes), true
	var served []*sessionEntry
	for _, e := range slices.Clone(s.held) {
		b := l.books[e.TopicPartition]
		out := wire.FetchedPartition{TopicPartition: e.TopicPartition, Code: int16(l.check(s.node, b, e)), StableEnd: -1, FetchedEnd: -1}
		if out.Code != 0 {
			e.told = -1
		} else {
			out.StableEnd, out.FetchedEnd, out.Start = b.stable, b.end(), b.start
			if records := b.records(e, left, first); len(records) > 0 {
				out.Records = f.Take(len(records))[:len(records)]
				copy(out.Records, records)
				out.Aborted = b.abortedFrom(e.Offset)
				left, first = left-len(records), false
				served = append(served, e)
			}
		}
		if full || out.Code != 0 || out.Records != nil || e.told != out.FetchedEnd {
			f.Answer.Partitions = append(f.Answer.Partitions, out)
			if out.Code == 0 {
				e.told = out.FetchedEnd
			}
		}
	}
	for _, e := range served { // the others come first next time
		i := slices.Index(s.held, e)
		s.held = append(slices.Delete(s.held, i, i+1), e)
	}
}

// records are what is answered of a partition: never a part of its first batch.
func (b *book) records(e *sessionEntry, left int, first bool) []byte {
	all := b.batches[b.first(e.Offset):]
	if len(all) == 0 || all[0].BaseOffset >= b.stable {
		return nil
	}
	size := min(left, int(e.MaxBytes))
	if n := len(all[0].bytes); n > size {
		if !first {
			return nil
		}
		size = n
	}
	var out []byte
	for _, p := range all {
		if p.BaseOffset >= b.stable || len(out) >= size {
			break
		}
		out = append(out, p.bytes...)
	}
	out = out[:min(len(out), size)]
	if b.torn > 0 {
		b.torn--
		out[len(out)/2] ^= 1
	}
	return out
}

func (b *book) abortedFrom(offset int64) []wire.Aborted {
	var list []wire.Aborted
	for _, a := range b.aborted {
		if a.marker >= offset {
			list = append(list, a.Aborted)
		}
	}
	return list
}

// breakOff is an answer of which only the beginning comes, while its memory is
// written to until much later.
func (l *library) breakOff(s *librarySession, f *wire.Fetch, wrong fetchFault) {
	for _, e := range s.held[:len(s.held)/2] {
		b := f.Take(int(e.MaxBytes))
		go func() {
			if wrong.late != nil {
				wrong.late()
			}
			for i := range b {
				b[i] = 0xEE
			}
			clear(f.Take(100))
		}()
	}
}
