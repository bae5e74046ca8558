// Package recovery brings the tasks of a container to their last commits: it opens their
// databases, restores them from the changelogs, and finds out where the inputs continue.
// A [Recovery] runs beside the container's loop and hands over what it has recovered; a
// [Follower] keeps the state of tasks of other containers close behind their owners.
//
// A database is trusted only where it fits: it belongs to this log, app, task and schema,
// its changelogs are the ones that it was committed to (identity.go), and it has missed no
// deletion that they have dropped since (age.go). What a database lacks is replayed from
// the tail of its changelogs (replay.go).
//
// Under exactly-once one producer at a time may write for a task. A recovery fences the
// previous owner before it reads how far that came (fence.go). At least once, a changelog
// may have records behind the last commit; they are undone (cut.go).
package recovery
