package produce

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/segmentio/kafka-go/protocol/describeconfigs"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
)

// topicSettings are what a topic's settings say about the records that it takes. The
// zero value stands for settings that we aren't allowed to see: then the broker
// says no in its time.
type topicSettings struct {
	compacted bool
	maxBytes  int // of a batch, as it is sent; 0: unknown
}

// batchBytes is how large a batch of more than one record may get before it is
// compressed.
func (r topicSettings) batchBytes(codec batch.Codec) int {
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

// settingsOf asks for a topic's.
func settingsOf(ctx context.Context, c *cluster.Client, topic string) (topicSettings, error) {
	var rules topicSettings
	err := c.Retry(ctx, func() error {
		answer, err := cluster.SendAny[*describeconfigs.Response](ctx, c.Metadata, &describeconfigs.Request{
			Resources: []describeconfigs.RequestResource{{
				ResourceType: cluster.TopicConfigType, ResourceName: topic, ConfigNames: []string{cluster.CleanupPolicy, cluster.MaxMessageBytes},
			}},
		})
		if err != nil {
			return fmt.Errorf("asking for its settings: %w", err)
		}
		rules = topicSettings{}
		for i := range answer.Resources {
			for _, entry := range answer.Resources[i].ConfigEntries {
				rules.set(entry.ConfigName, entry.ConfigValue)
			}
		}
		return nil
	})
	return rules, err
}

func (r *topicSettings) set(name, value string) {
	switch name {
	case cluster.CleanupPolicy:
		r.compacted = strings.Contains(value, "compact")
	case cluster.MaxMessageBytes:
		r.maxBytes, _ = strconv.Atoi(value) // what isn't a number isn't known
	}
}
