// Package kv is state beside the computation: the stores of a task, on disk or
// in memory, and the write-back cache of decoded values before them.
//
// On the record's way an operator reads and changes values here, a pointer into
// the cache for each record; at a commit the dirty ones are encoded once, go to
// the changelog (which is what makes them safe) and then to the database, as one
// sorted batch. On the job's way a container opens a task's state and restores it
// from the changelog before the first record: of what a buffer holds each key goes to
// the database once, in order, and where that is much, as a load rather than a batch.
//
// The layers, from the operator inwards:
//
//	Values[V], Windows[V]   typed, decoded, in arenas; dirty or clean, bounded by a Budget
//	State                   a task's stores together: prepare, apply, replay
//	Database                bytes, one per task: kv/rocksdb or kv/memory
//
// Everything belongs to the goroutine of the container's loop, unless it says
// otherwise.
package kv
