package kafkasim

import (
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Describe summarises a request in a line, for traces.
func Describe(req Message) string {
	switch r := req.(type) {
	case *wire.Produce:
		return "Produce" + describeBatches(r)
	case *wire.Fetch:
		var b strings.Builder
		for i := range r.Partitions {
			fmt.Fprintf(&b, " %s@%d", r.Partitions[i].TopicPartition, r.Partitions[i].Offset)
		}
		return fmt.Sprintf("Fetch in session %d.%d%s less %v for %d ms", r.Session, r.Epoch, b.String(), r.Forgotten, r.MaxWait)
	case *wire.OffsetFetch:
		return fmt.Sprintf("OffsetFetch %s %v", r.Group, r.Partitions)
	case *wire.DeleteRecords:
		return fmt.Sprintf("DeleteRecords %v", r.Before)
	case *wire.Metadata:
		return fmt.Sprintf("Metadata: the ids of %v", r.Topics)
	case *initproducerid.Request:
		return fmt.Sprintf("InitProducerId %s %d.%d", r.TransactionalID, r.ProducerID, r.ProducerEpoch)
	case *addpartitionstotxn.Request:
		return fmt.Sprintf("AddPartitionsToTxn %s %d.%d %v", r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.Topics)
	case *addoffsetstotxn.Request:
		return fmt.Sprintf("AddOffsetsToTxn %s %d.%d %s", r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.GroupID)
	case *txnoffsetcommit.Request:
		return fmt.Sprintf("TxnOffsetCommit %s %d.%d %s %v", r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.GroupID, r.Topics)
	case *offsetcommit.Request:
		return fmt.Sprintf("OffsetCommit %s %v", r.GroupID, r.Topics)
	case *endtxn.Request:
		return fmt.Sprintf("EndTxn %s %d.%d commit=%t", r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.Committed)
	case *metadata.Request:
		return fmt.Sprintf("Metadata %v", r.TopicNames)
	case *findcoordinator.Request:
		return "FindCoordinator " + r.Key
	case *listoffsets.Request:
		return fmt.Sprintf("ListOffsets %v", r.Topics)
	}
	return describeMember(req)
}

func describeMember(req Message) string {
	switch r := req.(type) {
	case *wire.JoinGroup:
		return fmt.Sprintf("JoinGroup %s %q %q", r.Group, r.Instance, r.Member)
	case *wire.SyncGroup:
		return fmt.Sprintf("SyncGroup %s %q %q of generation %d with %d assignments", r.Group, r.Instance, r.Member, r.Generation, len(r.Assignments))
	case *wire.Heartbeat:
		return fmt.Sprintf("Heartbeat %s %q %q of generation %d", r.Group, r.Instance, r.Member, r.Generation)
	case *wire.LeaveGroup:
		return fmt.Sprintf("LeaveGroup %s %q %q", r.Group, r.Instance, r.Member)
	case *wire.DescribeGroup:
		return "DescribeGroup " + r.Group
	}
	return fmt.Sprint(req.ApiKey())
}

func describeBatches(r *wire.Produce) string {
	var b strings.Builder
	for i := range r.Partitions {
		var h batch.Header
		if ok, err := batch.ParseHeader(r.Partitions[i].Batch[wire.BatchRoom:], &h); ok && err == nil {
			fmt.Fprintf(&b, " %s %d.%d #%d+%d", r.Partitions[i].TopicPartition, h.ProducerID, h.ProducerEpoch, h.Sequence, h.Count)
		}
	}
	return b.String()
}

// String summarises the answer in a line, for traces.
func (r *Reply) String() string {
	if !r.Until.IsZero() {
		return "held"
	}
	if r.fetch != nil {
		return r.fetch.describe()
	}
	switch a := r.answer.(type) {
	case *wire.Produce:
		var b strings.Builder
		for _, p := range a.Answer.Partitions {
			fmt.Fprintf(&b, "%s code %d at %d ", p.TopicPartition, p.Code, p.BaseOffset)
		}
		return b.String()
	case *wire.OffsetFetch:
		return fmt.Sprintf("%+v", a.Answer)
	case *wire.DeleteRecords:
		return fmt.Sprintf("%+v", a.Answer)
	case *wire.JoinGroup:
		return fmt.Sprintf("code %d: %s in generation %d, led by %s", a.Answer.Code, a.Answer.Member, a.Answer.Generation, a.Answer.Leader)
	case *wire.SyncGroup:
		return fmt.Sprintf("code %d: %d bytes", a.Answer.Code, len(a.Answer.Assignment))
	case *wire.Heartbeat:
		return fmt.Sprintf("code %d", a.Code)
	case *wire.LeaveGroup:
		return fmt.Sprintf("code %d", a.Code)
	case *wire.DescribeGroup:
		return fmt.Sprintf("code %d: %s with %d members", a.Answer.Code, a.Answer.State, len(a.Answer.Members))
	case *wire.Metadata:
		return fmt.Sprintf("%+v", a.Answer)
	}
	return fmt.Sprintf("%+v", r.answer)
}

func (h *heldFetch) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "session %d code %d", h.told, h.code)
	for i := range h.fetched {
		p := &h.fetched[i]
		fmt.Fprintf(&b, " %s code %d %d bytes stable %d end %d", p.TopicPartition, p.Code, p.size, p.StableEnd, p.FetchedEnd)
	}
	return b.String()
}

// Joins reports whether a request joins a group.
func Joins(req Message) bool {
	_, ok := req.(*wire.JoinGroup)
	return ok
}

// Ends reports whether a request ends a transaction.
func Ends(req Message) bool {
	_, ok := req.(*endtxn.Request)
	return ok
}
