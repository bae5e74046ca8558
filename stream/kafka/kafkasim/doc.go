// Package kafkasim is a Kafka cluster at the level of requests, for simulations.
//
// It stands where the brokers do: beneath a link of package kafka that a test
// gives it (kafka.OpenOn). The link is the network and the clock, and does to
// requests and answers what it wants; the cluster carries out what arrives. It is
// a state machine: what it answers depends on the order of the calls alone. It
// has no goroutine, no clock and no randomness, and nothing in it depends on the
// order of a map. It isn't safe for concurrent use.
//
// What it knows is what Grete's client says: topics and their settings, record
// batches with the rules for idempotent and transactional producers, fetch
// sessions, the two coordinators, groups' offsets and members, deaths and elections. It follows
// the brokers of Kafka 4.1, against which its tests compare it, request by
// request. What a broker does in its own time (a transaction's markers, time-outs,
// elections) is a [Chore], done when the simulation says so.
//
// What is simpler than with Kafka: a batch is on all copies when it is answered, so
// that a death loses nothing unless [Cluster.Truncate] says so; all brokers hear of
// a change at the same moment; groups don't wait for more members when the first one
// joins; nothing is too old to be
// kept, neither records nor producers. What a broker did in the scripts of the tests
// is in testdata, written down from a real one:
//
//	go test -tags real -run MatchKafka . -update
package kafkasim
