//go:build rocksdb

package rocksdb

import (
	"github.com/linxGnu/grocksdb"
)

// Options are the settings of a process. Zero values are defaults.
type Options struct {
	// CacheBytes bounds the memory of file blocks, indexes and filters, of all databases
	// together. Default 32 MiB.
	CacheBytes int64
	// WriteBufferBytes bounds the unflushed writes of all databases together. After a
	// crash, about a quarter of it must be replayed at most. Default 32 MiB.
	WriteBufferBytes int64
	// OpenFiles bounds the table files that each database keeps open. Default 256, least 20.
	OpenFiles int
}

const (
	defaultCacheBytes       = 32 << 20
	defaultWriteBufferBytes = 32 << 20
	defaultOpenFiles        = 256

	arenaBlock = 64 << 10
	blockSize  = 8 << 10
	targetFile = 16 << 20
	maxLogFile = 1 << 20
	bloomBits  = 10

	// mergedAtOnce is how many overlapping files there are before they are merged with all
	// others. With RocksDB's 4 a restore of keys in random order merges half as much
	// again; filters save reads from looking into each file.
	mergedAtOnce = 8
)

// tableOptions returns the options of files. Indexes and filters count as cache, so that
// the cache bounds all memory of reads. They are partitioned: the filter of a whole file,
// a megabyte, doesn't fit into one of the cache's 64 shards, and would be read again for
// each key.
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

// databaseOptions returns the options of a database and its column families.
func databaseOptions(table *grocksdb.BlockBasedTableOptions, of Options) *grocksdb.Options {
	o := grocksdb.NewDefaultOptions()
	o.SetCreateIfMissing(true)
	o.SetCreateIfMissingColumnFamilies(true)
	o.SetBlockBasedTableFactory(table)
	o.SetCompression(grocksdb.LZ4Compression)
	o.SetLevelCompactionDynamicLevelBytes(true)
	o.SetTargetFileSizeBase(targetFile)
	o.SetLevel0FileNumCompactionTrigger(mergedAtOnce)
	// Without a WAL, only this keeps the stores and the meta record together after a
	// kill.
	o.SetAtomicFlush(true)
	// The engine decides when to flush; these limits are never reached.
	o.SetWriteBufferSize(uint64(of.WriteBufferBytes))
	o.SetMaxWriteBufferNumber(8)
	o.SetArenaBlockSize(arenaBlock)
	o.SetAllowConcurrentMemtableWrites(false)
	o.SetMaxOpenFiles(of.OpenFiles)
	o.SetMaxBackgroundJobs(2)
	o.SetInfoLogLevel(grocksdb.WarnInfoLogLevel)
	o.SetKeepLogFileNum(2)
	o.SetMaxLogFileSize(maxLogFile)
	o.SetManifestPreallocationSize(64 << 10)
	o.SetStatsDumpPeriodSec(0)
	o.SetStatsPersistPeriodSec(0)
	return o
}
