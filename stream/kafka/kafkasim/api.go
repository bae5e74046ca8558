package kafkasim

import (
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

type Cluster struct {
	// UnstableOffsets answers for groups' offsets as if nobody had asked for stable
	// ones: with those before the transactions that are under way.
	UnstableOffsets bool
}

// New makes a cluster of brokers 1, 2, …, all alive, without topics.
func New(brokers int32) *Cluster { return nil }

// Brokers are the ids of those that live.
func (c *Cluster) Brokers() []int32 { return nil }

// Changes counts what has changed: as long as it stays the same, no reply that is
// held has anything new to say before its time.
func (c *Cluster) Changes() uint64 { return 0 }

// Handle carries a request out at a broker, which may be the same one several
// times. It neither changes the request nor keeps it, but for what it reads of a
// fetch that is held. nil: the broker is dead, there is no answer. The time is the
// broker's, and may be another for each.
func (c *Cluster) Handle(now time.Time, node int32, req protocol.Message) *Reply { return nil }

// A Reply is what a broker says to a request, maybe later.
type Reply struct {
	// Until is when a broker that holds a request answers at the latest. Zero: it has
	// answered.
	Until time.Time
}

// Answer has the broker look whether it can answer, and reports whether it has. Of
// a broker that has died it reports false for ever.
func (r *Reply) Answer(now time.Time) bool { return false }

// Deliver returns the answer as a client of package kafka gets it: of requests
// whose answer is in themselves, req, set. It may be called several times, with
// several copies of the request, or never.
func (r *Reply) Deliver(req protocol.Message) protocol.Message { return nil }

// Copy returns a request that stays as it is when its sender goes on: for a network
// that delivers it late, or once more.
func Copy(req protocol.Message) protocol.Message { return nil }

// Describe says in a line what a request asks, for traces.
func Describe(req protocol.Message) string { return "" }

// String says in a line what the answer is, for traces.
func (r *Reply) String() string { return "" }

// A Chore is something that the cluster does in its own time. Chores are comparable.
type Chore struct {
	Kind        ChoreKind
	Transaction string                // the transactional id
	Partition   stream.TopicPartition // Kafka's own stand for coordinators
	Node        int32
}

// A ChoreKind is what there is to do.
type ChoreKind int8

const (
	// Marker writes a marker of a transaction's end to one partition, of records or
	// of groups' offsets.
	Marker ChoreKind = iota
	// Complete notes at the coordinator that all markers are written.
	Complete
	// TimeOut aborts a transaction that has been open for too long.
	TimeOut
	// Fence notes that a broker is dead.
	Fence
	// Elect finds a leader for a partition that has none, or a dead one.
	Elect
	// Load has a new coordinator read what the one before has left.
	Load
)

func (c Chore) String() string { return "" }

// Chores are what there is to do, always in the same order. The slice is valid
// until the next call.
func (c *Cluster) Chores(now time.Time) []Chore { return nil }

// Do does one. It is no error if it is done already.
func (c *Cluster) Do(now time.Time, chore Chore) {}

// NextTimeOut is when the next transaction times out, zero if none is open.
func (c *Cluster) NextTimeOut() time.Time { return time.Time{} }

// Kill ends a broker: it answers nothing any more, what it held is lost, and what
// it was asked isn't answered. Others take over by chores.
func (c *Cluster) Kill(node int32) {}

// Restart begins it anew.
func (c *Cluster) Restart(node int32) {}

// CreateTopic makes a topic, with the broker's defaults for what settings leave
// out. Partitions are led by the brokers in turn.
func (c *Cluster) CreateTopic(name string, partitions int32, settings ...Setting) {}

// A Setting is one of a topic's, by Kafka's name.
type Setting struct{ Name, Value string }

// Recreate deletes a topic and makes one of the same name and settings, empty. The
// offsets of groups in it are gone.
func (c *Cluster) Recreate(topic string) {}

// MoveLeader makes a broker that lives a partition's leader. Kafka's own topics
// (TransactionState, ConsumerOffsets) move coordinators.
func (c *Cluster) MoveLeader(tp stream.TopicPartition, node int32) {}

// CoordinatorOf is the partition that stands for the coordinator of a transactional
// id or, with group, of a group.
func CoordinatorOf(name string, group bool) stream.TopicPartition { return stream.TopicPartition{} }

// Leader is the broker that leads a partition, -1 if there is none.
func (c *Cluster) Leader(tp stream.TopicPartition) int32 { return 0 }

// Truncate is an unclean election: batches with the last n offsets are gone as if
// they had never been, and the leader epoch is up.
func (c *Cluster) Truncate(tp stream.TopicPartition, n int64) {}

// Compact keeps the last record of each key, as far as the partition is stable,
// and drops tombstones whose time is over. Their offsets stay as holes.
func (c *Cluster) Compact(now time.Time, tp stream.TopicPartition) {}

// Records are the records of a partition in order: the committed ones up to the
// last stable offset, or all up to the high watermark but for those of
// transactions that were aborted.
func (c *Cluster) Records(tp stream.TopicPartition, committed bool) []stream.Record { return nil }

// Start, HighWatermark and LastStable are a partition's bounds.
func (c *Cluster) Start(tp stream.TopicPartition) int64         { return 0 }
func (c *Cluster) HighWatermark(tp stream.TopicPartition) int64 { return 0 }
func (c *Cluster) LastStable(tp stream.TopicPartition) int64    { return 0 }

// Offsets are what a group has committed, in the order of topics and partitions.
func (c *Cluster) Offsets(group string) []stream.Position { return nil }
