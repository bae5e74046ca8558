// Package harnesstest has what the harnesses share that start real clusters for tests,
// of Kafka brokers (package kafkatest) and of Nomad agents (package nomadtest): ports that
// stay free while a process is away, locks among processes, waiting, and what becomes of a
// test where there can't be a cluster. Nothing of it is on a record's way or on a job's.
package harnesstest
