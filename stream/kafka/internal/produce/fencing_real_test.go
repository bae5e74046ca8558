//go:build real

package produce

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Uncommitted records of a fenced producer are never seen, whether the broker has them or
// not.
func TestProducer_FencedByAnotherClient(t *testing.T) {
	for name, sent := range map[string]bool{"before it sends": false, "after it has sent": true} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t, shared.Cluster(t), 2)
			cfg, group := stream.ProducerConfig{ID: kafkatest.Name(t)}, kafkatest.Name(t)
			offsets := func(offset int64) stream.GroupOffsets {
				return stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: linktest.At(l.topic, 0), Offset: offset}, {TopicPartition: linktest.At(l.topic, 1)}}}
			}
			old := l.producer(l.system(batch.None), cfg)
			old.send(0, kafkatest.Samples()...)
			old.commit(offsets(1))
			if sent {
				old.send(0, kafkatest.Samples()...)
				old.send(1, kafkatest.Samples()...)
				linktest.Must(t, old.Flush(t.Context()))
				old.finish(abort) // by the next one
			}
			next := l.producer(l.system(batch.None), cfg)
			linktest.Must(t, old.topic.Send(0, &stream.Record{Value: []byte("too late")}))
			_, err := old.Commit(t.Context(), offsets(2))
			wantFenced(t, old, err)
			next.send(0, kafkatest.Samples()...)
			next.commit(stream.GroupOffsets{})
			linktest.Must(t, old.Close()) // which ends nothing of the other's
			wantOffsets(t.Context(), t, l.cluster, group, l.topic, 1, 0)
			next.send(1, kafkatest.Samples()...)
			next.commit(offsets(3))
			wantOffsets(t.Context(), t, l.cluster, group, l.topic, 3, 0)
			l.check(kafkatest.ReadCommitted)
			l.check(kafkatest.ReadUncommitted)
		})
	}
}

// wantFenced checks an error, and all later calls.
func wantFenced(t *testing.T, p *ledgerProducer, err error) {
	t.Helper()
	_, commitErr := p.Commit(t.Context(), stream.GroupOffsets{})
	for what, err := range map[string]error{
		"it": err, "Send": p.topic.Send(0, &stream.Record{}), "Flush": p.Flush(t.Context()), "Commit": commitErr, "Abort": p.Abort(t.Context()),
	} {
		if !errors.Is(err, stream.ErrFenced) {
			t.Errorf("after a producer was fenced, %s says %v", what, err)
		}
	}
}

// Requests that a producer sent before it was fenced, and that arrive after it, have no
// effect. The network stalls meanwhile, except for the other client that takes the
// producer's place.
func TestProducer_LateRequestsOfFenced(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Proxied: true})
	for name, late := range map[string]int32{"a partition": 1, "a batch": 0, "a commit": noPartition} {
		t.Run(name+" comes late", func(t *testing.T) {
			l := newLedger(t, c, 2)
			s, cfg := l.system(batch.None), stream.ProducerConfig{ID: kafkatest.Name(t)}
			old := l.producer(s, cfg)
			old.send(0, kafkatest.Samples()...)
			old.commit(stream.GroupOffsets{})
			old.send(0, kafkatest.Samples()...)
			linktest.Must(t, old.Flush(t.Context()))
			old.finish(abort) // by the next one

			c.Proxy(t, 1).Stall()
			defer c.Proxy(t, 1).Heal()
			if late != noPartition {
				linktest.Must(t, old.topic.Send(late, &stream.Record{Value: []byte("too late")}))
			}
			failed := make(chan error, 1)
			go func() {
				_, err := old.Commit(context.WithoutCancel(t.Context()), stream.GroupOffsets{})
				failed <- err
			}()
			old.waitInFlight(late == 0)
			l.takeOver(cfg.ID)
			c.Proxy(t, 1).Heal()
			wantFenced(t, old, <-failed)

			next := l.producer(s, cfg)
			next.send(0, kafkatest.Samples()...)
			next.commit(stream.GroupOffsets{})
			l.check(kafkatest.ReadCommitted)
			l.check(kafkatest.ReadUncommitted)
		})
	}
}

// noPartition stands for no write.
const noPartition = -1

// waitInFlight waits until a request is in flight, to a leader or to a coordinator.
func (p *ledgerProducer) waitInFlight(leader bool) {
	asking := func() bool {
		if leader {
			p.sender.mu.Lock()
			defer p.sender.mu.Unlock()
			return !p.sender.idle()
		}
		p.txn.mu.Lock()
		defer p.txn.mu.Unlock()
		return p.txn.busy
	}
	linktest.Must(p.ledger, link.Retry(p.ledger.Context(), p.client.Link, 10*time.Second, func() error {
		if !asking() {
			return kerr.NetworkException
		}
		return nil
	}))
}

// takeOver takes a producer's place by another client, which commits a record.
func (l *ledger) takeOver(id string) {
	l.Helper()
	client := l.cluster.Franz(l, kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	linktest.Must(l, client.BeginTransaction())
	r := &kgo.Record{Topic: l.topic, Value: []byte("the next one's"), Timestamp: time.UnixMilli(1)}
	linktest.Must(l, client.ProduceSync(l.Context(), r).FirstErr())
	linktest.Must(l, client.EndTransaction(l.Context(), kgo.TryCommit))
	e := ledgerEntry{transactional: true, state: commit, JavaRecord: kafkatest.JavaRecord{Value: r.Value, Time: 1, Headers: []kafkatest.JavaHeader{}}}
	l.append(0, e)
	l.append(0, ledgerEntry{marker: true, state: commit})
}
