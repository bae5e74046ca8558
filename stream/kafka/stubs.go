package kafka

import (
	"github.com/gretestream/grete/stream"
)

// Filled in by the consumer, the producer and the admin.
func newConsumer(*System, stream.ConsumerConfig) stream.Consumer { panic("to come") }
