// Package kafka is the streaming layer of a Kafka cluster.
//
// On the record's way it stands at both ends. A [System]'s consumer fetches many
// partitions in one request, while the loop processes what came before; records
// are read from the connection straight into the memory from which they are
// decoded. Its producer encodes records into batches as they are sent, and has
// one request under way to each broker with all batches that are ready,
// idempotent, or as a transaction. On the job's way it makes topics and looks
// at them.
//
// The connections are kafka-go's; what is said over them on the record's way is
// ours (internal/wire, and package batch beside this one). The logic in between
// has no sockets: it sees the world through [Link], so that a test can put a
// simulated one beneath it. From outside in:
//
//   - [System] in system.go, with options.go and security.go
//   - the consumer, in consumer.go and what it names
//   - the producer, in producer.go and what it names
//   - the membership of a group, in membership.go, around the state machine in
//     group_member.go and group_answers.go; what is seen of a group from outside,
//     in group_state.go
//   - the admin, in admin.go
//   - what all of them use: cluster.go (who leads which partition),
//     coordinators.go (who answers for groups and transactions), retry.go and
//     errors.go (what a broker's error means), transport.go (the real link)
//
// kafkatest starts real brokers for tests.
package kafka
