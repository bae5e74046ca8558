//go:build rocksdb && !linux

package rocksdb

// warm does nothing: elsewhere RocksDB has nothing forgotten.
func warm(string) {}
