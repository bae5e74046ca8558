// Package local is the embedded log: a [stream.System] in a directory, for one
// process. A program uses it unless -kafka is set.
//
// A producer collects its transaction in memory as record batches. Commit appends
// the batches to the segment files of their partitions, with one write for each
// partition, and then appends one record to the commit log. Consumers read
// committed data with pread.
//
// # The directory
//
//	LOCK                      locked while a process has the log open
//	log.json                  format version and identity
//	commits                   the commit log
//	topics/NAME/topic.json    configuration of a topic
//	topics/NAME/P-BASE-G.log  a segment: partition, first offset, generation
//
// The commit log alone defines which bytes of which files belong to the log; see
// commitlog.go. Open truncates or removes everything else. Therefore a commit over
// many partitions is atomic and a torn tail is harmless. Compaction is atomic too:
// it writes new files, and then one commit record that names them.
//
// # Durability
//
// If the process is killed, every commit that has returned survives. If the
// machine loses power, the sync policy decides: with [SyncCommit] nothing is lost,
// with [SyncInterval] the commits of the last moments may be, and with [SyncNever]
// everything may be. A commit is never lost in part.
//
// # Locks
//
// System.mu serialises commits. System.visible guards the state that readers see.
// A commit takes mu first and visible second. No file is read or written while
// visible is held.
package local
