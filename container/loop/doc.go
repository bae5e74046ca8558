// Package loop takes the records of a container's tasks through their operators.
//
// contract.go is what it asks of operators, which package api builds: [Logic] and [Source].
// What operators see of their task is a [Task].
//
// A [Loop] has the tasks that run, and [Inputs] their input partitions. A step of the loop
// takes in what the consumer has read, chooses the partition with the lowest event time, and
// pushes its records down the operators of its task, again and again. Watermarks follow the
// records, and what they make due happens between records.
//
// The loop commits nothing. Package container does, between steps, and brings in tasks that
// package recovery has made ready.
package loop
