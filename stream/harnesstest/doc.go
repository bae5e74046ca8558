// Package harnesstest has the common parts of the packages that start real clusters
// for tests: kafkatest (Kafka brokers) and nomadtest (Nomad agents). It reserves
// ports, locks files between processes, polls, and skips tests on machines that can't
// run a cluster.
package harnesstest
