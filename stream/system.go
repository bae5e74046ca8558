package stream

import (
	"context"
	"time"
)

// A System is one streaming layer: a Kafka cluster, the embedded log, or a log
// in memory. It is safe for concurrent use. The consumers and producers that it
// opens are not.
type System interface {
	// Name names the system in messages: "kafka", "embedded log".
	Name() string
	// ID identifies this log. A log that was deleted and recreated gets another ID,
	// so that state written for one log is never used with another.
	ID() string
	OpenConsumer(ctx context.Context, cfg ConsumerConfig) (Consumer, error)
	OpenProducer(ctx context.Context, cfg ProducerConfig) (Producer, error)
	Admin() Admin
	// Close releases the system. Close its consumers and producers first.
	Close() error
}

// ConsumerConfig configures a consumer.
type ConsumerConfig struct {
	// MaxBytes bounds the memory of all chunks that a consumer has prepared or
	// handed out. 0 means 16 MiB. A single larger record still gets through.
	MaxBytes int64
}

// A Consumer reads committed records of the partitions assigned to it. It has no
// group and commits nothing. It belongs to one goroutine, except for Ready's
// channel.
type Consumer interface {
	// Assign starts reading a partition at offset. If the partition is already
	// assigned, Assign moves it there and releases its chunk. A negative offset is
	// an error. An offset outside the log is reported by Poll, as an
	// *OffsetOutOfRangeError.
	Assign(tp TopicPartition, offset int64) error
	// Unassign stops reading a partition and releases its chunk. It does nothing
	// if the partition isn't assigned.
	Unassign(tp TopicPartition)
	// Poll returns the chunks that are available, without blocking: at most one of
	// each partition, and none of a partition whose last chunk isn't released. The
	// slice is valid until the next Poll, the memory of a chunk until its Release.
	Poll() ([]Chunk, error)
	// Release returns a partition's chunk, so that its memory can be reused and the
	// next chunk read. Until then the partition is paused.
	Release(tp TopicPartition)
	// Ready returns a channel that is signalled when Poll may have chunks again
	// after it returned none. Sends don't block; spurious signals are allowed.
	Ready() <-chan struct{}
	// End returns the offset after the last committed record of an assigned
	// partition, as far as the consumer knows; -1 if it doesn't. It may stop knowing
	// the end of a partition that it has read completely, when the system becomes
	// unavailable. A partition is read to its end when its position equals End.
	End(tp TopicPartition) int64
	Close() error
}

// A Chunk is a run of records of one partition, in the order of their offsets.
type Chunk struct {
	TopicPartition
	Records []Record // empty if the run contains only holes
	// Next is the offset at which to continue. It is greater than the last record's
	// offset plus one where compaction or markers have left holes.
	Next int64
}

// ProducerConfig configures a producer.
type ProducerConfig struct {
	// ID identifies the producer across restarts. A second producer with the same
	// id fences the first, whose next call fails with ErrFenced. A producer without
	// an id fences none.
	ID string
	// AtLeastOnce allows a system to skip transactions: records may be visible
	// before they are committed, Abort can't remove them, and no producer is fenced.
	// A system that gains nothing from this ignores it.
	AtLeastOnce bool
}

// A Producer appends records and commits them atomically with offsets. It always
// has an open transaction, which starts empty at OpenProducer and after each
// Commit or Abort. Records of a partition keep the order in which they were sent.
// A Producer belongs to one goroutine.
type Producer interface {
	// Writer opens a topic for sending. It fails with ErrUnknownTopic if the topic
	// doesn't exist. A second call for the same topic returns the same writer.
	Writer(topic string) (Writer, error)
	// Buffered returns the number of bytes that were sent and are still held in
	// memory.
	Buffered() int64
	// Flush waits until everything sent so far is stored by the system, so that no
	// later record can survive without it. It commits nothing. Its errors are those
	// of Commit.
	Flush(ctx context.Context) error
	// Commit makes everything sent since the last commit visible and sets the
	// group's offsets, in one atomic step. It returns, for each partition written
	// to, the offset after the last record. Readers may see the records a moment
	// later: Ends then reaches that offset, or exceeds it by markers, which readers
	// see as holes.
	//
	// After ErrFenced the producer is useless. After ErrStaleGeneration nothing has
	// changed: Commit again with another generation, or Abort. After any other error
	// the outcome may be unknown: close the producer, open a new one, and read the
	// committed state before continuing.
	Commit(ctx context.Context, offsets GroupOffsets) ([]Position, error)
	// Abort discards everything sent since the last commit.
	Abort(ctx context.Context) error
	// Close aborts the open transaction and closes the producer.
	Close() error
}

