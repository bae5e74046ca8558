// Package rocksdb keeps the stores of a task in RocksDB: a database for each task, and in
// it a column family for each store. It is the only package that needs C, and is empty
// without the build tag rocksdb.
package rocksdb
