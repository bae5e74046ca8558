package metrics

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config configures a Registry.
type Config struct {
	App         string
	Fingerprint string // of the plan
	Build       Build
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// StuckAfter is how long a loop may go without publishing before it is reported
	// as stuck; 0 means a minute.
	StuckAfter time.Duration
}

// A Registry holds the containers of a process. It is safe for concurrent use.
type Registry struct {
	cfg     Config
	commits *prometheus.HistogramVec

	mu         sync.Mutex
	containers []*Container // by stage and number
}

// NewRegistry returns a registry without containers.
func NewRegistry(cfg Config) *Registry {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.StuckAfter == 0 {
		cfg.StuckAfter = time.Minute
	}
	return &Registry{cfg: cfg, commits: newCommitHistogram()}
}

// Container registers container number n of a stage and replaces an earlier one of
// that number. Until its first Publish it is starting. Close unregisters it.
func (r *Registry) Container(stage string, n int) *Container {
	c := &Container{reg: r, stage: stage, number: n}
	c.commits = r.commits.WithLabelValues(c.labels()...)
	c.snapshot.Store(&Snapshot{Stage: stage, Container: n, At: r.cfg.Now()})
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := slices.BinarySearchFunc(r.containers, c, compareContainers)
	if found {
		r.containers[at] = c
	} else {
		r.containers = slices.Insert(r.containers, at, c)
	}
	return c
}

func compareContainers(a, b *Container) int {
	return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.number, b.number))
}

// Sample returns the last snapshots of all containers.
func (r *Registry) Sample() Sample {
	s := Sample{At: r.cfg.Now()}
	for _, c := range r.list() {
		s.Containers = append(s.Containers, c.snapshot.Load())
	}
	return s
}

func (r *Registry) list() []*Container {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.containers)
}

// A Container publishes the counters of one event loop.
type Container struct {
	reg      *Registry
	stage    string
	number   int
	commits  prometheus.Observer
	snapshot atomic.Pointer[Snapshot]
}

// Publish makes a copy of l visible to readers. The loop's goroutine calls it at
// least every second, even while it restores or is idle: the health check takes
// it as a sign of life.
func (c *Container) Publish(l *Loop) {
	for _, d := range l.took {
		c.commits.Observe(d.Seconds())
	}
	l.took = l.took[:0]
	c.snapshot.Store(&Snapshot{
		Stage: c.stage, Container: c.number, At: c.reg.cfg.Now(), Published: true, Loop: l.clone(),
	})
}

// Close unregisters the container. It does nothing if the container is closed or
// was replaced.
func (c *Container) Close() {
	c.reg.mu.Lock()
	defer c.reg.mu.Unlock()
	if at := slices.Index(c.reg.containers, c); at >= 0 {
		c.reg.containers = slices.Delete(c.reg.containers, at, at+1)
		c.reg.commits.DeleteLabelValues(c.labels()...)
	}
}

// labels returns the label values that all metrics of the container share.
func (c *Container) labels() []string {
	return []string{c.reg.cfg.App, c.stage, strconv.Itoa(c.number)}
}

// A Sample holds the last snapshots of all containers of a process.
type Sample struct {
	At         time.Time
	Containers []*Snapshot // by stage and number
}

// A Snapshot is a copy of a [Loop]. It never changes.
type Snapshot struct {
	Stage     string
	Container int
	At        time.Time // when it was published; before that, registered
	Published bool
	Loop
}

func (l *Loop) clone() Loop {
	out := *l
	out.took = nil
	out.Tasks = clone(l.Tasks)
	for _, t := range out.Tasks {
		t.Inputs, t.Outputs = clone(t.Inputs), clone(t.Outputs)
		t.Operators, t.Stores = clone(t.Operators), clone(t.Stores)
	}
	return out
}

// clone copies the values, into one allocation.
func clone[T any](in []*T) []*T {
	values, out := make([]T, len(in)), make([]*T, len(in))
	for i, p := range in {
		values[i] = *p
		out[i] = &values[i]
	}
	return out
}
