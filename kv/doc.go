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
// A record that fails may have changed entries before. An undo log would save what
// they were, at these places, before the change:
//
//   - cache.upsert returns the pointer through which a value is changed. There an entry
//     gives its key, whether it is present, and a copy of the value, the first time that
//     a record asks for it. Undoing sets them again. The item stays dirty, which costs a
//     write at most: the dirty list, the budget and the flag stored needn't go back.
//   - cache.remove and removeExisting: the same.
//   - Windows.begin: a window that the record began is dropped again. It is complete and
//     not stored, so that nothing of it is in the database.
//   - Windows.Drop of a whole window moves it to the dropped ones, where it stays intact
//     until the commit. Undoing moves it back. Only a window that was never stored is
//     freed at once, which would have to wait for the end of the record.
//   - Windows.Drop up to a key: dropSorted changes items (their values must be copied),
//     skip and dropped; dropDirty changes items and dropped.
//
// Generations, evictions and prepared batches need no undoing: they change at a commit or
// by [Budget.Trim], which never come in the middle of a record.
package kv
