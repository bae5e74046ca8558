package fetch

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
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// fakeBrokers are brokers as a consumer sees them: they have Kafka's rules for fetch
// sessions, long polls and limits, and the faults that a test wants.
type fakeBrokers struct {
	nodes           int32
	roomForSessions bool // there is room for them
	// fault decides what goes wrong with a fetch; nil: nothing.
	fault func(node int32, f *wire.Fetch) fetchFault

	mu              sync.Mutex
	logs            map[stream.TopicPartition]*fakeLog
	sessions        map[int32]*fakeSession // by id
	lastID          int32
	changed         chan struct{} // closed when there is something new
	fetches         int           // answered
	partitionsAsked int           // partitions that were named in requests
	metadata        int           // requests
}

// A fetchFault is what goes wrong with a fetch.
type fetchFault struct {
	err      error         // the connection breaks, in the middle of the answer
	late     func()        // is then called; what was taken is written to afterwards
	code     kerr.Code     // the broker refuses the request
	throttle time.Duration // the broker wants not to be asked for so long
}

func newFakeBrokers(nodes int32) *fakeBrokers {
	return &fakeBrokers{nodes: nodes, roomForSessions: true, logs: make(map[stream.TopicPartition]*fakeLog), sessions: make(map[int32]*fakeSession)}
}

// topic creates a topic, whose partitions the nodes lead in turn.
func (l *fakeBrokers) topic(name string, partitions int32) {
	for p := range partitions {
		l.logs[linktest.At(name, p)] = &fakeLog{leader: 1 + p%l.nodes, epoch: 1}
	}
}

// change changes the brokers, and ends long polls.
func (l *fakeBrokers) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	if l.changed != nil { // else no fetch waits yet
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

// counts returns the numbers of answered fetches, of partitions in their requests, and of
// metadata requests.
func (l *fakeBrokers) counts() (fetches, asked, metadata int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fetches, l.partitionsAsked, l.metadata
}

// serve is for a linktest.Link.
func (l *fakeBrokers) serve(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error) {
	switch req := req.(type) {
	case *metadata.Request:
		return l.topicMetadata(req), nil
	case *listoffsets.Request:
		return l.listOffsets(req), nil
	case *wire.Fetch:
		return req, l.fetch(ctx, node, req)
	}
	return nil, errors.New("what?")
}

func (l *fakeBrokers) topicMetadata(req *metadata.Request) *metadata.Response {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.metadata++
	answer := &metadata.Response{ClusterID: "library"}
	for n := range l.nodes {
		answer.Brokers = append(answer.Brokers, metadata.ResponseBroker{NodeID: n + 1, Host: "localhost", Port: 9092})
	}
	for _, name := range req.TopicNames {
		t := metadata.ResponseTopic{Name: name}
		for p := int32(0); l.logs[linktest.At(name, p)] != nil; p++ {
			b := l.logs[linktest.At(name, p)]
			t.Partitions = append(t.Partitions, metadata.ResponsePartition{PartitionIndex: p, LeaderID: b.leader, LeaderEpoch: b.epoch})
		}
		if t.Partitions == nil {
			t.ErrorCode = int16(kerr.UnknownTopic)
		}
		answer.Topics = append(answer.Topics, t)
	}
	return answer
}

func (l *fakeBrokers) listOffsets(req *listoffsets.Request) *listoffsets.Response {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := &listoffsets.Response{}
	for _, t := range req.Topics {
		out := listoffsets.ResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			b := l.logs[linktest.At(t.Topic, p.Partition)]
			offset := b.stable
			if p.Timestamp == cluster.EarliestOffset {
				offset = b.start
			}
			out.Partitions = append(out.Partitions, listoffsets.ResponsePartition{Partition: p.Partition, Offset: offset})
		}
		answer.Topics = append(answer.Topics, out)
	}
	return answer
}

func (l *fakeBrokers) fetch(ctx context.Context, node int32, f *wire.Fetch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Answer.Code, f.Answer.Session, f.Answer.Throttle = 0, 0, 0
	f.Answer.Partitions = f.Answer.Partitions[:0]
	l.fetches++
	l.partitionsAsked += len(f.Partitions)
	wrong := l.injectFault(node, f)
	if wrong.code != 0 {
		return nil
	}
	s, full := l.session(node, f)
	if s == nil {
		return nil
	}
	waited, err := l.await(ctx, s, f)
	if err != nil {
		return err
	}
	if waited { // it goes wrong for those, too, who were waiting
		wrong = l.injectFault(node, f)
	}
	if wrong.err != nil {
		l.breakConnection(s, f, wrong)
		return wrong.err
	}
	if wrong.code == 0 {
		l.answer(s, f, full)
	}
	return nil
}

// injectFault asks the test for a fault, and sets the answer accordingly.
func (l *fakeBrokers) injectFault(node int32, f *wire.Fetch) fetchFault {
	var wrong fetchFault
	if l.fault != nil {
		wrong = l.fault(node, f)
	}
	f.Answer.Code, f.Answer.Throttle = int16(wrong.code), int32(wrong.throttle.Milliseconds())
	if wrong.code != 0 {
		f.Answer.Session = 0
	}
	return wrong
}

// await waits until there is something to answer, or for as long as the request allows. It
// reports whether it had to wait.
func (l *fakeBrokers) await(ctx context.Context, s *fakeSession, f *wire.Fetch) (waited bool, err error) {
	timer := time.NewTimer(time.Duration(f.MaxWait) * time.Millisecond)
	defer timer.Stop()
	for !slices.ContainsFunc(s.held, func(e *sessionEntry) bool {
		b := l.logs[e.TopicPartition]
		failed := l.check(s.node, b, e)
		return failed != 0 || b.first(e.Offset) < len(b.batches) && b.batches[b.first(e.Offset)].BaseOffset < b.stable
	}) {
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
			l.mu.Lock()
			waited = true
		case <-timer.C:
			l.mu.Lock()
			return true, nil
		case <-ctx.Done():
			l.mu.Lock()
			return true, ctx.Err()
		}
	}
	return waited, nil
}

func (l *fakeBrokers) answer(s *fakeSession, f *wire.Fetch, full bool) {
	left, first := int(f.MaxBytes), true
	var served []*sessionEntry
	for _, e := range slices.Clone(s.held) {
		b := l.logs[e.TopicPartition]
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

// breakConnection sends only the beginning of an answer, while its memory is written to
// until much later.
func (l *fakeBrokers) breakConnection(s *fakeSession, f *wire.Fetch, wrong fetchFault) {
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
