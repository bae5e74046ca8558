package container

import (
	"slices"
	"time"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// publishEvery is how often the loop publishes its counters.
const publishEvery = 500 * time.Millisecond

// lookEvery is how often to read the databases' own statistics.
const lookEvery = 10 * time.Second

// spend adds the time since began to a phase, and returns the time.
func (f *life) spend(phase *int64, began time.Time) time.Time {
	now := f.cfg.Now()
	*phase += int64(now.Sub(began))
	return now
}

// publish publishes a copy of the counters, now and then or always.
func (f *life) publish(now time.Time, always bool) {
	if f.cfg.Counts == nil || (!always && now.Sub(f.published) < publishEvery) {
		return
	}
	f.published = now
	f.counts.BufferedBytes, f.counts.Rebalances = f.producer.Buffered(), f.member.Rebalances()
	if len(f.cfg.Stage.Stores) > 0 {
		f.counts.CacheBytes, f.counts.CacheDirtyBytes, f.counts.CacheLimitBytes = f.budget.Used(), f.budget.Dirty(), f.budget.Limit
	}
	for _, t := range f.loop.tasks {
		t.measure(f.loop.consumer, f.published)
	}
	beside := f.opener.openings // their tasks are published, too
	if f.opener.follower != nil {
		beside = append(slices.Clone(beside), &f.opener.follower.opening)
	}
	for _, o := range beside {
		o.mu.Lock()
	}
	f.cfg.Counts.Publish(&f.counts)
	for _, o := range beside {
		o.mu.Unlock()
	}
}

// measure brings the task's gauges up to date.
func (t *task) measure(consumer stream.Consumer, now time.Time) {
	if t.logic != nil {
		t.counts.State = metrics.TaskRunning
		t.counts.Watermark = t.lowWatermark()
	}
	if t.ended {
		t.counts.State = metrics.TaskEnded
	}
	for _, p := range t.partitions {
		p.counts.Next, p.counts.End = p.position, consumer.End(p.TopicPartition)
		if p.bound >= 0 {
			p.counts.End = p.bound
		}
	}
	if t.State == nil || len(t.counts.Stores) == 0 {
		return
	}
	// The database is the task's; its size is shown once, with the first store.
	s := t.State.Stats()
	first := t.counts.Stores[0]
	first.DiskBytes, first.MemoryBytes = s.DiskBytes, s.MemoryBytes
	if now.Sub(t.looked) >= lookEvery {
		t.looked = now
		for i, s := range t.counts.Stores {
			s.Properties = t.State.Properties(i)
		}
	}
}

// lowWatermark is the event time that the task has reached: the least of the inputs that
// aren't idle, or, if all are idle, the least of those that have a watermark.
func (t *task) lowWatermark() int64 {
	if w := t.watermark(); w != IdleTime {
		return w
	}
	least := int64(IdleTime)
	for _, p := range t.partitions {
		if p.watermark != stream.NoTime {
			least = min(least, p.watermark)
		}
	}
	if least == IdleTime {
		return metrics.NoTime
	}
	return least
}

// newCounts makes the counters of a task. Those of its inputs are added later.
func newCounts(t *task, now int64) *metrics.Task {
	m := &metrics.Task{ID: t.ID, State: metrics.TaskRestoring, Opened: now, Watermark: metrics.NoTime}
	for _, out := range t.stage.Outputs {
		m.Outputs = append(m.Outputs, &metrics.Output{Topic: out.Topic})
	}
	for _, s := range t.stage.Stores {
		m.Stores = append(m.Stores, &metrics.Store{Name: s.Name})
	}
	return m
}
