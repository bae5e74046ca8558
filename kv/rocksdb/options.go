//go:build rocksdb

package rocksdb

import (
	"github.com/linxGnu/grocksdb"
)

// Options are those of the process. Zero values are defaults.
type Options struct {
	// CacheBytes bounds the blocks, indexes and filters of files that are kept in
	// memory, of all databases together. Default 32 MiB.
	CacheBytes int64
	// WriteBufferBytes bounds what is written but not yet flushed, of all databases
	// together. A quarter of it, or a little more, is the most that has to be
	// replayed after a crash. Default 32 MiB.
	WriteBufferBytes int64
}

const (
	defaultCacheBytes       = 32 << 20
	defaultWriteBufferBytes = 32 << 20

	arenaBlock  = 64 << 10
	blockSize   = 8 << 10
	targetFile  = 16 << 20
	maxLogFile  = 1 << 20
	bloomBits   = 10
	maxOpenFile = 256

	// mergedAtOnce is how many overlapping files are there before they are merged with
	// all others. RocksDB's 4 has a restore of keys in no order merge half as much
	// again; filters keep those who read from looking into each.
	mergedAtOnce = 8
)

// tableOptions are those of the files. Their indexes and filters count as cache, so
// that the cache bounds all that is read. They are partitioned: a filter of a whole
// file, a megabyte, doesn't fit one of the cache's 64 shards, and would be read
// anew for each key that is asked for.
func tableOptions(cache *grocksdb.Cache) *grocksdb.BlockBasedTableOptions {
	t := grocksdb.NewDefaultBlockBasedTableOptions()
	t.SetBlockCache(cache)
	t.SetBlockSize(blockSize)
	t.SetFilterPolicy(grocksdb.NewBloomFilter(bloomBits))
	t.SetCacheIndexAndFilterBlocks(true)
	t.SetCacheIndexAndFilterBlocksWithHighPriority(true)
	t.SetIndexType(grocksdb.KTwoLevelIndexSearchIndexType)
	t.SetPartitionFilters(true)
	t.SetMetadataBlockSize(4 << 10)
	t.SetPinTopLevelIndexAndFilter(true)
	t.SetFormatVersion(5)
	return t
}

// databaseOptions are those of a database and each of its column families.
func databaseOptions(table *grocksdb.BlockBasedTableOptions, writeBuffer int64) *grocksdb.Options {
	o := grocksdb.NewDefaultOptions()
	o.SetCreateIfMissing(true)
	o.SetCreateIfMissingColumnFamilies(true)
	o.SetBlockBasedTableFactory(table)
	o.SetCompression(grocksdb.LZ4Compression)
	o.SetLevelCompactionDynamicLevelBytes(true)
	o.SetTargetFileSizeBase(targetFile)
	o.SetLevel0FileNumCompactionTrigger(mergedAtOnce)
	// Without a log, only this keeps the stores and the meta record together over
	// a kill.
	o.SetAtomicFlush(true)
	// The engine decides when to flush; these are beyond what it allows.
	o.SetWriteBufferSize(uint64(writeBuffer))
	o.SetMaxWriteBufferNumber(8)
	o.SetArenaBlockSize(arenaBlock)
	o.SetAllowConcurrentMemtableWrites(false)
	o.SetMaxOpenFiles(maxOpenFile)
	o.SetMaxBackgroundJobs(2)
	o.SetInfoLogLevel(grocksdb.WarnInfoLogLevel)
	o.SetKeepLogFileNum(2)
	o.SetMaxLogFileSize(maxLogFile)
	o.SetManifestPreallocationSize(64 << 10)
	o.SetStatsDumpPeriodSec(0)
	o.SetStatsPersistPeriodSec(0)
	return o
}
