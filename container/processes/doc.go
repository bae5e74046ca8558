// Package processes runs the containers of a job as processes of their own on this
// machine: each is the same program with a command line of its own, has containers of
// every stage, and shares the work with the others as any process of the job does.
//
// On the job's way it is an executor, [container.Executor], beside that of one process.
// It starts the processes, starts those again that fail or are killed, hands on what it
// is asked, Ctrl-C or SIGTERM, and passes on what they write. Records never come here.
//
// A process doesn't outlive its parent, however that ends: its standard input
// is a pipe that nobody writes to and whose end tells it ([Orphaned]). This works on
// every Unix. Processes are in groups of their own, so that a Ctrl-C on a terminal comes
// to them once, through their parent.
package processes
