package kafkasim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Random requests, with crashes and chores in between, must lead to consistent logs, and to
// the same ones each time.
func TestCluster_ConsistentAfterRandomRequests(t *testing.T) {
	records, synced, kinds := 0, 0, make(map[ChoreKind]int)
	for seed := range uint64(300) {
		var traces [2]string
		for i := range traces {
			r := newRandom(t, seed)
			for range 400 {
				r.move()
				r.arrive()
				r.check()
			}
			r.end()
			traces[i] = r.trace.String()
			for _, values := range r.seen {
				records += len(values)
			}
			synced += r.synced
			for kind, n := range r.kinds {
				kinds[kind] += n
			}
		}
		if traces[0] != traces[1] {
			t.Fatalf("two runs of seed %d differ:\n%s\nand\n%s", seed, traces[0], traces[1])
		}
	}
	for kind := Marker; kind <= Proceed; kind++ {
		if kinds[kind] < 300 {
			t.Errorf("chore %d was done only %d times", kind, kinds[kind])
		}
	}
	if records < 300 || synced < 300 {
		t.Errorf("only %d committed records, and %d assignments", records, synced)
	}
}

// random is a cluster that gets random requests.
type random struct {
	*testing.T
	seed    uint64
	dice    *rand.Rand
	c       *Cluster
	now     time.Time
	tps     []stream.TopicPartition
	known   []who              // all producers so far
	next    map[string]int32   // the next number of each of them, by partition
	sent    []protocol.Message // that may be repeated
	stable  map[stream.TopicPartition]int64
	seen    map[stream.TopicPartition][]string // committed values
	kinds   map[ChoreKind]int                  // chores done
	counter int
	trace   strings.Builder
	randomMembers
}

func newRandom(t *testing.T, seed uint64) *random {
	r := &random{randomMembers: newRandomMembers(), T: t, seed: seed, dice: rand.New(rand.NewPCG(seed, 0)), kinds: make(map[ChoreKind]int), c: New(2), now: time.UnixMilli(1_700_000_000_000), next: make(map[string]int32)}
	r.stable, r.seen = make(map[stream.TopicPartition]int64), make(map[stream.TopicPartition][]string)
	r.c.CreateTopic("t", 2)
	r.tps = r.c.Partitions()
	return r
}

// move takes a random step. Most requests are valid: their sender has the newest epoch.
func (r *random) move() {
	pick := r.dice.IntN
	what, id := pick(22), []string{"a", "b"}[pick(2)]
	tp := r.tps[pick(2)]
	w := newcomer(id)
	if len(r.known) > 0 {
		w = r.known[max(len(r.known)-1-pick(8)/2, 0)]
	}
	switch what {
	case 0:
		if pick(3) > 0 {
			return
		}
		r.ask(1+int32(pick(2)), &initproducerid.Request{TransactionalID: id, TransactionTimeoutMs: 2500, ProducerID: -1, ProducerEpoch: -1})
	case 1:
		r.ask(1+int32(pick(2)), &initproducerid.Request{TransactionalID: w.id, TransactionTimeoutMs: 2500, ProducerID: w.pid, ProducerEpoch: w.epoch})
	case 2, 3:
		r.ask(r.c.Leader(CoordinatorOf(w.id, true)), &addpartitionstotxn.Request{TransactionalID: w.id, ProducerID: w.pid, ProducerEpoch: w.epoch,
			Topics: []addpartitionstotxn.RequestTopic{{Name: "t", Partitions: []int32{tp.Partition}}}})
	case 4, 5:
		if w.pid >= 0 { // batches without a producer may be duplicated
			r.produce(w, tp)
		}
	case 6:
		r.ask(r.c.Leader(CoordinatorOf(w.id, true)), &addoffsetstotxn.Request{TransactionalID: w.id, ProducerID: w.pid, ProducerEpoch: w.epoch, GroupID: "g"})
		r.ask(r.c.Leader(CoordinatorOf("g", false)), &txnoffsetcommit.Request{TransactionalID: w.id, ProducerID: w.pid, ProducerEpoch: w.epoch,
			GroupID: "g", GenerationID: -1, Topics: []txnoffsetcommit.RequestTopic{{Name: "t", Partitions: []txnoffsetcommit.RequestPartition{{CommittedOffset: int64(r.counter)}}}}})
	case 7, 8:
		r.ask(r.c.Leader(CoordinatorOf(w.id, true)), &endtxn.Request{TransactionalID: w.id, ProducerID: w.pid, ProducerEpoch: w.epoch, Committed: pick(3) > 0})
	case 9, 10, 14, 15:
		if chores := r.c.Chores(r.now); len(chores) > 0 {
			chore := chores[pick(len(chores))]
			fmt.Fprintln(&r.trace, chore)
			r.c.Do(r.now, chore)
			r.kinds[chore.Kind]++
		}
	case 11:
		if len(r.sent) > 0 {
			r.ask(1+int32(pick(2)), r.sent[pick(len(r.sent))])
		}
	case 12:
		r.now = r.now.Add(time.Duration(pick(2500)) * time.Millisecond)
	case 16, 17, 18, 19, 20, 21:
		r.member()
	case 13:
		if node := 1 + int32(pick(2)); pick(5) == 0 {
			r.c.Kill(node)
		} else if !r.c.Alive(node) {
			r.c.Restart(node)
		}
	}
}

func (r *random) ask(node int32, req protocol.Message) (answer protocol.Message) {
	r.asks(node, req, func(a protocol.Message) { answer = a })
	if a, ok := answer.(*initproducerid.Response); ok && a.ErrorCode == 0 {
		r.known = append(r.known, who{req.(*initproducerid.Request).TransactionalID, a.ProducerID, a.ProducerEpoch})
	}
	return answer
}

// asks sends a request, and calls learns with its answer, now or later.
func (r *random) asks(node int32, req protocol.Message, learns func(protocol.Message)) {
	reply := r.c.Handle(r.now, node, req)
	if reply == nil {
		return
	}
	fmt.Fprintln(&r.trace, node, Describe(req), reply)
	r.sent = append(r.sent, req)
	if w := (waiting{reply, req, learns}); !w.answered(r.now) {
		r.waiting = append(r.waiting, w)
	}
}

func (r *random) produce(w who, tp stream.TopicPartition) {
	r.counter++
	l := load{transactional: true, key: "k", at: r.now, sequence: r.next[fmt.Sprint(w, tp)], values: []string{fmt.Sprint(r.counter)}}
	req := &wire.Produce{Transaction: w.id, Partitions: []wire.ProducePartition{{TopicPartition: tp, Batch: l.batch(w, tp.Partition)}}}
	if a, ok := r.ask(r.c.Leader(tp), req).(*wire.Produce); ok && a.Answer.Partitions[0].Code == 0 {
		r.next[fmt.Sprint(w, tp)]++
	}
}

// check checks the invariants of the logs.
func (r *random) check() {
	r.checkGroup()
	for _, tp := range r.tps {
		stable, end := r.c.LastStable(tp), r.c.HighWatermark(tp)
		if stable < r.stable[tp] || stable > end {
			r.Fatalf("seed %d: %s is stable until %d of %d, it was until %d", r.seed, tp, stable, end, r.stable[tp])
		}
		r.stable[tp] = stable
		var values []string
		for _, rec := range r.c.Records(tp, true) {
			values = append(values, string(rec.Value))
		}
		if before := r.seen[tp]; len(values) < len(before) || !slices.Equal(values[:len(before)], before) {
			r.Fatalf("seed %d: %s has %v, it had %v", r.seed, tp, values, before)
		}
		r.seen[tp] = values
		if sorted := slices.Sorted(slices.Values(values)); len(slices.Compact(sorted)) != len(values) {
			r.Fatalf("seed %d: %s has %v", r.seed, tp, values)
		}
		if got := r.read(tp); !slices.Equal(got, values) {
			r.Fatalf("seed %d: %s has %v, and its readers see %v", r.seed, tp, values, got)
		}
	}
}

// read returns the committed values, as a client finds them in a fetch.
func (r *random) read(tp stream.TopicPartition) []string {
	if !r.c.Alive(r.c.Leader(tp)) {
		return r.seen[tp]
	}
	f := fetching(tp, 0, 0)
	r.c.Handle(r.now, r.c.Leader(tp), f).Deliver(f)
	p := f.Answer.Partitions[0]
	slices.SortStableFunc(p.Aborted, func(a, b wire.Aborted) int { return int(a.FirstOffset - b.FirstOffset) })
	var values []string
	skip := make(map[int64]bool)
	var b batch.Reader
	for b.Reset(p.Records); b.Next(); {
		for len(p.Aborted) > 0 && p.Aborted[0].FirstOffset < b.Header.Next() {
			skip[p.Aborted[0].Producer] = true
			p.Aborted = p.Aborted[1:]
		}
		var rec stream.Record
		for b.Record(&rec) {
			if b.Attributes&batch.Control != 0 {
				if binary.BigEndian.Uint16(rec.Key[2:]) == 0 {
					delete(skip, b.ProducerID)
				}
			} else if !skip[b.ProducerID] {
				values = append(values, string(rec.Value))
			}
		}
	}
	return values
}

// end does all chores, and checks that no transaction is left open.
func (r *random) end() {
	r.c.Restart(1)
	r.c.Restart(2)
	for range 2 {
		for chores := r.c.Chores(r.now); len(chores) > 0; chores = r.c.Chores(r.now) {
			r.c.Do(r.now, chores[0])
		}
		r.now = r.now.Add(time.Hour) // open transactions time out
	}
	r.check()
	r.endGroup()
	for _, tp := range r.tps {
		if r.c.LastStable(tp) != r.c.HighWatermark(tp) {
			r.Errorf("seed %d: %s is stable until %d of %d", r.seed, tp, r.c.LastStable(tp), r.c.HighWatermark(tp))
		}
	}
	fmt.Fprintln(&r.trace, r.c.Offsets("g"), r.seen)
}
