package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// OpenTransactions returns who holds the last stable offset of partitions back. The
// transactional ids, and since when the transactions are open, are missing if the user may
// not know them, or if the brokers are older than Kafka 3.0.
func (a Admin) OpenTransactions(ctx context.Context, tps ...stream.TopicPartition) ([]stream.OpenTransaction, error) {
	open, err := a.openIn(ctx, cluster.Sorted(tps))
	if err != nil {
		return nil, fmt.Errorf("describe producers: %w", err)
	}
	if len(open) == 0 {
		return nil, nil
	}
	ids, err := a.transactionalIDs(ctx, open)
	if err != nil {
		return open, fmt.Errorf("list transactions: %w", err)
	}
	for i := range open {
		open[i].ID = ids[open[i].Producer]
	}
	return open, a.addStarts(ctx, open)
}

// openIn returns the open transactions with records in partitions, by the ids of their
// producers.
func (a Admin) openIn(ctx context.Context, tps []stream.TopicPartition) ([]stream.OpenTransaction, error) {
	of := make([][]stream.OpenTransaction, len(tps))
	err := a.client.SendToLeaders(ctx, tps, func(ctx context.Context, node int32, mine []int) ([]error, error) {
		req := &wire.DescribeProducers{}
		for _, i := range mine {
			req.Partitions = append(req.Partitions, tps[i])
		}
		req, err := cluster.Exchange[*wire.DescribeProducers](ctx, a.client.Link, node, req)
		if err != nil {
			return nil, err
		}
		errs := make([]error, len(mine))
		for k, i := range mine {
			of[i], errs[k] = openOf(req.Answer, tps[i])
		}
		return errs, nil
	})
	open := slices.Concat(of...)
	slices.SortStableFunc(open, func(x, y stream.OpenTransaction) int {
		return cmp.Or(cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.Partition, y.Partition), cmp.Compare(x.First, y.First))
	})
	return open, err
}

// openOf finds the open transactions of a partition in an answer.
func openOf(answer []wire.DescribedProducers, tp stream.TopicPartition) (open []stream.OpenTransaction, err error) {
	i := slices.IndexFunc(answer, func(p wire.DescribedProducers) bool { return p.TopicPartition == tp })
	if i < 0 {
		return nil, kerr.NetworkException // retried
	}
	if failed := kerr.Code(answer[i].Code); failed != 0 {
		return nil, kerr.AccessDenied(failed, "Read", kerr.TopicResource, tp.Topic)
	}
	for _, p := range answer[i].Producers {
		if p.FirstOffset >= 0 {
			open = append(open, stream.OpenTransaction{TopicPartition: tp, First: p.FirstOffset, Producer: p.ID})
		}
	}
	return open, nil
}

// transactionalIDs asks all brokers: each coordinates some of the ids.
func (a Admin) transactionalIDs(ctx context.Context, open []stream.OpenTransaction) (map[int64]string, error) {
	var producers []int64
	for _, t := range open {
		producers = append(producers, t.Producer)
	}
	slices.Sort(producers)
	producers = slices.Compact(producers)
	ids := make(map[int64]string)
	var failed error
	for _, b := range a.client.Metadata.Brokers() {
		req, err := cluster.Exchange[*wire.ListTransactions](ctx, a.client.Link, b.Node, &wire.ListTransactions{Producers: producers})
		if err == nil && req.Code != 0 {
			err = kerr.Code(req.Code)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		for _, t := range req.Answer {
			ids[t.Producer] = t.TransactionalID
		}
	}
	if len(ids) > 0 {
		failed = nil
	}
	return ids, failed
}

// addStarts sets since when the transactions are open.
func (a Admin) addStarts(ctx context.Context, open []stream.OpenTransaction) error {
	started := make(map[string]time.Time)
	for i := range open {
		t := &open[i]
		if t.ID == "" {
			continue
		}
		if _, known := started[t.ID]; !known {
			at, err := a.startOf(ctx, t)
			if err != nil {
				return fmt.Errorf("describe transaction %s: %w", t.ID, err)
			}
			started[t.ID] = at
		}
		t.Started = started[t.ID]
	}
	return nil
}

func (a Admin) startOf(ctx context.Context, t *stream.OpenTransaction) (at time.Time, err error) {
	err = a.client.SendToCoordinator(ctx, cluster.TransactionKey(t.ID), func(node int32) error {
		req, err := cluster.Exchange[*wire.DescribeTransaction](ctx, a.client.Link, node, &wire.DescribeTransaction{TransactionalID: t.ID})
		switch {
		case err != nil:
			return err
		case req.Code != 0:
			return kerr.AccessDenied(kerr.Code(req.Code), "Describe", kerr.TransactionalResource, t.ID)
		}
		if req.Producer == t.Producer && req.Started >= 0 { // else it has ended meanwhile
			at = time.UnixMilli(req.Started)
		}
		return nil
	})
	return at, err
}
