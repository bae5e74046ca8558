package metrics

import "time"

// Type is a metric's type in Prometheus.
type Type string

const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// A Metric describes a metric of /metrics.
type Metric struct {
	Name   string
	Type   Type
	Labels []string
	Help   string
}

// List returns all metrics, in the order of the documentation.
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

// A family is a metric and the function that reads its value from a T. ok is
// false if there is no value.
type family[T any] struct {
	Metric
	value func(now time.Time, v T) (value float64, ok bool)
}

// families holds all metrics, grouped by the type from which they are read.
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

// labels returns the labels of a container's metric, followed by more.
func labels(more ...string) []string { return append([]string{"app", "stage", "container"}, more...) }

func allFamilies() families {
	return families{
		process: []family[*Config]{
			{Metric{"grete_build_info", Gauge, []string{"app", "version", "revision", "goversion"}, "Version of the running program, in the labels; always 1."}, one},
			{Metric{"grete_plan_info", Gauge, []string{"app", "fingerprint"}, "Plan of the running program, in the labels; always 1."}, one},
		},
		container: []family[*Snapshot]{
			{Metric{"grete_loop_turns_total", Counter, labels(), "Iterations of the event loop."},
				count(func(s *Snapshot) int64 { return s.Turns })},
			{Metric{"grete_commits_total", Counter, labels(), "Completed commits."},
				count(func(s *Snapshot) int64 { return s.Commits })},
			{Metric{"grete_commit_age_seconds", Gauge, labels(), "Time since the last commit, or since the last time that a commit was due and there was nothing to commit."},
				func(now time.Time, s *Snapshot) (float64, bool) { return since(now, s.LastCommit), s.LastCommit != 0 }},
			{Metric{"grete_rebalances_total", Counter, labels(), "Assignments of tasks to the container by the group of its stage, including those that change nothing."},
				count(func(s *Snapshot) int64 { return s.Rebalances })},
			{Metric{"grete_buffered_bytes", Gauge, labels(), "Bytes sent but not yet committed."},
				count(func(s *Snapshot) int64 { return s.BufferedBytes })},
			{Metric{"grete_cache_bytes", Gauge, labels(), "Memory used by the write-back cache."},
				cache(func(s *Snapshot) int64 { return s.CacheBytes })},
			{Metric{"grete_cache_dirty_bytes", Gauge, labels(), "Part of the write-back cache that the next commit writes to the stores."},
				cache(func(s *Snapshot) int64 { return s.CacheDirtyBytes })},
			{Metric{"grete_cache_limit_bytes", Gauge, labels(), "Maximum size of the write-back cache."},
				cache(func(s *Snapshot) int64 { return s.CacheLimitBytes })},
		},
		phase: []family[int64]{
			{Metric{"grete_loop_seconds_total", Counter, labels("phase"), "Time that the event loop has spent in each phase: poll, process, commit, idle."},
				func(_ time.Time, ns int64) (float64, bool) { return float64(ns) / 1e9, true }},
		},
		task: []family[*Task]{
			{Metric{"grete_task_watermark_timestamp_seconds", Gauge, labels("task"), "Watermark of the task, in seconds since 1970."},
				func(_ time.Time, t *Task) (float64, bool) {
					return float64(t.Watermark) / 1e3, t.Watermark != NoTime
				}},
			{Metric{"grete_task_watermark_lag_seconds", Gauge, labels("task"), "How far the task's watermark is behind the wall clock."},
				func(now time.Time, t *Task) (float64, bool) { return since(now, t.Watermark), t.Watermark != NoTime }},
			{Metric{"grete_task_state_disk_bytes", Gauge, labels("task"), "Disk space used by the task's stores."},
				count(func(t *Task) int64 { return sum(t.Stores, func(s *Store) int64 { return s.DiskBytes }) })},
			{Metric{"grete_task_state_memory_bytes", Gauge, labels("task"), "Memory used by the task's stores, excluding the write-back cache."},
				count(func(t *Task) int64 { return sum(t.Stores, func(s *Store) int64 { return s.MemoryBytes }) })},
		},
		state: []family[bool]{
			{Metric{"grete_task_state", Gauge, labels("task", "state"), "1 for the current state of the task, 0 for the other states: starting, restoring, running, ended, standby."},
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
		{Metric{"grete_input_records_total", Counter, l, "Records read, whether processed or skipped."},
			count(func(in *Input) int64 { return in.Records })},
		{Metric{"grete_input_bytes_total", Counter, l, "Bytes of keys and values of the records read."},
			count(func(in *Input) int64 { return in.Bytes })},
		{Metric{"grete_input_skipped_total", Counter, l, "Records skipped because they couldn't be decoded."},
			count(func(in *Input) int64 { return in.Skipped })},
		{Metric{"grete_input_tombstones_total", Counter, l, "Records without a value that were dropped."},
			count(func(in *Input) int64 { return in.Tombstones })},
		{Metric{"grete_input_ahead_total", Counter, l, "Records whose event time was further ahead of the clock than MaxAhead."},
			count(func(in *Input) int64 { return in.Ahead })},
		{Metric{"grete_input_overtaken_total", Counter, l, "Records behind the watermark because a single earlier record had moved it by more than a minute."},
			count(func(in *Input) int64 { return in.Overtaken })},
		{Metric{"grete_input_awaited_total", Counter, l, "Times that other inputs of the task have waited for records of this one."},
			count(func(in *Input) int64 { return in.Awaited })},
		{Metric{"grete_input_overdue_total", Counter, l, "Waits for records of this input that have ended without any."},
			count(func(in *Input) int64 { return in.Overdue })},
		{Metric{"grete_input_out_of_range_total", Counter, l, "Times that the next record no longer existed and reading continued at another offset."},
			count(func(in *Input) int64 { return in.OutOfRange })},
		{Metric{"grete_input_lag_records", Gauge, l, "Number of offsets between the next record to process and the end of the partition."},
			func(_ time.Time, in *Input) (float64, bool) { return float64(in.Lag()), in.Lag() >= 0 }},
		{Metric{"grete_input_lag_seconds", Gauge, l, "Age of the last processed record; 0 if the partition is read to its end."},
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
		{Metric{"grete_output_bytes_total", Counter, l, "Bytes of keys and values of the records sent."},
			count(func(out *Output) int64 { return out.Bytes })},
	}
}

func operatorFamilies() []family[*Operator] {
	l := labels("task", "operator")
	return []family[*Operator]{
		{Metric{"grete_operator_late_total", Counter, l, "Records that arrived after their window was closed, or too late for a join."},
			count(func(o *Operator) int64 { return o.Late })},
		{Metric{"grete_operator_skipped_total", Counter, l, "Records on which the operator failed and that were skipped."},
			count(func(o *Operator) int64 { return o.Skipped })},
		{Metric{"grete_operator_entries_total", Counter, l, "Entries that the operator has added to its state and removes when they expire."},
			count(func(o *Operator) int64 { return o.Entries })},
		{Metric{"grete_operator_expirations_total", Counter, l, "Entries that the operator has removed because they expired."},
			count(func(o *Operator) int64 { return o.Expired })},
		{Metric{"grete_operator_matches_total", Counter, l, "Pairs that the join has found."},
			count(func(o *Operator) int64 { return o.Matches })},
		{Metric{"grete_operator_unmatched_total", Counter, l, "Records that left the join without a match."},
			count(func(o *Operator) int64 { return o.Unmatched })},
	}
}

func storeFamilies() []family[*Store] {
	l := labels("task", "store")
	return []family[*Store]{
		{Metric{"grete_store_restored_records_total", Counter, l, "Changelog records replayed to restore the state."},
			count(func(s *Store) int64 { return s.RestoredRecords })},
		{Metric{"grete_store_restored_bytes_total", Counter, l, "Bytes of keys and values replayed to restore the state."},
			count(func(s *Store) int64 { return s.RestoredBytes })},
		{Metric{"grete_store_restore_remaining_records", Gauge, l, "Changelog offsets left to restore. A compacted changelog has fewer records than offsets."},
			count(func(s *Store) int64 { return s.RestoreRecords })},
		{Metric{"grete_store_restore_remaining_bytes", Gauge, l, "Bytes of the changelog left to restore, estimated from the records restored so far."},
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

// commitDuration is the only metric that isn't read from a snapshot: each commit
// is observed separately.
func commitDuration() Metric {
	return Metric{"grete_commit_duration_seconds", Histogram, labels(), "Duration of commits."}
}

func count[T any](f func(T) int64) func(time.Time, T) (float64, bool) {
	return func(_ time.Time, v T) (float64, bool) { return float64(f(v)), true }
}

// cache is count for metrics of the cache. Containers without a cache have no
// value.
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

// since returns the time from ms to now, in seconds.
func since(now time.Time, ms int64) float64 { return float64(now.UnixMilli()-ms) / 1e3 }
