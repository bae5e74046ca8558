// Package kafka is the streaming layer of a Kafka cluster.
//
// On the record's way it stands at both ends. The consumer of a [System] fetches many
// partitions in one request, while the loop processes what came before; records are read
// from the connection straight into the memory from which they are decoded. The producer
// encodes records into batches as they are sent, and keeps one request in flight to each
// broker, idempotent or in a transaction. On the job's way it creates and describes
// topics.
//
// The connections are kafka-go's. Requests on the record's way have frames of our own
// (internal/wire, and package batch beside this one). The logic in between has no sockets:
// it sees the world through [Link], beneath which a simulation fits. This package has
// System, [Options] and Link; the rooms below it, each importing only those before it,
// are:
//
//   - internal/wire: frames and record batches of requests
//   - internal/kerr: error codes, and which of them pass
//   - internal/link: the boundary to the world, retries, lifetimes
//   - internal/cluster: brokers, leaders and coordinators; routing of requests
//   - internal/dial: connections to real brokers
//   - internal/fetch: the consumer
//   - internal/produce: the producer and its transactions
//   - internal/group: membership in a group
//   - internal/admin: topics, offsets and groups
//
// kafkatest starts real brokers for tests, kafkasim simulates brokers.
package kafka
