package metrics

import "time"

// Type is a metric's type in Prometheus.
type Type string

const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// A Metric describes one that /metrics shows.
type Metric struct {
	Name   string
	Type   Type
	Labels []string
	Help   string
}

// List describes all metrics, in the order of the documentation.
func List() []Metric {
	var all []Metric
	f := allFamilies()
	all = appendMetrics(all, f.process)
	all = appendMetrics(all, f.container)
	all = appendMetrics(all, f.phase)
	all = append(all, commitDuration())
	all = appendMetrics(all, f.task)
	all = appendMetrics(all, f.state)
	all = appendMetrics(all, f.input)
	all = appendMetrics(all, f.output)
	all = appendMetrics(all, f.operator)
	all = appendMetrics(all, f.store)
	return appendMetrics(all, f.property)
}

func appendMetrics[T any](all []Metric, families []family[T]) []Metric {
	for _, f := range families {
		all = append(all, f.Metric)
	}
	return all
}

// A family is a metric together with how it is read from a T. The value doesn't
// exist if ok is false.
type family[T any] struct {
	Metric
	value func(now time.Time, v T) (value float64, ok bool)
}

// families are all metrics, by what they are read from.
type families struct {
	process   []family[*Config]
	container []family[*Snapshot]
	phase     []family[int64]
	task      []family[*Task]
	state     []family[bool]
	input     []family[*Input]
	output    []family[*Output]
	operator  []family[*Operator]
	store     []family[*Store]
	property  []family[*Store]
}

// The labels of a metric follow from what it is read from.
func labels(more ...string) []string { return append([]string{"app", "stage", "container"}, more...) }

func allFamilies() families {
	return families{
		process: []family[*Config]{
			{Metric{"grete_build_info", Gauge, []string{"app", "version", "revision", "goversion"}, "The program that runs; always 1."}, one},
			{Metric{"grete_plan_info", Gauge, []string{"app", "fingerprint"}, "The plan that it runs; always 1."}, one},
		},
		container: []family[*Snapshot]{
			{Metric{"grete_loop_turns_total", Counter, labels(), "Turns of the event loop."},
				count(func(s *Snapshot) int64 { return s.Turns })},
			{Metric{"grete_commits_total", Counter, labels(), "Commits."},
				count(func(s *Snapshot) int64 { return s.Commits })},
			{Metric{"grete_commit_age_seconds", Gauge, labels(), "Time since the last commit, or since one was due and there was nothing to commit."},
				func(now time.Time, s *Snapshot) (float64, bool) { return since(now, s.LastCommit), s.LastCommit != 0 }},
			{Metric{"grete_buffered_bytes", Gauge, labels(), "Bytes sent and not committed yet."},
				count(func(s *Snapshot) int64 { return s.BufferedBytes })},
			{Metric{"grete_cache_bytes", Gauge, labels(), "Memory of the write-back cache."},
				cache(func(s *Snapshot) int64 { return s.CacheBytes })},
			{Metric{"grete_cache_dirty_bytes", Gauge, labels(), "The part of the write-back cache that the next commit writes to the stores."},
				cache(func(s *Snapshot) int64 { return s.CacheDirtyBytes })},
			{Metric{"grete_cache_limit_bytes", Gauge, labels(), "What the write-back cache may grow to."},
				cache(func(s *Snapshot) int64 { return s.CacheLimitBytes })},
		},
		phase: []family[int64]{
			{Metric{"grete_loop_seconds_total", Counter, labels("phase"), "Time of the event loop by what it was spent on: poll, process, commit, idle."},
				func(_ time.Time, ns int64) (float64, bool) { return float64(ns) / 1e9, true }},
		},
		task: []family[*Task]{
			{Metric{"grete_task_watermark_timestamp_seconds", Gauge, labels("task"), "The event time that the task has reached, since 1970."},
				func(_ time.Time, t *Task) (float64, bool) {
					return float64(t.Watermark) / 1e3, t.Watermark != NoTime
				}},
			{Metric{"grete_task_watermark_lag_seconds", Gauge, labels("task"), "How far the task's event time is behind the clock."},
				func(now time.Time, t *Task) (float64, bool) { return since(now, t.Watermark), t.Watermark != NoTime }},
			{Metric{"grete_task_state_disk_bytes", Gauge, labels("task"), "Size of the task's stores on disk."},
				count(func(t *Task) int64 { return sum(t.Stores, func(s *Store) int64 { return s.DiskBytes }) })},
			{Metric{"grete_task_state_memory_bytes", Gauge, labels("task"), "Memory of the task's stores, without the write-back cache."},
				count(func(t *Task) int64 { return sum(t.Stores, func(s *Store) int64 { return s.MemoryBytes }) })},
		},
		state: []family[bool]{
			{Metric{"grete_task_state", Gauge, labels("task", "state"), "1 for the state that the task is in, 0 for the others: starting, restoring, running, ended."},
				func(_ time.Time, in bool) (float64, bool) {
					if in {
						return 1, true
					}
					return 0, true
				}},
		},
		input:    inputFamilies(),
		output:   outputFamilies(),
		operator: operatorFamilies(),
		store:    storeFamilies(),
		property: rocksdbFamilies(),
	}
}

