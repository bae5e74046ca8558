//go:build rocksdb && !linux

package rocksdb

// warm does nothing: only on Linux RocksDB drops loaded files from the page cache.
func warm(string) {}
