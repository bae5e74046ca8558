package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gretestream/grete/stream"
)

// A System is a Kafka cluster. It is safe for concurrent use.
type System struct {
	link         link
	cluster      *cluster
	coordinators *coordinators
	patience     time.Duration
	opts         Options
	log          *slog.Logger
}

const (
	defaultPatience = 2 * time.Minute
	// openPatience bounds how long Open waits for a first answer: somebody may be
	// looking.
	openPatience = 8 * time.Second
)

// Open connects to a cluster. It fails within ten seconds if no broker answers.
func Open(ctx context.Context, opts Options) (*System, error) {
	if len(opts.Brokers) == 0 {
		return nil, errors.New("kafka: no brokers are given")
	}
	if opts.ClientID == "" {
		opts.ClientID = "grete"
	}
	encryption, err := opts.TLS.config()
	if err != nil {
		return nil, fmt.Errorf("kafka: TLS: %w", err)
	}
	login, err := opts.SASL.mechanism()
	if err != nil {
		return nil, fmt.Errorf("kafka: SASL: %w", err)
	}
	s := newSystem(newTransport(opts.Brokers, opts.ClientID, encryption, login), opts)
	if err := s.reach(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("kafka: brokers %s: %w", strings.Join(opts.Brokers, ", "), err), s.Close())
	}
	return s, nil
}

func newSystem(l link, opts Options) *System {
	s := &System{link: l, cluster: &cluster{link: l}, coordinators: &coordinators{link: l}, patience: opts.Patience, opts: opts, log: opts.Logger}
	if s.patience == 0 {
		s.patience = defaultPatience
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// reach gets a first answer, and looks whether the brokers are new enough.
func (s *System) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	return retry(ctx, s.link, s.patience, func() error {
		if err := s.cluster.refresh(ctx); err != nil {
			return err
		}
		return s.checkVersions(ctx)
	})
}

// Name is "kafka".
func (*System) Name() string { return "kafka" }

// ID is the cluster's own.
func (s *System) ID() string { return s.cluster.clusterID() }

// OpenConsumer opens a consumer.
func (s *System) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newConsumer(s, cfg), nil
}

// OpenProducer opens a producer. Unless it is to be at-least-once it is
// transactional, and has fenced the one before with its id when this returns.
func (s *System) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := newProducer(ctx, s, cfg)
	if err != nil {
		return nil, fmt.Errorf("kafka: opening producer %s: %w", cfg.ID, err)
	}
	return p, nil
}

// Admin returns the administration of topics and groups.
func (s *System) Admin() stream.Admin { return admin{system: s} }

// Close ends all connections.
func (s *System) Close() error { return s.link.close() }
