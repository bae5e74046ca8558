package stream

import (
	"bytes"
	"errors"
	"fmt"
)

// Errors that callers distinguish with errors.Is. The code that returns one
// wraps it with advice on what to do.
var (
	// ErrUnknownTopic: the topic, or this partition of it, doesn't exist.
	ErrUnknownTopic = errors.New("unknown topic or partition")
	// ErrTopicExists: a topic of this name already exists.
	ErrTopicExists = errors.New("topic exists")
	// ErrFenced: a newer producer with the same id has taken over. Stop.
	ErrFenced = errors.New("fenced by a newer producer with the same id")
	// ErrAborted: the log has aborted the producer's transaction, or has lost
	// track of its sequence numbers. Open a new producer and continue from the
	// committed state.
	ErrAborted = errors.New("the transaction was aborted")
	// ErrLocked: another process has the data directory open.
	ErrLocked = errors.New("in use by another process")
	// ErrCorrupt: committed data can't be read back as it was written.
	ErrCorrupt = errors.New("corrupt")
	// ErrClosed: use after Close.
	ErrClosed = errors.New("closed")
)

// ErrTakesLess is a failure of a producer: a topic refused a batch as too large which it took
// by its settings when the producer opened it. They may have changed: another producer looks
// them up again.
var ErrTakesLess = errors.New("the topic takes less than its settings said")

// A ProducerError ends a producer: every later call fails too. It isn't caused
// by the record that was being sent.
type ProducerError struct {
	ID  string // "" if the producer has none
	Err error
}

func (e *ProducerError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("producer: %v", e.Err)
	}
	return fmt.Sprintf("producer %s: %v", e.ID, e.Err)
}

func (e *ProducerError) Unwrap() error { return e.Err }

// A TopicVanishedError reports that the topic of a partition didn't exist for a while. It
// may be another topic under the same name, so its partition isn't read until it is assigned
// again; compare [Admin.TopicIDs] first.
type TopicVanishedError struct{ TopicPartition }

func (e *TopicVanishedError) Error() string {
	return fmt.Sprintf("%s: the topic didn't exist for a while", e.TopicPartition)
}

// A RecordTooLargeError is returned by [Writer.Send] for a record that its topic doesn't take.
// Nothing is sent then.
type RecordTooLargeError struct {
	TopicPartition
	Key       []byte
	ValueSize int
	// Size is that of the record as it counts against the Limit of the topic.
	Size, Limit int64
	Compressed  bool   // Size is that of the compressed record
	Advice      string // what to do; empty: nothing
}

// NewRecordTooLargeError copies what it needs of a record.
func NewRecordTooLargeError(to TopicPartition, r *Record, size, limit int64) *RecordTooLargeError {
	return &RecordTooLargeError{TopicPartition: to, Key: bytes.Clone(r.Key), ValueSize: len(r.Value), Size: size, Limit: limit}
}

func (e *RecordTooLargeError) Error() string {
	text := fmt.Sprintf("%s: the record of key %.100q has %d bytes; at most %d are allowed", e.TopicPartition, e.Key, e.Size, e.Limit)
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// An OffsetOutOfRangeError reports that a partition doesn't hold the offset at
// which it was to be read.
type OffsetOutOfRangeError struct {
	TopicPartition
	Offset     int64
	Start, End int64 // the partition holds [Start, End)
}

func (e *OffsetOutOfRangeError) Error() string {
	return fmt.Sprintf("%s: offset %d is out of range: the partition holds %d to %d", e.TopicPartition, e.Offset, e.Start, e.End)
}

// An UnreadableError reports records that a consumer can't read, although they are as
// their producer has written them: they are larger than any that is read, or malformed.
// Poll returns it when everything before them was handed out. Reading may go on at Next.
type UnreadableError struct {
	TopicPartition
	Offset  int64 // of the first of them
	Next    int64 // the offset after them
	Records int64 // how many there are, by the batch's header
	Err     error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%s: offsets %d to %d can't be read: %v", e.TopicPartition, e.Offset, e.Next-1, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }
