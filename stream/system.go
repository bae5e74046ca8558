package stream

import (
	"context"
	"time"
)

// A System is one streaming layer: a Kafka cluster, the embedded log, or a log
// in memory. It is safe for concurrent use; what it opens is not, unless it
// says so.
type System interface {
	// Name is what messages to people call it: "kafka", "embedded log".
	Name() string
	// ID tells this log from every other one, also from one that was deleted and
	// begun anew: state that belongs to another id is never taken for its own.
	ID() string
	OpenConsumer(ctx context.Context, cfg ConsumerConfig) (Consumer, error)
	OpenProducer(ctx context.Context, cfg ProducerConfig) (Producer, error)
	Admin() Admin
	// Close releases the system. Its consumers and producers are closed before.
	Close() error
}

// ConsumerConfig bounds what a consumer holds.
type ConsumerConfig struct {
	// MaxBytes bounds the memory of all chunks that a consumer holds ready or has
	// handed out. 0 means 16 MiB. A single record that is larger still gets through.
	MaxBytes int64
}

// A Consumer reads the partitions that it is told to, from the offsets that it
// is told to. It has no group and commits nothing. It shows committed records
// only. It belongs to one goroutine, but for Ready's channel.
type Consumer interface {
	// Assign starts reading a partition at offset, or moves there if it was being
	// read: chunks of it that are out are then released. Negative offsets are an
	// error. An offset outside the log is found by Poll, as *OffsetOutOfRangeError.
	Assign(tp TopicPartition, offset int64) error
	// Unassign stops reading a partition and releases its chunk. It is no error
	// if the partition isn't assigned.
	Unassign(tp TopicPartition)
	// Poll returns what is there without waiting: at most one chunk for each
	// partition that has none out. The slice is valid until the next Poll, a
	// chunk's memory until it is released.
	Poll() ([]Chunk, error)
	// Release gives the partition's chunk back, so that its memory may be used
	// again and its next one read. A partition that isn't released is paused.
	Release(tp TopicPartition)
	// Ready gets a token, without blocking the sender, when Poll may have
	// something again after it returned nothing. Spurious tokens are allowed.
	Ready() <-chan struct{}
	// End returns the offset after the last committed record of an assigned
	// partition, as far as the consumer knows; -1 if it doesn't know: not yet, or,
	// of one that it has read to its end, not any more, as it has asked in vain. A
	// partition is read to its end when the position reached is End.
	End(tp TopicPartition) int64
	Close() error
}

// A Chunk is a run of records of one partition, in the order of their offsets.
type Chunk struct {
	TopicPartition
	Records []Record // may be empty where only holes were passed
	// Next is the offset to go on at after these records; it is beyond the last
	// record's offset plus one where compaction or markers left holes.
	Next int64
}

// ProducerConfig says who produces.
type ProducerConfig struct {
	// ID names the producer over its restarts. A second producer with the same
	// id fences the first, whose next call fails with ErrFenced. Empty: nobody
	// is fenced.
	ID string
	// AtLeastOnce asks for less, where a system can gain by it: what is sent may be
	// seen before it is committed, Abort can't take it back, and nobody is fenced.
	// A system for which that is no gain ignores it.
	AtLeastOnce bool
}

// A Producer appends records and commits them together with offsets: all of it
// becomes visible, or nothing. There is always an open transaction; it starts
// empty at OpenProducer and after each Commit or Abort. Records of a partition
// keep the order in which they were sent. A Producer belongs to one goroutine.
type Producer interface {
	// Writer opens a topic for sending. The topic exists, else the error is
	// ErrUnknownTopic. Opening one twice returns the same writer.
	Writer(topic string) (Writer, error)
	// Buffered is the number of bytes that were sent and are held in memory still.
	Buffered() int64
	// Flush waits until everything that was sent is safe where it belongs, so that
	// what is sent afterwards can't survive without it. It commits nothing. After
	// an error the rules of Commit hold.
	Flush(ctx context.Context) error
	// Commit makes what was sent since the last commit visible, and sets the
	// group's offsets, as one atomic step. It returns, for each partition that was
	// written to, the offset after the last record. The records may be seen a moment
	// after it returns; Ends then has come to that offset, or has passed it by
	// markers, which are holes to readers. After ErrFenced the producer is done for.
	// After ErrStaleGeneration nothing has changed: Commit it with another generation,
	// or Abort.
	// After any other error the outcome may be unknown: close the producer, open a
	// new one and read the committed state before going on.
	Commit(ctx context.Context, offsets GroupOffsets) ([]Position, error)
	// Abort forgets what was sent since the last commit.
	Abort(ctx context.Context) error
	// Close aborts what is open.
	Close() error
}

