package fetch

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A recovery retries partitions that have failed, while all others go on. It is guarded by
// Consumer.mu, which the callers of its methods hold unless stated otherwise.
type recovery struct {
	consumer *Consumer
	running  bool // run is running
	locating bool // locate is running
}

// failed handles a partition's error code. The partition isn't requested again until the
// error is settled, as a broker answers errors without delay.
func (v *recovery) failed(r *cursor, failure kerr.Code) {
	switch failure {
	case kerr.TopicDenied:
		v.stop(r, kerr.AccessDenied(failure, "Read", kerr.TopicResource, r.Topic))
	case kerr.OffsetOutOfRange:
		r.state = outOfRange
		if !v.locating {
			v.locating = true
			v.consumer.link.Run(v.locate)
		}
	case kerr.UnknownTopic:
		v.vanish(r)
		v.retryLater(r, failure)
	default:
		v.retryLater(r, failure)
	}
}

// vanish notes that the cluster doesn't know the topic of a partition that was read. When it
// is back, it may be another one, so the user is told before it is read. A topic that was
// just created is no such case: its leader needn't know it yet.
func (v *recovery) vanish(r *cursor) {
	if !r.vanished && !r.endAsOf.IsZero() {
		r.vanished = true
		v.consumer.client.Log.Warn("the topic doesn't exist; was it deleted? Waiting for it", "topic", r.Topic, "partition", r.Partition)
	}
}

// stop ends the reading of a partition until it is assigned again. Poll returns the error
// once, after everything that was fetched before.
func (v *recovery) stop(r *cursor, err error) {
	c := v.consumer
	r.state = stopped
	r.err = err
	if !errors.As(err, new(*stream.OffsetOutOfRangeError)) && !errors.As(err, new(*stream.TopicVanishedError)) && !errors.As(err, new(*stream.UnreadableError)) {
		r.err = fmt.Errorf("read %s at offset %d: %w", r.TopicPartition, r.fetch, err)
	}
	c.wake()
}

// retryLater schedules a retry of a partition, or stops it when it has failed for longer
// than patience.
func (v *recovery) retryLater(r *cursor, err error) {
	c := v.consumer
	now := c.link.Now()
	if r.failures == 0 {
		r.since = now
	}
	if lasted := now.Sub(r.since); lasted >= c.client.Patience {
		v.stop(r, fmt.Errorf("tried for %s: %w", lasted.Round(time.Second), err))
		return
	}
	r.state = retrying
	r.retryAt = now
	if r.failures > 0 { // the first failure is likely a moved leader
		r.retryAt = now.Add(link.Backoff(r.failures - 1))
	}
	r.failures++
	if errors.Is(err, kerr.UnknownLeaderEpoch) && r.failures > staleEpoch {
		r.vanished = true
		c.client.Metadata.Forget(r.Topic)
	}
	if !v.running {
		v.running = true
		v.consumer.link.Run(v.run)
	}
}

// staleEpoch is how often a leader may not know its own epoch yet. After that the topic
// must have been created again, with epochs from 0.
const staleEpoch = 3

// run refreshes the leaders of the partitions whose retries are due, and fetches from
// these, until no partition is left to retry. It runs in a goroutine of its own, without
// mu.
func (v *recovery) run() {
	c := v.consumer
	for {
		due, wait := v.nextRetry()
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
		v.retry(due, c.client.Metadata.Refresh(c.ctx, topics...))
	}
}

// nextRetry returns the partitions whose retries are due; else how long to wait, negative
// if there are none. The caller doesn't hold mu.
func (v *recovery) nextRetry() (due []*cursor, wait time.Duration) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.link.Now()
	wait = -1
	for _, r := range c.assigned {
		if r.state != retrying {
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
	if c.stopped || wait < 0 {
		v.running = false
		return nil, -1
	}
	// Other partitions may fail meanwhile, and be due sooner.
	return nil, min(wait, link.FirstBackoff)
}

// retry makes partitions fetched again, as far as they have a leader. refreshing is the
// result of refreshing them. The caller doesn't hold mu.
func (v *recovery) retry(due []*cursor, refreshing error) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	if refreshing != nil && !kerr.Temporary(refreshing) {
		c.err = fmt.Errorf("read: %w", refreshing)
		c.wake()
	}
	for _, r := range due {
		switch {
		case r.unassigned || r.state != retrying:
		case c.err != nil:
			r.state = stopped
		case c.client.Metadata.Partitions(r.Topic) == 0:
			v.vanish(r)
			v.retryLater(r, kerr.UnknownTopic)
		case c.follow(r):
		default:
			v.retryLater(r, kerr.LeaderNotAvailable)
		}
	}
	c.pump()
}

// refetch fetches corrupt bytes again: they may have been damaged on their way.
func (v *recovery) refetch(r *cursor, err error) {
	c := v.consumer
	r.request = nil // the request in flight is of no use
	if r.corruptReads++; r.corruptReads > maxCorruptReads {
		v.stop(r, err)
		return
	}
	c.client.Log.Warn("fetched records are corrupt; fetching them again", "topic", r.Topic, "partition", r.Partition, "error", err)
	v.retryLater(r, err)
}

// maxCorruptReads is how often corrupt bytes are fetched again.
const maxCorruptReads = 2

// locate looks up where partitions begin and end that lack the offset to read, until none
// is left. It runs in a goroutine of its own, without mu.
func (v *recovery) locate() {
	c := v.consumer
	for {
		lost, tps := v.nextOutOfRange()
		if len(lost) == 0 {
			return
		}
		starts, err := c.client.ListOffsets(c.ctx, cluster.EarliestOffset, cluster.ReadCommitted, tps)
		var ends []int64
		if err == nil {
			ends, err = c.client.ListOffsets(c.ctx, cluster.LatestOffset, cluster.ReadCommitted, tps)
		}
		v.located(lost, starts, ends, err)
	}
}

// nextOutOfRange returns these partitions. The caller doesn't hold mu.
func (v *recovery) nextOutOfRange() (lost []*cursor, tps []stream.TopicPartition) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.assigned {
		if r.state == outOfRange {
			lost = append(lost, r)
			tps = append(tps, r.TopicPartition)
		}
	}
	if len(lost) == 0 || c.stopped {
		v.locating = false
		return nil, nil
	}
	return lost, tps
}

// beyondEnd is how often to retry a leader whose log ends before the offset: a new leader
// may have to catch up.
const beyondEnd = 3

// located tells the user, or schedules a retry. The caller doesn't hold mu.
func (v *recovery) located(lost []*cursor, starts, ends []int64, err error) {
	c := v.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range lost {
		switch {
		case r.unassigned || r.state != outOfRange:
		case err != nil:
			v.stop(r, err)
		case r.fetch >= starts[i] && (r.fetch <= ends[i] || r.failures < beyondEnd):
			v.retryLater(r, kerr.OffsetOutOfRange)
		default:
			v.stop(r, &stream.OffsetOutOfRangeError{TopicPartition: r.TopicPartition, Offset: r.fetch, Start: starts[i], End: ends[i]})
		}
	}
}
