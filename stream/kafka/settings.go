package kafka

// Settings of a topic, by Kafka's names.
const (
	cleanupPolicy = "cleanup.policy"
	maxMessage    = "max.message.bytes"
)

// topicType is the type of resource that a topic is, by Kafka's number.
const topicType = 2
