package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/stream"
)

// A System is a Kafka cluster. It is safe for concurrent use.
type System struct {
	link         Link
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
	defaultPort  = "9092"
)

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
	login, err := newLogin(opts.SASL)
	if err != nil {
		return nil, fmt.Errorf("kafka: SASL: %w", err)
	}
	s := newSystem(newTransport(opts.Brokers, opts.ClientID, encryption, login), opts)
	if login != nil && encryption == nil && opts.SASL.Mechanism == Plain {
		s.log.Warn("the password is sent to Kafka in the clear: use TLS, or SCRAM")
	}
	if err := s.reach(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("kafka: %w", err), s.Close())
	}
	return s, nil
}

// OpenOn opens a cluster that is reached over another link than the network: a
// simulated one. Of opts it takes what isn't about connections.
func OpenOn(ctx context.Context, link Link, opts Options) (*System, error) {
	s := newSystem(link, opts)
	if err := s.retry(ctx, func() error { return s.cluster.refresh(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("kafka: %w", err), s.Close())
	}
	return s, nil
}

// addresses checks what a user gave, and adds Kafka's port where there is none.
func addresses(given []string) ([]string, error) {
	var list []string
	for _, a := range given {
		host, port, err := net.SplitHostPort(a)
		if err != nil && !strings.Contains(a, ":") {
			host, port, err = a, defaultPort, nil
		}
		if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ ,") {
			return nil, fmt.Errorf("broker address %q: expected host:port", a)
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	if len(list) == 0 {
		return nil, errors.New("no brokers are given: expected host:port of one or more")
	}
	return list, nil
}

func newSystem(l Link, opts Options) *System {
	c := &cluster{link: l}
	s := &System{link: l, cluster: c, coordinators: &coordinators{cluster: c}, patience: opts.Patience, opts: opts, log: opts.Logger}
	if s.patience == 0 {
		s.patience = defaultPatience
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// retry is retry with the system's patience.
func (s *System) retry(ctx context.Context, try func() error) error {
	return retry(ctx, s.link, s.patience, try)
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
func (s *System) Admin() stream.Admin { return admin{s} }

// Close ends all connections.
func (s *System) Close() error { return s.link.Close() }
