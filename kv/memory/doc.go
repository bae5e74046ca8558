// Package memory keeps the stores of a task in memory. Nothing survives the process:
// state is restored from the changelog in full. It needs no C, so it is the engine of
// programs that are built without RocksDB.
package memory
