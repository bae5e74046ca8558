package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// probeTimeout is how long Open waits for each broker at its own address.
const probeTimeout = 2 * time.Second

// reach gets a first answer, and looks whether the brokers can be reached at their
// own addresses and are new enough.
func (s *System) reach(ctx context.Context) error {
	within, cancel := context.WithTimeoutCause(ctx, openPatience, fmt.Errorf("no answer within %s", openPatience))
	defer cancel()
	var last error
	err := retry(within, s.client.link, min(s.client.patience, openPatience), func() error {
		err := s.greet(within)
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

func (s *System) greet(ctx context.Context) error {
	if err := s.client.cluster.refresh(ctx); err != nil {
		return s.turnedAway(err)
	}
	var first error
	for _, b := range s.client.cluster.known() {
		err := s.client.checkVersions(ctx, b.node)
		if err == nil {
			return nil
		}
		var away *UnreachableError
		if errors.As(err, &away) {
			err = fmt.Errorf("%w; the cluster can be reached, but not at %s, which broker %d gives as its own address: correct its advertised.listeners, or make that address known here",
				err, b.address, b.node)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// turnedAway explains a connection that is closed at the first request after the
// greeting.
func (s *System) turnedAway(err error) error {
	if !closedLater(err) || s.opts.SASL != nil {
		return err
	}
	return fmt.Errorf("%w: the broker closes the connection, as one does that asks for a user and password (SASL)", err)
}
