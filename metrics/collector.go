package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// newCommitHistogram returns a histogram with classic buckets, and native ones
// for servers that support them.
func newCommitHistogram() *prometheus.HistogramVec {
	m := commitDuration()
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:                           m.Name,
		Help:                           m.Help,
		Buckets:                        []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 100,
	}, m.Labels)
}

// A Collector exposes the published snapshots of a registry to Prometheus. Use it
// to add Grete's metrics to a client_golang registry of your own.
type Collector struct {
	reg   *Registry
	all   families
	descs map[string]*prometheus.Desc
}

// NewCollector returns the registry's collector.
func NewCollector(reg *Registry) *Collector {
	c := &Collector{reg: reg, all: allFamilies(), descs: map[string]*prometheus.Desc{}}
	for _, m := range List() {
		if m.Type == Histogram {
			continue // the histogram describes itself
		}
		c.descs[m.Name] = prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
	c.reg.commits.Describe(out)
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	s := scrape{c, c.reg.cfg.Now(), out}
	cfg := &c.reg.cfg
	emit(s, c.all.process[:1], cfg, cfg.App, cfg.Build.Version, cfg.Build.Revision, cfg.Build.Go)
	emit(s, c.all.process[1:], cfg, cfg.App, cfg.Fingerprint)
	c.reg.commits.Collect(out)
	for _, ct := range c.reg.list() {
		if snap := ct.snapshot.Load(); snap.Published {
			s.container(snap, ct.labels())
		}
	}
}

// A scrape is one call of Collect.
type scrape struct {
	*Collector
	now time.Time
	out chan<- prometheus.Metric
}

func (s scrape) container(snap *Snapshot, l []string) {
	emit(s, s.all.container, snap, l...)
	emit(s, s.all.phase, snap.Phases.Poll, with(l, "poll")...)
	emit(s, s.all.phase, snap.Phases.Process, with(l, "process")...)
	emit(s, s.all.phase, snap.Phases.Commit, with(l, "commit")...)
	emit(s, s.all.phase, snap.Phases.Idle, with(l, "idle")...)
	for _, t := range snap.Tasks {
		s.task(t, with(l, strconv.Itoa(int(t.ID))))
	}
}

func (s scrape) task(t *Task, l []string) {
	emit(s, s.all.task, t, l...)
	for state := TaskStarting; state <= TaskStandby; state++ {
		emit(s, s.all.state, state == t.State, with(l, state.String())...)
	}
	for _, in := range t.Inputs {
		emit(s, s.all.input, in, with(l, in.Topic, strconv.Itoa(int(in.Partition)))...)
	}
	for _, o := range t.Outputs {
		emit(s, s.all.output, o, with(l, o.Topic)...)
	}
	for _, o := range t.Operators {
		emit(s, s.all.operator, o, with(l, o.Name)...)
	}
	for _, st := range t.Stores {
		emit(s, s.all.store, st, with(l, st.Name)...)
		emit(s, s.all.property, st, with(l, st.Name)...)
	}
}

func emit[T any](s scrape, families []family[T], v T, labels ...string) {
	for _, f := range families {
		value, ok := f.value(s.now, v)
		if !ok {
			continue
		}
		kind := prometheus.GaugeValue
		if f.Type == Counter {
			kind = prometheus.CounterValue
		}
		s.out <- prometheus.MustNewConstMetric(s.descs[f.Name], kind, value, labels...)
	}
}

// with returns labels followed by more, in new memory.
func with(labels []string, more ...string) []string {
	return append(labels[:len(labels):len(labels)], more...)
}
