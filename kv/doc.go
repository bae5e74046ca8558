// Package kv is state beside the computation: the stores of a task, on disk or in
// memory, and the write-back cache of decoded values before them.
//
// On the record's way an operator reads and changes values here: a pointer into the
// cache for each record. A commit encodes the dirty values once, sends them to the
// changelog, which makes them safe, and then writes them to the database in one
// sorted batch. On the job's way a container opens a task's state and restores it
// from the changelog before the first record. The restore buffers changelog records,
// and writes the last value of each key once, in order; many of them are loaded as a
// file rather than written as a batch.
//
// The layers, from the operator inwards:
//
//	kv/layout               what an entry's key is made of: sessions, maps, lists, ...
//	Values[V], Windows[V]   typed, decoded, in arenas; dirty or clean, bounded by a Budget
//	State                   a task's stores together: prepare, apply, replay
//	Database                bytes, one per task: kv/rocksdb or kv/memory
//
// Everything belongs to the goroutine of the container's loop, unless its comment says
// otherwise.
//
// # Undoing a record
//
// A record that fails may have changed entries before. [State.Undo] takes that back. While a
// segment is open, views save what they are about to change, once in a segment:
//
//   - cache.upsert and cache.remove save an item: whether it was present, and a copy of its
//     value, or its encoding if the value isn't plain. A rewind sets both again. The item
//     stays dirty, which costs a write at most.
//   - Windows.begin saves that a window was opened. A rewind frees it.
//   - Windows.Drop of a whole window saves the window. It stays intact until the commit; one
//     that was never stored is freed when the segment is kept.
//   - Windows.Drop up to a key, and DeleteRange, remove one entry after the other in a segment.
//
// Generations, evictions and prepared batches need no undoing: they change at a commit or
// by [Budget.Trim], which never come in the middle of a segment.
package kv
