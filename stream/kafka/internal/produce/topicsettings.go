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

// topicSettings are what limits the records of a topic. The zero value stands for settings
// that we may not see: then the broker refuses what is wrong.
type topicSettings struct {
	compacted bool
	maxBytes  int // of a batch as it is sent; 0: unknown
}

// batchBytes is the limit of a batch of more than one record before compression.
func (r topicSettings) batchBytes(codec batch.Codec) int {
	most := r.maxBytes
	if codec != batch.None {
		// Incompressible data becomes a little larger.
		most -= most/64 + batch.HeaderSize
	}
	if r.maxBytes > 0 && most < batchBytes {
		return most
	}
	return batchBytes
}

// settingsOf looks up a topic's settings.
func settingsOf(ctx context.Context, c *cluster.Client, topic string) (topicSettings, error) {
	var rules topicSettings
	err := c.Retry(ctx, func() error {
		answer, err := cluster.SendAny[*describeconfigs.Response](ctx, c.Metadata, &describeconfigs.Request{
			Resources: []describeconfigs.RequestResource{{
				ResourceType: cluster.TopicConfigType, ResourceName: topic, ConfigNames: []string{cluster.CleanupPolicy, cluster.MaxMessageBytes},
			}},
		})
		if err != nil {
			return fmt.Errorf("get its settings: %w", err)
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
		r.maxBytes, _ = strconv.Atoi(value) // 0 if it is no number
	}
}
