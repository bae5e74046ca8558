package stream

import (
	"errors"
	"fmt"
)

// Errors that a caller tells apart. Each says what to do about it where it is
// returned; these are matched with errors.Is.
var (
	// ErrUnknownTopic: the topic, or that partition of it, doesn't exist.
	ErrUnknownTopic = errors.New("unknown topic or partition")
	// ErrTopicExists: a topic of that name exists already.
	ErrTopicExists = errors.New("topic exists")
	// ErrFenced: a newer producer with the same id has taken over. Stop.
	ErrFenced = errors.New("fenced by a newer producer with the same id")
	// ErrAborted: the log has given the producer's transaction up, or lost track of
	// what it sends. Open a new one, and go on from what is committed.
	ErrAborted = errors.New("the transaction was given up")
	// ErrLocked: another process has the data directory open.
	ErrLocked = errors.New("in use by another process")
	// ErrCorrupt: committed data can't be read as it was written.
	ErrCorrupt = errors.New("corrupt")
	// ErrClosed: use after Close.
	ErrClosed = errors.New("closed")
)

// A ProducerError is the end of a producer: whatever is asked of it next fails as
// well. It says nothing about the record that was to be sent.
type ProducerError struct {
	ID  string // "" if it has none
	Err error
}

func (e *ProducerError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("producer: %v", e.Err)
	}
	return fmt.Sprintf("producer %s: %v", e.ID, e.Err)
}

func (e *ProducerError) Unwrap() error { return e.Err }

// An OffsetOutOfRangeError tells that a partition was to be read at an offset
// that it doesn't hold.
type OffsetOutOfRangeError struct {
	TopicPartition
	Offset     int64
	Start, End int64 // what the partition holds: [Start, End)
}

func (e *OffsetOutOfRangeError) Error() string {
	return fmt.Sprintf("%s: offset %d is out of range: the partition holds %d to %d", e.TopicPartition, e.Offset, e.Start, e.End)
}
