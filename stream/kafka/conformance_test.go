package kafka

import (
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
	"github.com/gretestream/grete/stream/streamtest"
)

func TestConformance_FakeBrokers(t *testing.T) {
	sys := openSystem(t, Options{Brokers: kafkatest.Fake(t)})
	streamtest.Run(t, func(*testing.T) stream.System { return sys })
}
