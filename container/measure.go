package container

import (
	"slices"
	"time"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
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
	for _, t := range f.tasks {
		t.measure(f.published)
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
func (t *task) measure(now time.Time) {
	t.Measure()
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

// newCounts makes the counters of a task. Those of its inputs are added later.
func newCounts(stage *scheduler.Stage, id int32, now int64) *metrics.Task {
	m := &metrics.Task{ID: id, State: metrics.TaskRestoring, Opened: now, Watermark: metrics.NoTime}
	for _, out := range stage.Outputs {
		m.Outputs = append(m.Outputs, &metrics.Output{Topic: out.Topic})
	}
	for _, s := range stage.Stores {
		m.Stores = append(m.Stores, &metrics.Store{Name: s.Name})
	}
	return m
}