// A Writer sends to one topic, in the transaction of its producer.
type Writer interface {
	// Partitions is the topic's number of partitions.
	Partitions() int32
	// Send copies the record's key, value and headers. Its Offset is ignored; a
	// Time of 0 means now. An error that is no [ProducerError] is about this record:
	// nothing of it was taken, and the producer goes on.
	Send(partition int32, r *Record) error
}

// GroupOffsets are offsets to commit for a group. The zero value commits none.
type GroupOffsets struct {
	Group     string
	Positions []Position
	// Generation, Member and Instance are those of a [Membership]: only as long as the
	// group is in that generation, and the member is among it, are the offsets
	// committed; else Commit fails with ErrStaleGeneration, or ErrReplaced. 0 and "":
	// they come from nobody, and the group has no members.
	Generation       int32
	Member, Instance string
}

// Cleanup says what a topic does with old records.
type Cleanup string

const (
	// CleanupDelete drops records older than the retention time.
	CleanupDelete Cleanup = "delete"
	// CleanupCompact keeps the last record of each key.
	CleanupCompact Cleanup = "compact"
	// CleanupCompactDelete does both. Describe says it of topics that others have
	// made; CreateTopic makes none.
	CleanupCompactDelete Cleanup = "compact,delete"
)

// TopicConfig describes a topic to create.
type TopicConfig struct {
	Name       string
	Partitions int32
	Cleanup    Cleanup // "" means CleanupDelete
	// Retention is the age at which CleanupDelete drops records, by their time. 0:
	// the system's default; negative: never.
	Retention time.Duration
	// Replication is the number of copies; 0 means the system's default. Systems
	// on one machine ignore it.
	Replication int16
	// TombstoneRetention is how long CleanupCompact keeps the deletion of a key, at
	// least, so that who reads the topic that fast doesn't miss it; 0: for ever.
	// Describe says it; CreateTopic leaves it to the system.
	TombstoneRetention time.Duration
}

// An Admin looks at topics and groups, and makes them. It is safe for concurrent
// use.
type Admin interface {
	// Partitions returns the number of partitions of each of the topics that
	// exists; of no names, of every topic there is.
	Partitions(ctx context.Context, topics ...string) (map[string]int32, error)
	// Describe returns the configuration of each of the topics that exists. A
	// Retention of 0 is never among it.
	Describe(ctx context.Context, topics ...string) (map[string]TopicConfig, error)
	// TopicIDs returns what tells each of the topics that exists from every other one,
	// also from one that was deleted and made anew under its name. Where the system
	// doesn't know a topic's id, it isn't among them. It needs no right to see the
	// topics' configurations.
	TopicIDs(ctx context.Context, topics ...string) (map[string]string, error)
	// CreateTopic makes a topic. It fails with ErrTopicExists if there is one.
	CreateTopic(ctx context.Context, cfg TopicConfig) error
	// Starts and Ends return the offset of the first record that is kept, and the one
	// after the last committed record, in the order of tps.
	Starts(ctx context.Context, tps ...TopicPartition) ([]int64, error)
	Ends(ctx context.Context, tps ...TopicPartition) ([]int64, error)
	// LogEnds returns the offset after the last record that has come to each
	// partition, committed or not. Where Ends has come to it, nothing that had come
	// by then can be committed any more that can't be read.
	LogEnds(ctx context.Context, tps ...TopicPartition) ([]int64, error)
	// OffsetsAt returns, in the order of tps, the offset of the first record whose
	// time is not before at (ms since 1970); where there is none, that of Ends. On a
	// log with markers, which have times of their own, it may be that of an earlier
	// marker.
	OffsetsAt(ctx context.Context, at int64, tps ...TopicPartition) ([]int64, error)
	// Committed returns a group's offsets in the order of tps, -1 where it has
	// none. Those of a Commit that has returned are among them.
	Committed(ctx context.Context, group string, tps ...TopicPartition) ([]int64, error)
	// DeleteRecords drops the records of a partition below an offset, now or later.
	// An offset beyond the partition's end is an *OffsetOutOfRangeError.
	DeleteRecords(ctx context.Context, before ...Position) error
}
