// Package kafkasim is a Kafka cluster at the level of requests, for simulations.
//
// It takes the place of brokers, beneath a link of package kafka (kafka.OpenOn) that a test
// or simulation provides. The link is the network and the clock, and may drop, delay and
// repeat requests and answers; the cluster carries out what arrives. The cluster is a state
// machine: its answers depend on the order of the calls alone. It has no goroutine, no clock
// and no randomness, and never depends on the order of a map. It isn't safe for concurrent
// use.
//
// It supports what Grete's client uses: topics and their settings, record batches with the
// rules for idempotent and transactional producers, fetch sessions, both coordinators,
// offsets and members of groups, crashes and elections. It follows the brokers of Kafka 4.1;
// the tests compare the two request by request. A broker's work in its own time (the markers
// of a transaction, timeouts, elections) is a [Chore], done when the simulation calls
// [Cluster.Do]. The logs of partitions are in internal/partlog.
//
// Simplifications: an answered batch is on all replicas, so that only [Cluster.Truncate]
// loses records; all brokers learn of a change at the same moment; a group
// doesn't wait for more members when the first one joins; neither records nor producers
// expire. The answers of a real broker to the scripts of the tests are in testdata:
//
//	go test -tags real -run MatchKafka . -update
package kafkasim
