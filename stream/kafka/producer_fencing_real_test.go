//go:build real

package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// TestFencedProducer: of a producer whose place another one has taken nothing is
// seen that wasn't committed by then, whether the broker has it or not.
func TestFencedProducer(t *testing.T) {
	for name, sent := range map[string]bool{"before it sends": false, "after it has sent": true} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t, shared.Cluster(t), 2)
			cfg, group := stream.ProducerConfig{ID: kafkatest.Name(t)}, kafkatest.Name(t)
			offsets := func(offset int64) stream.GroupOffsets {
				return stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: at(l.topic, 0), Offset: offset}, {TopicPartition: at(l.topic, 1)}}}
			}
			old := l.pen(l.system(batch.None), cfg)
			old.send(0, samples()...)
			old.commit(offsets(1))
			if sent {
				old.send(0, samples()...)
				old.send(1, samples()...)
				must(t, old.Flush(t.Context()))
				old.end(abort) // by the next one
			}
			next := l.pen(l.system(batch.None), cfg)
			must(t, old.topic.Send(0, &stream.Record{Value: []byte("too late")}))
			_, err := old.Commit(t.Context(), offsets(2))
			wantFenced(t, old, err)
			next.send(0, samples()...)
			next.commit(stream.GroupOffsets{})
			must(t, old.Close()) // which ends nothing of the other's
			wantOffsets(t.Context(), t, l.cluster, group, l.topic, 1, 0)
			next.send(1, samples()...)
			next.commit(offsets(3))
			wantOffsets(t.Context(), t, l.cluster, group, l.topic, 3, 0)
			l.check(readCommitted)
			l.check(readUncommitted)
		})
	}
}

// wantFenced looks at an error and at all that comes after it.
func wantFenced(t *testing.T, p *pen, err error) {
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

// TestZombies: what a producer said before it was fenced, and the broker hears only
// after, does nothing. The network stands still meanwhile, but for another
// client's way to the broker, who takes the producer's place.
func TestZombies(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Proxied: true})
	for name, late := range map[string]int32{"a partition": 1, "a batch": 0, "a commit": noPartition} {
		t.Run(name+" comes late", func(t *testing.T) {
			l := newLedger(t, c, 2)
			s, cfg := l.system(batch.None), stream.ProducerConfig{ID: kafkatest.Name(t)}
			old := l.pen(s, cfg)
			old.send(0, samples()...)
			old.commit(stream.GroupOffsets{})
			old.send(0, samples()...)
			must(t, old.Flush(t.Context()))
			old.end(abort) // by the next one

			c.Proxy(t, 1).Stall()
			defer c.Proxy(t, 1).Heal()
			if late != noPartition {
				must(t, old.topic.Send(late, &stream.Record{Value: []byte("too late")}))
			}
			failed := make(chan error, 1)
			go func() {
				_, err := old.Commit(context.WithoutCancel(t.Context()), stream.GroupOffsets{})
				failed <- err
			}()
			old.waitAsking(late == 0)
			l.succeed(cfg.ID)
			c.Proxy(t, 1).Heal()
			wantFenced(t, old, <-failed)

			next := l.pen(s, cfg)
			next.send(0, samples()...)
			next.commit(stream.GroupOffsets{})
			l.check(readCommitted)
			l.check(readUncommitted)
		})
	}
}

// noPartition is none to be written to.
const noPartition = -1

// waitAsking waits until a request is under way, to a leader or to a coordinator.
func (p *pen) waitAsking(leader bool) {
	asking := func() bool {
		if leader {
			p.sender.mu.Lock()
			defer p.sender.mu.Unlock()
			return !p.sender.idle()
		}
		p.conductor.mu.Lock()
		defer p.conductor.mu.Unlock()
		return p.conductor.busy
	}
	must(p.ledger, retry(p.ledger.Context(), p.client.link, 10*time.Second, func() error {
		if !asking() {
			return networkException
		}
		return nil
	}))
}

// succeed takes a producer's place by another client, which commits a record.
func (l *ledger) succeed(id string) {
	l.Helper()
	client := l.cluster.Franz(l, kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	must(l, client.BeginTransaction())
	r := &kgo.Record{Topic: l.topic, Value: []byte("the next one's"), Timestamp: time.UnixMilli(1)}
	must(l, client.ProduceSync(l.Context(), r).FirstErr())
	must(l, client.EndTransaction(l.Context(), kgo.TryCommit))
	e := entry{transactional: true, state: commit, JavaRecord: kafkatest.JavaRecord{Value: r.Value, Time: 1, Headers: []kafkatest.JavaHeader{}}}
	l.enter(0, e)
	l.enter(0, entry{marker: true, state: commit})
}
