// Package rocksdb keeps the stores of a task in RocksDB, one database a task, one
// column family a store. It is the only package that needs C, and is empty
// without the build tag rocksdb.
package rocksdb
