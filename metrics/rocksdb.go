package metrics

import (
	"slices"
	"time"
)

// A rocksdbGauge is a property of RocksDB and the metric that shows it.
type rocksdbGauge struct{ property, name, help string }

func rocksdbGauges() []rocksdbGauge {
	return []rocksdbGauge{
		{"rocksdb.size-all-mem-tables", "memtable_bytes", "Memory of the memtables."},
		{"rocksdb.estimate-table-readers-mem", "table_readers_bytes", "Memory of the readers of files, outside the block cache."},
		{"rocksdb.block-cache-usage", "block_cache_bytes", "Memory of the block cache. All stores of a process share one: take the maximum."},
		{"rocksdb.block-cache-pinned-usage", "block_cache_pinned_bytes", "The part of the block cache that is in use. All stores of a process share one: take the maximum."},
		{"rocksdb.estimate-num-keys", "keys", "Keys in the store, estimated."},
		{"rocksdb.estimate-live-data-size", "live_data_bytes", "Data without what compaction will remove, estimated."},
		{"rocksdb.estimate-pending-compaction-bytes", "pending_compaction_bytes", "What compaction has yet to rewrite, estimated."},
		{"rocksdb.num-running-compactions", "running_compactions", "Compactions that run."},
		{"rocksdb.num-running-flushes", "running_flushes", "Flushes that run."},
		{"rocksdb.actual-delayed-write-rate", "delayed_write_bytes_per_second", "What writing is slowed down to because compaction lags; 0 if it isn't."},
		{"rocksdb.is-write-stopped", "write_stopped", "1 if writing is stopped because compaction lags."},
		{"rocksdb.background-errors", "background_errors", "Errors of flushes and compactions."},
	}
}

// RocksDBProperties lists the integer properties of RocksDB that are shown if a
// [Store] has them.
func RocksDBProperties() []string {
	var names []string
	for _, g := range rocksdbGauges() {
		names = append(names, g.property)
	}
	return names
}

func rocksdbFamilies() []family[*Store] {
	var all []family[*Store]
	for _, g := range rocksdbGauges() {
		m := Metric{"grete_rocksdb_" + g.name, Gauge, labels("task", "store"), g.help}
		all = append(all, family[*Store]{m, func(_ time.Time, s *Store) (float64, bool) {
			at := slices.IndexFunc(s.Properties, func(p Property) bool { return p.Name == g.property })
			if at < 0 {
				return 0, false
			}
			return s.Properties[at].Value, true
		}})
	}
	return all
}
