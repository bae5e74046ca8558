package kafka

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// A recovery tries the partitions of a consumer again that have failed. It is guarded by
// consumer.mu.
type recovery struct {
	consumer *consumer
	mending  bool // mend runs
	locating bool // locate runs
}

// This file is how a consumer gets over failures, partition by partition: others
// go on meanwhile. All of it is called with mu held, where it doesn't say otherwise.

// failed sees to a partition that a broker answers with an error. It isn't asked
// for again until that is settled: a broker doesn't wait over an error.
func (v *recovery) failed(r *reading, failure code) {
	switch failure {
	case topicDenied:
		v.stop(r, denied(failure, "Read", topicResource, r.Topic))
	case offsetOutOfRange:
		r.state = outside
		if !v.locating {
			v.locating = true
			v.consumer.link.Run(v.locate)
		}
	default:
		v.trouble(r, failure)
	}
}

// stop ends the reading of a partition until it is assigned again. Poll returns the
// error once, after what was fetched before.
func (v *recovery) stop(r *reading, err error) {
	c := v.consumer
	r.state = stopped
	r.err = err
	var outOfRange *stream.OffsetOutOfRangeError
	if !errors.As(err, &outOfRange) {
		r.err = fmt.Errorf("read %s at offset %d: %w", r.TopicPartition, r.fetch, err)
	}
	c.wake()
}

// trouble has a partition tried again a little later, and gives it up if that has
// gone on for too long.
func (v *recovery) trouble(r *reading, err error) {
	c := v.consumer
	now := c.link.Now()
	if r.failures == 0 {
		r.since = now
	}
	if lasted := now.Sub(r.since); lasted >= c.client.patience {
		v.stop(r, fmt.Errorf("tried for %s: %w", lasted.Round(time.Second), err))
		return
	}
	r.state = troubled
	r.retryAt = now
	if r.failures > 0 { // at first it is only that the leader has moved
		r.retryAt = now.Add(backoff(r.failures - 1))
	}
	r.failures++
	if errors.Is(err, unknownLeaderEpoch) && r.failures > staleEpoch {
		c.client.cluster.forget(r.Topic)
	}
	if !v.mending {
		v.mending = true
		v.consumer.link.Run(v.mend)
	}
}

// staleEpoch is how often a leader may not have heard of its own epoch yet. After
// that the topic is another of the same name, whose epochs begin anew.
const staleEpoch = 3

// mend looks after the partitions in trouble until there are none: when their time
// has come it asks who leads them now, and has them fetched there. It runs in a
// goroutine of its own, without mu.
func (v *recovery) mend() {
	c := v.consumer
	for {
		due, wait := v.nextTroubled()
		if wait < 0 || wait > 0 && c.link.Sleep(c.ctx, wait) != nil {
			return
		}
		if len(due) == 0 {
			continue
		}
		var topics []string
		for _, r := range due {
			if !slices.Contains(topics, r.Topic) {
				topics = append(topics, r.Topic)
			}
		}
		v.retry(due, c.client.cluster.refresh(c.ctx, topics...))
	}
}

// nextTroubled returns the partitions whose time has come, or how long to wait if
// there are none; a negative time if nobody is in trouble. mu isn't held.
func (v *recovery) nextTroubled() (due []*reading, wait time.Duration) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.link.Now()
	wait = -1
	for _, r := range c.assigned {
		if r.state != troubled {
			continue
		}
		if after := r.retryAt.Sub(now); after <= 0 {
			due = append(due, r)
		} else if wait < 0 || after < wait {
			wait = after
		}
	}
	if len(due) > 0 {
		return due, 0
	}
	if c.over || wait < 0 {
		v.mending = false
		return nil, -1
	}
	// Others may get into trouble meanwhile, and be due sooner.
	return nil, min(wait, firstBackoff)
}

// retry has partitions fetched as far as they have a leader. refreshing is what came
// of asking for them. mu isn't held.
func (v *recovery) retry(due []*reading, refreshing error) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if refreshing != nil && !temporary(refreshing) {
		c.err = fmt.Errorf("read: %w", refreshing)
		c.wake()
	}
	for _, r := range due {
		switch {
		case r.over || r.state != troubled:
		case c.err != nil:
			r.state = stopped
		case c.follow(r):
		case c.client.cluster.partitions(r.Topic) == 0:
			v.trouble(r, unknownTopic)
		default:
			v.trouble(r, leaderNotAvailable)
		}
	}
	c.pump()
}

// refetch has the bytes fetched again that couldn't be read, in case they were
// damaged on their way.
func (v *recovery) refetch(r *reading, err error) {
	c := v.consumer
	r.asked = nil // what is under way is of no use
	if r.damaged++; r.damaged > rereads {
		v.stop(r, err)
		return
	}
	c.client.log.Warn("what was fetched is damaged; fetching it again", "topic", r.Topic, "partition", r.Partition, "error", err)
	v.trouble(r, err)
}

// rereads is how often damaged bytes are fetched again.
const rereads = 2

// locate finds out where partitions begin and end that don't have the offset at
// which they are to be read, until there are none. It runs in a goroutine of its
// own, without mu.
func (v *recovery) locate() {
	c := v.consumer
	for {
		lost, tps := v.nextOutside()
		if len(lost) == 0 {
			return
		}
		starts, err := c.client.listOffsets(c.ctx, earliestOffset, committedOnly, tps)
		var ends []int64
		if err == nil {
			ends, err = c.client.listOffsets(c.ctx, latestOffset, committedOnly, tps)
		}
		v.located(lost, starts, ends, err)
	}
}

// nextOutside lists those partitions. mu isn't held.
func (v *recovery) nextOutside() (lost []*reading, tps []stream.TopicPartition) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.assigned {
		if r.state == outside {
			lost = append(lost, r)
			tps = append(tps, r.TopicPartition)
		}
	}
	if len(lost) == 0 || c.over {
		v.locating = false
		return nil, nil
	}
	return lost, tps
}

// beyondEnd is how often a leader is asked again that ends before the offset: one
// that has only just become leader may have to catch up.
const beyondEnd = 3

// located tells the user, or has the partition tried again. mu isn't held.
func (v *recovery) located(lost []*reading, starts, ends []int64, err error) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range lost {
		switch {
		case r.over || r.state != outside:
		case err != nil:
			v.stop(r, err)
		case r.fetch >= starts[i] && (r.fetch <= ends[i] || r.failures < beyondEnd):
			v.trouble(r, offsetOutOfRange)
		default:
			v.stop(r, &stream.OffsetOutOfRangeError{TopicPartition: r.TopicPartition, Offset: r.fetch, Start: starts[i], End: ends[i]})
		}
	}
}
