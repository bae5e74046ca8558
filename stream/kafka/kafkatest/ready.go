package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// readyTimeout is for a machine that is busy with other tests.
	readyTimeout = 2 * time.Minute
	// pollInterval is how often it is asked whether what is waited for is so.
	pollInterval = 20 * time.Millisecond
)

// startBrokers starts brokers, and waits until each of them answers and knows
// them all. They aren't started one by one, since a broker needs most of the
// controllers to become ready.
func (c *Cluster) startBrokers(ctx context.Context, brokers []*broker) error {
	var jvm []string
	if c.archive != "" {
		jvm = []string{"-XX:ArchiveClassesAtExit=" + c.archive}
	}
	for _, b := range brokers {
		if err := b.start(jvm...); err != nil {
			return err
		}
	}
	return poll(ctx, readyTimeout, func(ctx context.Context) error {
		for _, b := range brokers {
			if b.process.hasEnded() {
				return &finalError{fmt.Errorf("broker %d has ended; the end of its log:\n%s", b.id, b.lastWords())}
			}
			if err := c.checkReady(ctx, b, brokers); err != nil {
				return fmt.Errorf("broker %d isn't ready: %w; the end of its log:\n%s", b.id, err, b.lastWords())
			}
		}
		return nil
	})
}

// checkReady asks a broker whether it knows the others.
func (c *Cluster) checkReady(ctx context.Context, b *broker, others []*broker) error {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{} // of none
	resp, err := req.RequestWith(ctx, c.seed(b))
	if err != nil {
		return err
	}
	known := map[int32]bool{}
	for _, k := range resp.Brokers {
		known[k.NodeID] = true
	}
	for _, o := range others {
		if !known[o.id] {
			return fmt.Errorf("it doesn't know broker %d", o.id)
		}
	}
	return nil
}

// A finalError ends a poll.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// poll calls check until it returns nil or a finalError, and returns its last
// error when the time is over.
func poll(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := check(ctx)
		var final *finalError
		if err == nil || errors.As(err, &final) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
