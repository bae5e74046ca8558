package kafka

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// This file is how a consumer gets over failures, partition by partition: others
// go on meanwhile. All of it is called with mu held, where it doesn't say otherwise.

// failed sees to a partition that a broker answers with an error. It isn't asked
// for again until that is settled: a broker doesn't wait over an error.
func (c *consumer) failed(r *reading, failure code) {
	switch failure {
	case topicDenied:
		c.stop(r, denied(failure, "Read", topicResource, r.Topic))
	case offsetOutOfRange:
		r.state = outside
		if !c.locating {
			c.locating = true
			c.link.Run(c.locate)
		}
	default:
		c.trouble(r, failure)
	}
}

// stop ends the reading of a partition until it is assigned again. Poll returns the
// error once, after what was fetched before.
func (c *consumer) stop(r *reading, err error) {
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
func (c *consumer) trouble(r *reading, err error) {
	now := c.link.Now()
	if r.failures == 0 {
		r.since = now
	}
	if lasted := now.Sub(r.since); lasted >= c.system.patience {
		c.stop(r, fmt.Errorf("tried for %s: %w", lasted.Round(time.Second), err))
		return
	}
	r.state = troubled
	r.retryAt = now
	if r.failures > 0 { // at first it is only that the leader has moved
		r.retryAt = now.Add(backoff(r.failures - 1))
	}
	r.failures++
	if errors.Is(err, unknownLeaderEpoch) && r.failures > staleEpoch {
		c.system.cluster.forget(r.Topic)
	}
	if !c.mending {
		c.mending = true
		c.link.Run(c.mend)
	}
}

// staleEpoch is how often a leader may not have heard of its own epoch yet. After
// that the topic is another of the same name, whose epochs begin anew.
const staleEpoch = 3

// mend looks after the partitions in trouble until there are none: when their time
// has come it asks who leads them now, and has them fetched there. It runs in a
// goroutine of its own, without mu.
func (c *consumer) mend() {
	for {
		due, wait := c.nextTroubled()
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
		c.retry(due, c.system.cluster.refresh(c.ctx, topics...))
	}
}

// nextTroubled returns the partitions whose time has come, or how long to wait if
// there are none; a negative time if nobody is in trouble. mu isn't held.
func (c *consumer) nextTroubled() (due []*reading, wait time.Duration) {
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
		c.mending = false
		return nil, -1
	}
	// Others may get into trouble meanwhile, and be due sooner.
	return nil, min(wait, firstBackoff)
}

// retry has partitions fetched as far as they have a leader. refreshing is what came
// of asking for them. mu isn't held.
func (c *consumer) retry(due []*reading, refreshing error) {
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
		case c.system.cluster.partitions(r.Topic) == 0:
			c.trouble(r, unknownTopic)
		default:
			c.trouble(r, leaderNotAvailable)
		}
	}
	c.pump()
}

// refetch has the bytes fetched again that couldn't be read, in case they were
// damaged on their way.
func (c *consumer) refetch(r *reading, err error) {
	r.asked = nil // what is under way is of no use
	if r.damaged++; r.damaged > rereads {
		c.stop(r, err)
		return
	}
	c.system.log.Warn("what was fetched is damaged; fetching it again", "topic", r.Topic, "partition", r.Partition, "error", err)
	c.trouble(r, err)
}

// rereads is how often damaged bytes are fetched again.
const rereads = 2

// locate finds out where partitions begin and end that don't have the offset at
// which they are to be read, until there are none. It runs in a goroutine of its
// own, without mu.
func (c *consumer) locate() {
	for {
		lost, tps := c.nextOutside()
		if len(lost) == 0 {
			return
		}
		starts, err := c.system.listOffsets(c.ctx, earliestOffset, committedOnly, tps)
		var ends []int64
		if err == nil {
			ends, err = c.system.listOffsets(c.ctx, latestOffset, committedOnly, tps)
		}
		c.located(lost, starts, ends, err)
	}
}

// nextOutside lists those partitions. mu isn't held.
func (c *consumer) nextOutside() (lost []*reading, tps []stream.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.assigned {
		if r.state == outside {
			lost = append(lost, r)
			tps = append(tps, r.TopicPartition)
		}
	}
	if len(lost) == 0 || c.over {
		c.locating = false
		return nil, nil
	}
	return lost, tps
}

// beyondEnd is how often a leader is asked again that ends before the offset: one
// that has only just become leader may have to catch up.
const beyondEnd = 3

// located tells the user, or has the partition tried again. mu isn't held.
func (c *consumer) located(lost []*reading, starts, ends []int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range lost {
		switch {
		case r.over || r.state != outside:
		case err != nil:
			c.stop(r, err)
		case r.fetch >= starts[i] && (r.fetch <= ends[i] || r.failures < beyondEnd):
			c.trouble(r, offsetOutOfRange)
		default:
			c.stop(r, &stream.OffsetOutOfRangeError{TopicPartition: r.TopicPartition, Offset: r.fetch, Start: starts[i], End: ends[i]})
		}
	}
}
