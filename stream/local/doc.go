// Package local is the embedded log: a [stream.System] in a directory of one
// machine, for one process. It is what a bare go run reads and writes, and
// survives whatever kills the process.
//
// On the record's way it stands at both ends. A producer gathers its
// transaction in memory as record batches; Commit appends them to the segment
// files of their partitions, with one write for each, and then appends one record
// to the commit log. Consumers read what is committed, with pread.
//
// # The directory
//
//	LOCK                      held while a process has the log open
//	log.json                  format and identity
//	commits                   the commit log
//	topics/NAME/topic.json    a topic's configuration
//	topics/NAME/P-BASE-G.log  a segment: partition, first offset, generation
//
// The commit log alone says which bytes of which files are the log; see commitlog.go.
// What it doesn't mention is cut off or removed by Open. So a commit over
// many partitions is atomic, a torn tail is nothing, and a compaction, which
// writes new files and then one record that names them, is too.
//
// # What survives
//
// When the process is killed: every commit that returned. When the machine
// loses power: with [SyncCommit] the same, with [SyncInterval] all but the last
// moments, cut at a commit, and with [SyncNever] perhaps nothing.
//
// # Locks
//
// System.mu serialises commits; System.visible guards what readers see, and is
// held for moments only. A commit takes mu, and visible within it. No file is
// read or written under visible.
package local
