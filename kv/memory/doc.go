// Package memory keeps the stores of a task in memory. Nothing survives the
// process: state is restored from the changelog, in full. It needs no C, and so is
// what a program runs on that was built without RocksDB.
package memory