func inputFamilies() []family[*Input] {
	l := labels("task", "topic", "partition")
	return []family[*Input]{
		{Metric{"grete_input_records_total", Counter, l, "Records read and processed or skipped."},
			count(func(in *Input) int64 { return in.Records })},
		{Metric{"grete_input_bytes_total", Counter, l, "Bytes of keys and values read."},
			count(func(in *Input) int64 { return in.Bytes })},
		{Metric{"grete_input_skipped_total", Counter, l, "Records skipped because they couldn't be decoded or an operator failed on them."},
			count(func(in *Input) int64 { return in.Skipped })},
		{Metric{"grete_input_out_of_range_total", Counter, l, "Times that the next record wasn't there any more and reading went on elsewhere."},
			count(func(in *Input) int64 { return in.OutOfRange })},
		{Metric{"grete_input_lag_records", Gauge, l, "Offsets from the next record to process to the end of the partition."},
			func(_ time.Time, in *Input) (float64, bool) { return float64(in.Lag()), in.Lag() >= 0 }},
		{Metric{"grete_input_lag_seconds", Gauge, l, "Age of the last processed record if there are more to process, else 0."},
			lagSeconds},
	}
}

func lagSeconds(now time.Time, in *Input) (float64, bool) {
	switch lag := in.Lag(); {
	case lag == 0:
		return 0, true
	case lag < 0 || in.Time == 0:
		return 0, false
	}
	return max(0, since(now, in.Time)), true // the record's clock may be ahead of ours
}

func outputFamilies() []family[*Output] {
	l := labels("task", "topic")
	return []family[*Output]{
		{Metric{"grete_output_records_total", Counter, l, "Records sent."},
			count(func(out *Output) int64 { return out.Records })},
		{Metric{"grete_output_bytes_total", Counter, l, "Bytes of keys and values sent."},
			count(func(out *Output) int64 { return out.Bytes })},
	}
}

func operatorFamilies() []family[*Operator] {
	l := labels("task", "operator")
	return []family[*Operator]{
		{Metric{"grete_operator_late_total", Counter, l, "Records that came after their window was closed."},
			count(func(o *Operator) int64 { return o.Late })},
		{Metric{"grete_operator_skipped_total", Counter, l, "Records that failed and were skipped."},
			count(func(o *Operator) int64 { return o.Skipped })},
	}
}

func storeFamilies() []family[*Store] {
	l := labels("task", "store")
	return []family[*Store]{
		{Metric{"grete_store_restored_records_total", Counter, l, "Records of the changelog that were replayed to bring the state back."},
			count(func(s *Store) int64 { return s.RestoredRecords })},
		{Metric{"grete_store_restored_bytes_total", Counter, l, "Bytes of keys and values that were replayed to bring the state back."},
			count(func(s *Store) int64 { return s.RestoredBytes })},
		{Metric{"grete_store_restore_remaining_records", Gauge, l, "Records of the changelog that are left to restore; fewer if it was compacted."},
			count(func(s *Store) int64 { return s.RestoreRecords })},
		{Metric{"grete_store_restore_remaining_bytes", Gauge, l, "Bytes of the changelog that are left to restore, estimated from what was restored so far."},
			restoreBytes},
	}
}

func restoreBytes(_ time.Time, s *Store) (float64, bool) {
	if s.RestoreRecords == 0 {
		return 0, true
	}
	if s.RestoredRecords == 0 {
		return 0, false
	}
	return float64(s.RestoreRecords) * float64(s.RestoredBytes) / float64(s.RestoredRecords), true
}

// commitDuration is the one metric that isn't read from a snapshot: commits are
// observed one by one.
func commitDuration() Metric {
	return Metric{"grete_commit_duration_seconds", Histogram, labels(), "Time that a commit took."}
}

func count[T any](f func(T) int64) func(time.Time, T) (float64, bool) {
	return func(_ time.Time, v T) (float64, bool) { return float64(f(v)), true }
}

// cache leaves containers out that have no cache.
func cache(f func(*Snapshot) int64) func(time.Time, *Snapshot) (float64, bool) {
	return func(_ time.Time, s *Snapshot) (float64, bool) { return float64(f(s)), s.CacheLimitBytes > 0 }
}

func sum(stores []*Store, f func(*Store) int64) (total int64) {
	for _, s := range stores {
		total += f(s)
	}
	return total
}

func one(time.Time, *Config) (float64, bool) { return 1, true }

// since is the time from ms to now, in seconds.
func since(now time.Time, ms int64) float64 { return float64(now.UnixMilli()-ms) / 1e3 }
