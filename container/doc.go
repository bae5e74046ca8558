// Package container runs tasks: it stands between the logs of package stream and the
// operators of package api.
//
// A container runs some of the tasks of one stage in one goroutine. Package loop takes the
// records of their inputs through their operators. Every half second the container commits
// the results: outputs, state and offsets together. On the job's way, an
// [Executor] ([InProcess] is the one of this process) opens the containers of a plan.
//
// Exactly-once rests on the order of a commit (commit.go):
//
//  1. cut: each task's input offsets up to which everything is finished
//  2. changelog records of the dirty state, and the task's meta record, join the
//     outputs in the producer's transaction
//  3. the transaction commits, with the group's offsets
//  4. only then the dirty state goes to the database, with the meta record in
//     the same batch
//
// So a database is never ahead of the committed offsets. After a crash it may be behind, and
// the tail of the changelog is replayed (package recovery).
//
// At least once is the same order without the transaction. Step 2 waits until everything but
// the meta records is safe before it sends those, and step 3 until they are, before it
// commits the group's offsets. A restore ends with the last meta record and undoes the
// records behind it, so state is as of that commit, too; only what was sent may come twice.
//
// A [Container] lasts; a failure replaces its life. The parts of a life share the goroutine
// that calls Run or Step: the loop takes records through the operators, the committer makes
// their results final, and the opener gets tasks ready beside the loop. Package membership
// decides which tasks these are.
package container
