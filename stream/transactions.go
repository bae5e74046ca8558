package stream

import (
	"context"
	"fmt"
	"time"
)

// A TransactionViewer is a System that knows who has transactions open. Records after the
// first one of an open transaction can't be read yet.
type TransactionViewer interface {
	// OpenTransactions returns the open transactions with records in these partitions,
	// ordered by partition and offset. What the system doesn't know is missing.
	OpenTransactions(ctx context.Context, tps ...TopicPartition) ([]OpenTransaction, error)
}

// An OpenTransaction has records in a partition, and is neither committed nor aborted.
type OpenTransaction struct {
	TopicPartition
	First    int64     // offset of its first record
	Producer int64     // id of its producer
	ID       string    // transactional id of the producer; "": unknown
	Started  time.Time // zero: unknown
}

// Holder names the producer.
func (t OpenTransaction) Holder() string {
	name := fmt.Sprintf("producer id %d", t.Producer)
	if t.ID != "" {
		name = fmt.Sprintf("transactional id %s, %s", t.ID, name)
	}
	if !t.Started.IsZero() {
		name += ", open since " + t.Started.UTC().Format(time.RFC3339)
	}
	return name
}
