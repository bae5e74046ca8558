package kafkatest

import (
	"context"
	"fmt"
	"strings"
)

// Unfinished describes open transactions, and the partitions in which they hold up
// read_committed consumers, for the message of a test that waits in vain.
func (c *Cluster) Unfinished(ctx context.Context) string {
	var b strings.Builder
	transactions, err := c.Admin().ListTransactions(ctx, nil, nil)
	if err != nil {
		fmt.Fprintf(&b, "transactions: %v\n", err)
	}
	for _, t := range transactions.Sorted() {
		if !strings.HasPrefix(t.State, "Complete") && t.State != "Empty" {
			fmt.Fprintf(&b, "transaction %s, producer %d: %s at coordinator %d\n", t.TxnID, t.ProducerID, t.State, t.Coordinator)
		}
	}
	producers, err := c.Admin().DescribeProducers(ctx, nil)
	if err != nil {
		fmt.Fprintf(&b, "producers: %v\n", err)
	}
	for _, p := range producers.SortedProducers() {
		if p.CurrentTxnStartOffset >= 0 {
			fmt.Fprintf(&b, "%s/%d: open from offset %d, producer %d, epoch %d, last sequence %d, coordinator epoch %d\n",
				p.Topic, p.Partition, p.CurrentTxnStartOffset, p.ProducerID, p.ProducerEpoch, p.LastSequence, p.CoordinatorEpoch)
		}
	}
	if b.Len() == 0 {
		return "no transaction is unfinished"
	}
	return b.String()
}
