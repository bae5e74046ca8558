package metrics

import (
	"slices"
	"time"
)

// A rocksdbGauge maps a property of RocksDB to a metric.
type rocksdbGauge struct{ property, name, help string }

func rocksdbGauges() []rocksdbGauge {
	return []rocksdbGauge{
		{"rocksdb.size-all-mem-tables", "memtable_bytes", "Memory used by the memtables."},
		{"rocksdb.estimate-table-readers-mem", "table_readers_bytes", "Memory used by table readers, outside the block cache."},
		{"rocksdb.block-cache-usage", "block_cache_bytes", "Memory used by the block cache. All stores of a process share one block cache, so aggregate with max, not sum."},
		{"rocksdb.block-cache-pinned-usage", "block_cache_pinned_bytes", "Pinned part of the block cache. All stores of a process share one block cache, so aggregate with max, not sum."},
		{"rocksdb.estimate-num-keys", "keys", "Estimated number of keys in the store."},
		{"rocksdb.estimate-live-data-size", "live_data_bytes", "Estimated size of the live data, without entries that compaction will remove."},
		{"rocksdb.estimate-pending-compaction-bytes", "pending_compaction_bytes", "Estimated number of bytes that compaction has yet to rewrite."},
		{"rocksdb.num-running-compactions", "running_compactions", "Number of running compactions."},
		{"rocksdb.num-running-flushes", "running_flushes", "Number of running flushes."},
		{"rocksdb.actual-delayed-write-rate", "delayed_write_bytes_per_second", "Rate to which writes are throttled because compaction lags; 0 if they aren't."},
		{"rocksdb.is-write-stopped", "write_stopped", "1 if writes are stopped because compaction lags, else 0."},
		{"rocksdb.background-errors", "background_errors", "Number of failed flushes and compactions."},
	}
}

// RocksDBProperties returns the integer properties of RocksDB that have a metric.
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
