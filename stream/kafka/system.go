package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/admin"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/dial"
	"github.com/gretestream/grete/stream/kafka/internal/fetch"
	"github.com/gretestream/grete/stream/kafka/internal/group"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/produce"
)

// A System is a Kafka cluster. It is safe for concurrent use.
type System struct {
	client *cluster.Client
	opts   Options
}

// Open connects to a cluster. It fails within ten seconds if no broker answers.
func Open(ctx context.Context, opts Options) (*System, error) {
	if opts.ClientID == "" {
		opts.ClientID = "grete"
	}
	var err error
	if opts.Brokers, err = addresses(opts.Brokers); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	encryption, err := opts.TLS.config()
	if err != nil {
		return nil, fmt.Errorf("kafka: TLS: %w", err)
	}
	login, err := opts.SASL.login()
	if err != nil {
		return nil, fmt.Errorf("kafka: SASL: %w", err)
	}
	s := newSystem(dial.NewTransport(opts.Brokers, opts.ClientID, encryption, login), opts)
	if login != nil && encryption == nil && opts.SASL.Mechanism == Plain {
		s.client.Log.Warn("the password is sent to Kafka unencrypted; use TLS or SCRAM")
	}
	if err := s.reach(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("kafka: %w", err), s.Close())
	}
	return s, nil
}

// OpenOn opens a cluster over another link than the network, such as a simulated one. It
// ignores the options that are about connections.
func OpenOn(ctx context.Context, link link.Link, opts Options) (*System, error) {
	s := newSystem(link, opts)
	if err := s.client.Retry(ctx, func() error { return s.client.Metadata.Refresh(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("kafka: %w", err), s.Close())
	}
	return s, nil
}

func newSystem(l link.Link, opts Options) *System {
	return &System{client: cluster.NewClient(l, opts.Patience, opts.Logger), opts: opts}
}

// Name returns "kafka".
func (*System) Name() string { return "kafka" }

// ID returns the cluster's id.
func (s *System) ID() string { return s.client.Metadata.ClusterID() }

// OpenConsumer opens a consumer.
func (s *System) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return fetch.New(s.client, cfg), nil
}

// OpenProducer opens a producer. A producer that is not at-least-once is transactional;
// its predecessor with the same id is fenced when OpenProducer returns.
func (s *System) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := produce.Open(ctx, s.client, s.opts.Codec, cfg)
	if err != nil {
		return nil, fmt.Errorf("kafka: opening producer %s: %w", cfg.ID, err)
	}
	return p, nil
}

// Admin returns the administration of topics and groups.
func (s *System) Admin() stream.Admin { return admin.New(s.client) }

// OpenTransactions implements [stream.TransactionViewer].
func (s *System) OpenTransactions(ctx context.Context, tps ...stream.TopicPartition) ([]stream.OpenTransaction, error) {
	return admin.New(s.client).OpenTransactions(ctx, tps...)
}

// Close ends all connections.
func (s *System) Close() error { return s.client.Link.Close() }

// Join returns a membership in a group. It joins at the first Rejoin.
func (s *System) Join(ctx context.Context, cfg stream.GroupConfig) (stream.Membership, error) {
	g, err := group.Join(ctx, s.client, cfg)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return g, nil
}

// Group describes a group: its members and their assignments.
func (s *System) Group(ctx context.Context, name string) (stream.GroupState, error) {
	return admin.New(s.client).Group(ctx, name)
}
