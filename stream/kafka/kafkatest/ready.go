package kafkatest

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream/harnesstest"
)

const (
	// readyTimeout is for a machine that is busy with other tests.
	readyTimeout = 2 * time.Minute
)

// startBrokers starts brokers, and waits until each of them answers and knows all. They
// start together, since a broker needs most of the controllers to become ready.
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
	return harnesstest.Poll(ctx, readyTimeout, func(ctx context.Context) error {
		for _, b := range brokers {
			if b.process.hasEnded() {
				return &harnesstest.FinalError{Err: fmt.Errorf("broker %d has ended; the end of its log:\n%s", b.id, b.lastWords())}
			}
			if err := c.checkReady(ctx, b, brokers); err != nil {
				return fmt.Errorf("broker %d isn't ready: %w; the end of its log:\n%s", b.id, err, b.lastWords())
			}
		}
		return nil
	})
}

// checkReady checks whether a broker knows the others.
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
