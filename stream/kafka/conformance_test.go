package kafka_test

import (
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
	"github.com/gretestream/grete/stream/streamtest"
)

func TestConformanceOfFake(t *testing.T) {
	sys := open(t, kafkatest.Fake(t))
	streamtest.Run(t, func(*testing.T) stream.System { return sys })
}

func open(t testing.TB, brokers []string) *kafka.System {
	t.Helper()
	sys, err := kafka.Open(t.Context(), kafka.Options{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sys.Close(); err != nil {
			t.Error(err)
		}
	})
	return sys
}
