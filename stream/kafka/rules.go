package kafka

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/segmentio/kafka-go/protocol/describeconfigs"

	"github.com/gretestream/grete/stream/batch"
)

// topicRules are what a topic's settings say about the records that it takes. The
// zero value stands for settings that we aren't allowed to see: then the broker
// says no in its time.
type topicRules struct {
	compacted bool
	maxBytes  int // of a batch, as it is sent; 0: unknown
}

// batchBytes is how large a batch of more than one record may get before it is
// compressed.
func (r topicRules) batchBytes(codec batch.Codec) int {
	most := r.maxBytes
	if codec != batch.None {
		// What can't be compressed becomes a little larger instead.
		most -= most/64 + batch.HeaderSize
	}
	if r.maxBytes > 0 && most < batchBytes {
		return most
	}
	return batchBytes
}

// rulesOf asks for a topic's.
func rulesOf(ctx context.Context, c *client, topic string) (topicRules, error) {
	var rules topicRules
	err := c.retry(ctx, func() error {
		answer, err := askAny[*describeconfigs.Response](ctx, c.cluster, &describeconfigs.Request{
			Resources: []describeconfigs.RequestResource{{
				ResourceType: topicType, ResourceName: topic, ConfigNames: []string{cleanupPolicy, maxMessage},
			}},
		})
		if err != nil {
			return fmt.Errorf("asking for its settings: %w", err)
		}
		rules = topicRules{}
		for i := range answer.Resources {
			for _, entry := range answer.Resources[i].ConfigEntries {
				rules.set(entry.ConfigName, entry.ConfigValue)
			}
		}
		return nil
	})
	return rules, err
}

func (r *topicRules) set(name, value string) {
	switch name {
	case cleanupPolicy:
		r.compacted = strings.Contains(value, "compact")
	case maxMessage:
		r.maxBytes, _ = strconv.Atoi(value) // what isn't a number isn't known
	}
}
