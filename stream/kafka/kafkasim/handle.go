package kafkasim

import (
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/createpartitions"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/deletetopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A Message is a request or an answer, as package kafka's links carry it.
type Message = protocol.Message

// A Reply is a broker's answer, possibly a later one.
type Reply struct {
	// Until is when a broker that holds a request answers at the latest. Zero: it has
	// answered.
	Until time.Time

	answer protocol.Message // but of a fetch
	fetch  *heldFetch       // of a fetch
	held   *held            // of a member's request
}

// Handle carries out a request at a broker; the same request may come several times.
// Handle neither changes nor keeps the request. It returns nil if the broker is dead. The
// time is that of the broker, and may differ between brokers. Handle panics if package
// kafka makes no such request.
func (c *Cluster) Handle(now time.Time, node int32, req Message) *Reply {
	if !c.Alive(node) {
		return nil
	}
	var answer protocol.Message
	switch r := req.(type) {
	case *wire.Produce:
		answer = c.produce(now, node, r)
	case *wire.Fetch:
		return c.fetch(now, node, r)
	case *wire.JoinGroup:
		return c.joinGroup(now, node, r)
	case *wire.SyncGroup:
		return c.syncGroup(now, node, r)
	case *metadata.Request:
		answer = c.metadata(r)
	case *wire.Metadata:
		answer = c.topicIDs(r)
	case *apiversions.Request:
		answer = versions()
	case *findcoordinator.Request:
		answer = c.findCoordinator(r)
	case *listoffsets.Request:
		answer = c.listOffsets(node, r)
	case *wire.DeleteRecords:
		answer = c.deleteRecords(node, r)
	case *createtopics.Request:
		answer = c.createTopics(r)
	case *createpartitions.Request:
		answer = c.createPartitions(r)
	case *deletetopics.Request:
		answer = c.deleteTopics(r)
	case *describeconfigs.Request:
		answer = c.describeConfigs(r)
	default:
		answer = c.coordinate(now, node, req)
	}
	return &Reply{answer: answer}
}

// coordinate handles requests to coordinators.
func (c *Cluster) coordinate(now time.Time, node int32, req protocol.Message) protocol.Message {
	switch r := req.(type) {
	case *initproducerid.Request:
		return c.initProducerID(node, r)
	case *addpartitionstotxn.Request:
		return c.addPartitions(now, node, r)
	case *addoffsetstotxn.Request:
		return c.addOffsets(now, node, r)
	case *txnoffsetcommit.Request:
		return c.txnOffsetCommit(node, r)
	case *endtxn.Request:
		return c.endTransaction(node, r)
	case *offsetcommit.Request:
		return c.offsetCommit(node, r)
	case *wire.OffsetFetch:
		return c.offsetFetch(node, r)
	case *wire.Heartbeat:
		return c.heartbeat(now, node, r)
	case *wire.LeaveGroup:
		return c.leaveGroup(now, node, r)
	case *wire.DescribeGroup:
		return c.describeGroup(node, r)
	}
	panic(fmt.Sprintf("kafkasim: an unknown request: %T", req))
}

// Answer makes the broker answer if it can, and reports whether it has. For a broker that
// has died it returns false forever.
func (r *Reply) Answer(now time.Time) bool {
	if r.held != nil && r.held.answered() {
		r.answer, r.Until = r.held.answer, time.Time{}
	}
	if r.fetch != nil && !r.Until.IsZero() && r.fetch.answer(!now.Before(r.Until)) {
		r.Until = time.Time{}
	}
	return r.Until.IsZero()
}

// Deliver returns the answer as a client of package kafka gets it. Requests that carry
// their answer are returned, as req, with it set. Deliver may be called several times,
// with several copies of the request, or never. It panics if the broker hasn't answered.
func (r *Reply) Deliver(req Message) Message {
	if !r.Until.IsZero() {
		panic("kafkasim: the broker hasn't answered")
	}
	switch q := req.(type) {
	case *wire.Fetch:
		r.fetch.deliver(q)
		return q
	case *wire.Produce:
		q.Answer.Throttle = 0
		q.Answer.Partitions = append(q.Answer.Partitions[:0], r.answer.(*wire.Produce).Answer.Partitions...)
		return q
	case *wire.JoinGroup:
		q.Answer = r.answer.(*wire.JoinGroup).Answer
		q.Answer.Members = slices.Clone(q.Answer.Members)
		return q
	case *wire.SyncGroup:
		q.Answer = r.answer.(*wire.SyncGroup).Answer
		return q
	case *wire.Heartbeat:
		q.Code = r.answer.(*wire.Heartbeat).Code
		return q
	case *wire.LeaveGroup:
		q.Code = r.answer.(*wire.LeaveGroup).Code
		return q
	case *wire.DescribeGroup:
		q.Answer = r.answer.(*wire.DescribeGroup).Answer
		q.Answer.Members = slices.Clone(q.Answer.Members)
		return q
	case *wire.OffsetFetch:
		q.Answer = r.answer.(*wire.OffsetFetch).Answer
		q.Answer.Partitions = slices.Clone(q.Answer.Partitions)
		return q
	case *wire.DeleteRecords:
		q.Answer = slices.Clone(r.answer.(*wire.DeleteRecords).Answer)
		return q
	case *wire.Metadata:
		q.Answer = slices.Clone(r.answer.(*wire.Metadata).Answer)
		return q
	}
	return r.answer
}

// Copy returns a request that stays unchanged when its sender goes on, for a network that
// delays or repeats it.
func Copy(req Message) Message {
	switch r := req.(type) {
	case *wire.Produce:
		p := &wire.Produce{Transaction: r.Transaction, Timeout: r.Timeout, Partitions: slices.Clone(r.Partitions)}
		for i := range p.Partitions {
			p.Partitions[i].Batch = slices.Clone(p.Partitions[i].Batch)
		}
		return p
	case *wire.Fetch:
		f := &wire.Fetch{MaxWait: r.MaxWait, MinBytes: r.MinBytes, MaxBytes: r.MaxBytes, Session: r.Session, Epoch: r.Epoch}
		f.Partitions, f.Forgotten = slices.Clone(r.Partitions), slices.Clone(r.Forgotten)
		f.Take = func(n int) []byte { return make([]byte, n) }
		return f
	case *wire.OffsetFetch:
		return &wire.OffsetFetch{Group: r.Group, Partitions: slices.Clone(r.Partitions)}
	case *wire.DeleteRecords:
		return &wire.DeleteRecords{Before: slices.Clone(r.Before), Timeout: r.Timeout}
	case *wire.Metadata:
		return &wire.Metadata{Topics: slices.Clone(r.Topics)}
	case *wire.JoinGroup:
		j := *r
		j.Answer = wire.JoinGroupAnswer{}
		return &j
	case *wire.SyncGroup:
		return &wire.SyncGroup{Group: r.Group, Generation: r.Generation, Member: r.Member, Instance: r.Instance, Assignments: r.Assignments}
	case *wire.Heartbeat:
		return &wire.Heartbeat{Group: r.Group, Generation: r.Generation, Member: r.Member, Instance: r.Instance}
	case *wire.LeaveGroup:
		return &wire.LeaveGroup{Group: r.Group, Member: r.Member, Instance: r.Instance}
	case *wire.DescribeGroup:
		return &wire.DescribeGroup{Group: r.Group}
	}
	return req // package kafka makes a new one each time
}
