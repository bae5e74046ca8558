// Package malloc sets an option of C's memory allocator, which RocksDB uses. Besides
// grocksdb, it is the only package with cgo.
package malloc
