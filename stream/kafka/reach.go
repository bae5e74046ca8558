package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/dial"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// reach waits for a first answer, and checks that the brokers are reachable at their
// advertised addresses and recent enough.
func (s *System) reach(ctx context.Context) error {
	within, cancel := context.WithTimeoutCause(ctx, cluster.OpenTimeout, fmt.Errorf("no answer within %s", cluster.OpenTimeout))
	defer cancel()
	var last error
	err := link.Retry(within, s.client.Link, min(s.client.Patience, cluster.OpenTimeout), func() error {
		err := s.probe(within)
		if within.Err() == nil || last == nil {
			last = err
		}
		return err
	})
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return last // it says more than that the time is over
	}
	return err
}

func (s *System) probe(ctx context.Context) error {
	if err := s.client.Metadata.Refresh(ctx); err != nil {
		return s.explainClosed(err)
	}
	var first error
	for _, b := range s.client.Metadata.Brokers() {
		err := s.client.CheckVersions(ctx, b.Node)
		if err == nil {
			return nil
		}
		var away *kerr.UnreachableError
		if errors.As(err, &away) {
			err = fmt.Errorf("%w; the cluster is reachable, but not at %s, the address that broker %d advertises: correct its advertised.listeners, or make the address resolvable here",
				err, b.Address, b.Node)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// explainClosed explains a connection that is closed at the first request after the
// handshake.
func (s *System) explainClosed(err error) error {
	if !dial.ClosedAfterHandshake(err) || s.opts.SASL != nil {
		return err
	}
	return fmt.Errorf("%w: the broker closed the connection, as brokers do that require a user and password (SASL)", err)
}
