// Package container runs tasks: it is the event loop between the logs of
// package stream and the operators of package api.
//
// A container runs some of the tasks of one stage in one goroutine: it reads
// their inputs, lowest event time first, pushes each record down the task's
// operators, and commits, every half second, what came of it: outputs, state and
// offsets together. On the job's way an [Executor] ([InProcess] is the one of this
// process) opens a container for each share of each stage of the plan.
//
// The order of a commit is what exactly-once rests on (commit.go):
//
//  1. cut: each task's input offsets up to which everything is finished
//  2. changelog records of the dirty state, and the task's meta record, join the
//     outputs in the producer's transaction
//  3. the transaction commits, with the group's offsets
//  4. only then the dirty state goes to the database, with the meta record in
//     the same batch
//
// So a database is never ahead of the committed offsets; after a crash it may be
// behind, and the tail of the changelog is replayed (restore.go, replay.go).
//
// A restore trusts what a database holds only where that fits: it is of this log, app,
// task and schema, its changelogs are the ones that it was committed to (identity.go),
// and it has missed no deletion that they have forgotten since (age.go).
//
// At least once is the same order without the transaction: step 2 waits until all
// but the meta records is safe before it sends those, and step 3 until they are,
// before it commits the group's offsets. A restore takes what the last meta record
// stands for, and undoes what came behind it (cut.go), so that state is as of that
// commit too; what may come twice is what was sent.
//
// A job that doesn't run can be told to begin anew: [Reset] gives its tasks another
// history, by commits like those of a container.
//
// Everything of a container belongs to the goroutine that calls Run or Step.
package container
