package kafka

import (
	"context"

	"github.com/gretestream/grete/stream"
)

// Filled in by the consumer, the producer and the admin.
func newConsumer(*System, stream.ConsumerConfig) stream.Consumer { panic("to come") }

func newProducer(context.Context, *System, stream.ProducerConfig) (stream.Producer, error) {
	panic("to come")
}

type admin struct {
	system *System
	stream.Admin
}