// A Writer sends records to one topic, in the transaction of its producer.
type Writer interface {
	// Partitions returns the topic's number of partitions.
	Partitions() int32
	// Check returns why Send would refuse the record, with the error that Send would
	// return. It sends nothing. If it returns nil, Send can fail only with a
	// [ProducerError].
	Check(partition int32, r *Record) error
	// Send copies the record's key, value and headers. It ignores the record's
	// Offset; a Time of 0 means now. An error that isn't a [ProducerError] concerns
	// only this record: nothing of it was sent, and the producer remains usable.
	Send(partition int32, r *Record) error
}

// GroupOffsets are offsets to commit for a group. The zero value commits none.
type GroupOffsets struct {
	Group     string
	Positions []Position
	// Generation, Member and Instance identify a [Membership]. The offsets are
	// committed only while the group is in that generation and the member belongs
	// to it; otherwise Commit fails with ErrStaleGeneration or ErrReplaced. The zero
	// values commit offsets of a group without members.
	Generation       int32
	Member, Instance string
}

// Cleanup is a topic's policy for old records.
type Cleanup string

const (
	// CleanupDelete deletes records older than the retention time.
	CleanupDelete Cleanup = "delete"
	// CleanupCompact keeps the last record of each key.
	CleanupCompact Cleanup = "compact"
	// CleanupCompactDelete does both. Describe returns it for topics that were
	// created by other tools; CreateTopic doesn't accept it.
	CleanupCompactDelete Cleanup = "compact,delete"
)

// TopicConfig describes a topic.
type TopicConfig struct {
	Name       string
	Partitions int32
	Cleanup    Cleanup // "" means CleanupDelete
	// Retention is the age at which CleanupDelete deletes records, by their Time. 0
	// means the system's default; negative values mean never.
	Retention time.Duration
	// Replication is the number of replicas; 0 means the system's default. Systems
	// on one machine ignore it.
	Replication int16
	// TombstoneRetention is how long CleanupCompact keeps a tombstone at least, so
	// that a reader within that time doesn't miss the deletion; 0 means forever.
	// Describe returns it; CreateTopic ignores it.
	TombstoneRetention time.Duration
}

// An Admin describes topics and groups, and creates topics. It is safe for
// concurrent use.
type Admin interface {
	// Partitions returns the number of partitions of each given topic that exists;
	// without arguments, of all topics.
	Partitions(ctx context.Context, topics ...string) (map[string]int32, error)
	// Describe returns the configuration of each given topic that exists. Its
	// Retention is never 0.
	Describe(ctx context.Context, topics ...string) (map[string]TopicConfig, error)
	// TopicIDs returns the id of each given topic that exists. A topic that was
	// deleted and recreated under its name gets another id. Topics whose id the
	// system doesn't know are left out. TopicIDs needs no permission to read the
	// topics' configurations.
	TopicIDs(ctx context.Context, topics ...string) (map[string]string, error)
	// CreateTopic creates a topic. It fails with ErrTopicExists if there is one.
	CreateTopic(ctx context.Context, cfg TopicConfig) error
	// Starts and Ends return, in the order of tps, the offset of the first retained
	// record and the offset after the last committed one.
	Starts(ctx context.Context, tps ...TopicPartition) ([]int64, error)
	Ends(ctx context.Context, tps ...TopicPartition) ([]int64, error)
	// LogEnds returns the offset after the last record in each partition, committed
	// or not. Once Ends has reached it, every record that was in the log at the time
	// is either readable or aborted.
	LogEnds(ctx context.Context, tps ...TopicPartition) ([]int64, error)
	// OffsetsAt returns, in the order of tps, the offset of the first record whose
	// Time is at (ms since 1970) or later, or that of Ends if there is none. In a
	// log with markers, which have times too, it may be the offset of an earlier
	// marker.
	OffsetsAt(ctx context.Context, at int64, tps ...TopicPartition) ([]int64, error)
	// Committed returns a group's offsets in the order of tps, and -1 where the
	// group has none. It includes every Commit that has returned.
	Committed(ctx context.Context, group string, tps ...TopicPartition) ([]int64, error)
	// DeleteRecords deletes the records of a partition below an offset, immediately
	// or later. An offset beyond the partition's end is an *OffsetOutOfRangeError.
	DeleteRecords(ctx context.Context, before ...Position) error
}
