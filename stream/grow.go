package stream

import "context"

// A Grower is an [Admin] that can give topics more partitions. Where one can't, that is
// done by other means.
type Grower interface {
	// Grow gives a topic more partitions, empty ones, if it has fewer. It fails with
	// ErrUnknownTopic if there is no such topic.
	Grow(ctx context.Context, topic string, partitions int32) error
}
