package cluster

// Settings of a topic, by Kafka's names.
const (
	CleanupPolicy   = "cleanup.policy"
	MaxMessageBytes = "max.message.bytes"
)

// TopicConfigType is the type of resource that a topic is, by Kafka's number.
const TopicConfigType = 2
