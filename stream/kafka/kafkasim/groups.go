package kafkasim

import (
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A committer is the member that commits: generation -1 and "" if it is none.
type committer struct {
	group, member, instance string
	generation              int32
	transactional           bool
}

// committing returns the slot of a group if a commit to it is allowed.
func (c *Cluster) committing(node int32, from committer) (*slot, int16) {
	s, failed := c.coordinatorFor(node, from.group, from.member)
	if failed != 0 {
		return s, failed
	}
	g := s.groupOf(from.group)
	if g == nil {
		return s, s.memberless(from)
	}
	return s, g.committing(from)
}

// memberless returns why a commit to a group that has never had members isn't allowed; 0: it
// is.
func (s *slot) memberless(from committer) int16 {
	switch {
	case from.generation < 0:
		return 0
	case s.offsets.has(from.group):
		return errcode.UnknownMember
	}
	return errcode.IllegalGeneration
}

func (g *group) committing(from committer) int16 {
	if from.generation < 0 && g.state == emptied {
		return 0
	}
	if from.generation >= 0 || from.member != "" || from.instance != "" {
		if _, failed := g.find(from.member, from.instance); failed != 0 {
			return failed
		}
		if from.generation != g.generation {
			return errcode.IllegalGeneration
		}
	} else if !from.transactional {
		return errcode.UnknownMember
	}
	if !from.transactional && g.state == completing {
		return errcode.RebalanceInProgress
	}
	return 0
}

func (c *Cluster) offsetCommit(node int32, r *offsetcommit.Request) *offsetcommit.Response {
	s, failed := c.committing(node, committer{r.GroupID, r.MemberID, r.GroupInstanceID, r.GenerationID, false})
	answer := &offsetcommit.Response{Topics: make([]offsetcommit.ResponseTopic, len(r.Topics))}
	for i := range r.Topics {
		out := offsetcommit.ResponseTopic{Name: r.Topics[i].Name}
		for _, p := range r.Topics[i].Partitions {
			tp := stream.TopicPartition{Topic: out.Name, Partition: p.PartitionIndex}
			code := failed
			if c.partition(tp) == nil {
				code = errcode.UnknownTopic
			}
			if code == 0 {
				s.offsets.set(groupPartition{r.GroupID, tp}, p.CommittedOffset, -1)
			}
			out.Partitions = append(out.Partitions, offsetcommit.ResponsePartition{PartitionIndex: p.PartitionIndex, ErrorCode: code})
		}
		answer.Topics[i] = out
	}
	c.changed()
	return answer
}

func (c *Cluster) txnOffsetCommit(node int32, r *txnoffsetcommit.Request) *txnoffsetcommit.Response {
	s, failed := c.joinTransaction(node, r)
	answer := &txnoffsetcommit.Response{Topics: make([]txnoffsetcommit.ResponseTopic, len(r.Topics))}
	for i := range r.Topics {
		out := txnoffsetcommit.ResponseTopic{Name: r.Topics[i].Name}
		for _, p := range r.Topics[i].Partitions {
			tp := stream.TopicPartition{Topic: out.Name, Partition: p.Partition}
			code := failed
			if c.partition(tp) == nil {
				code = errcode.UnknownTopic
			}
			if code == 0 {
				s.offsets.set(groupPartition{r.GroupID, tp}, p.CommittedOffset, r.ProducerID)
			}
			out.Partitions = append(out.Partitions, txnoffsetcommit.ResponsePartition{Partition: p.Partition, ErrorCode: code})
		}
		answer.Topics[i] = out
	}
	c.changed()
	return answer
}

// joinTransaction checks that the group was added to the transaction, and that the producer's
// epoch isn't older than the last one that the group knows.
func (c *Cluster) joinTransaction(node int32, r *txnoffsetcommit.Request) (*slot, int16) {
	if r.GroupID == "" {
		return nil, errcode.InvalidGroup
	}
	s, failed := c.coordinatorFor(node, r.GroupID, r.MemberID)
	if failed != 0 {
		return nil, failed
	}
	p := s.offsets.producers.Of(r.ProducerID)
	if r.ProducerEpoch < p.Epoch {
		return nil, errcode.InvalidProducerEpoch
	}
	if !p.Transacting(r.ProducerEpoch) {
		if failed := c.inTransaction(r.TransactionalID, r.ProducerID, r.ProducerEpoch, s.TopicPartition); failed != 0 {
			return nil, failed
		}
	}
	if _, failed := c.committing(node, committer{r.GroupID, r.MemberID, r.GroupInstanceID, r.GenerationID, true}); failed != 0 {
		return nil, failed
	}
	p.Epoch = r.ProducerEpoch
	if p.First < 0 {
		p.First = s.offsets.written
	}
	return s, 0
}

func (c *Cluster) offsetFetch(node int32, r *wire.OffsetFetch) *wire.OffsetFetch {
	answer := &wire.OffsetFetch{}
	s, failed := c.coordinator(node, r.Group, false)
	if answer.Answer.Code = failed; failed != 0 {
		return answer
	}
	s.behind = false
	for _, tp := range r.Partitions {
		of := groupPartition{r.Group, tp}
		out := wire.CommittedOffset{TopicPartition: tp, Offset: -1}
		if got, ok := s.offsets.committed[of]; ok {
			out.Offset = got.offset
		}
		if !c.UnstableOffsets && s.offsets.unstable(of) {
			out.Offset, out.Code = -1, errcode.UnstableOffset
		}
		answer.Answer.Partitions = append(answer.Answer.Partitions, out)
	}
	return answer
}
