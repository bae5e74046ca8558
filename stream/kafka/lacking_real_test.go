//go:build real

package kafka

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Brokers that can't create their internal topics for transactions and offsets are
// reported soon in the log, and finally in the error.
func TestErrNoTransactions_TooFewBrokers(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Properties: map[string]string{
		"transaction.state.log.replication.factor": "3",
		"offsets.topic.replication.factor":         "3",
	}})
	var log bytes.Buffer
	s := openSystem(t, Options{Brokers: c.Bootstrap(), Patience: 2 * link.StallAfter, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for setting, try := range map[string]func() error{
		"transaction.state.log.replication.factor": func() error {
			_, err := s.OpenProducer(t.Context(), stream.ProducerConfig{ID: kafkatest.Name(t)})
			return err
		},
		"offsets.topic.replication.factor": func() error {
			_, err := s.Admin().Committed(t.Context(), kafkatest.Name(t), linktest.At("t", 0))
			return err
		},
	} {
		log.Reset()
		began := time.Now()
		err := try()
		if want := "set " + setting + " to at most the number of brokers, 1 "; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(log.String(), want) {
			t.Errorf("after %v the error is %v; the log says:\n%s", time.Since(began), err, log.String())
		}
	}
	// An at-least-once producer needs neither.
	topic := kafkatest.Name(t)
	linktest.Must(t, s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: topic, Partitions: 1}))
	p, err := s.OpenProducer(t.Context(), stream.ProducerConfig{AtLeastOnce: true})
	linktest.Must(t, err)
	w, err := p.Writer(topic)
	linktest.Must(t, err)
	linktest.Must(t, w.Send(0, &stream.Record{Value: []byte("x")}))
	linktest.Must(t, p.Flush(t.Context()))
	linktest.Must(t, p.Close())
}

// The error comes at once, and says what to set.
func TestErrNoTransactions_TimeoutAboveLimit(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Properties: map[string]string{"transaction.max.timeout.ms": "10000"}})
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	_, err := s.OpenProducer(t.Context(), stream.ProducerConfig{ID: kafkatest.Name(t)})
	if !errors.Is(err, kerr.ErrNoTransactions) || !strings.Contains(err.Error(), "set the brokers' transaction.max.timeout.ms to 30000 at least") {
		t.Errorf("the error is %v", err)
	}
}
