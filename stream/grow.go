package stream

import "context"

// A Grower is an [Admin] that can add partitions to topics. Where an Admin isn't
// one, the system's own tools have to add them.
type Grower interface {
	// Grow adds empty partitions to a topic until it has the given number. If the
	// topic already has that many, Grow does nothing. It fails with
	// ErrUnknownTopic if the topic doesn't exist.
	Grow(ctx context.Context, topic string, partitions int32) error
}
