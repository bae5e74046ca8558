// Package run has the command run: it runs the pipeline, in this process or in several
// that it starts.
//
// A run is a sequence of values, each made of the one before, with all of its fields
// set:
//
//	Command     the flags, as parsed
//	settings    the flags, checked: nothing was opened yet
//	connection  the data directory, locked, and the streaming system
//	job         the plan, checked against the running job and its topics
//	process     the state engine and the HTTP API of containers in this process
//	follower    the running containers, which follow inputs that grow
package run
