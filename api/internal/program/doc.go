// Package program is the command line of every Grete program: it parses the
// arguments, runs one command over the pipeline, and turns its error into messages
// and an exit code.
//
// The commands are packages below this one. Each declares its flags and a Run method
// that gets what it needs: a context, the [Pipeline] and the [Console]. Package
// commands lists them; nothing else knows all of them. Packages import each other in
// one direction:
//
//	program   the Pipeline, the Console, parsing, exit codes
//	records   reads topics beside the pipeline
//	cluster   turns flags into a streaming system and a state engine
//	remote    the job as seen from outside its processes
//	feed      appends files and samples to input topics
//	run, plan, reset, status, move, drain, stores, nomadjob, submit
//	          a command each, or several that belong together
//	commands  lists them
//
// On the job's way this package stands between the pipeline, which package api
// records, and the executors of package container.
package program
