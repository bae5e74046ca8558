package admin

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// TopicIDs returns Kafka's topic ids, in the notation of its tools. Clusters before 2.8
// have none, nor may other systems with Kafka's protocol.
func (a Admin) TopicIDs(ctx context.Context, topics ...string) (map[string]string, error) {
	ids := make(map[string]string, len(topics))
	if len(topics) == 0 {
		return ids, nil
	}
	err := a.client.Retry(ctx, func() error {
		answer, err := a.requestIDs(ctx, topics)
		if err != nil {
			return err
		}
		clear(ids)
		for _, t := range answer {
			switch failed := kerr.Code(t.Code); failed {
			case 0, kerr.LeaderNotAvailable:
				if t.ID != noID() {
					ids[t.Topic] = base64.RawURLEncoding.EncodeToString(t.ID[:])
				}
			case kerr.UnknownTopic, kerr.InvalidTopic: // doesn't exist, or can't
			default:
				return fmt.Errorf("topic %s: %w", t.Topic, kerr.AccessDenied(failed, "Describe", kerr.TopicResource, t.Topic))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("get the ids of topics: %w", err)
	}
	return ids, nil
}

func noID() [16]byte { return [16]byte{} }

// requestIDs asks one broker after the other, until one answers. It returns nil if no
// broker supports the request. A broker that doesn't would close the connection, so its
// versions come first.
func (a Admin) requestIDs(ctx context.Context, topics []string) ([]wire.TopicID, error) {
	var first error
	for _, b := range a.client.Metadata.Brokers() {
		known, err := a.client.Versions(ctx, b.Node)
		if err == nil && known[protocol.Metadata].MaxVersion < wire.MetadataVersion {
			continue
		}
		if err == nil {
			var answer protocol.Message
			if answer, err = a.client.Link.Exchange(ctx, b.Node, &wire.Metadata{Topics: topics}, cluster.AnyTimeout); err == nil {
				return answer.(*wire.Metadata).Answer, nil
			}
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil || !kerr.Temporary(err) {
			break
		}
	}
	if first == nil {
		return nil, nil
	}
	if refreshing := a.client.Metadata.Refresh(ctx); refreshing != nil && !kerr.Temporary(refreshing) {
		return nil, refreshing
	}
	return nil, first // the next attempt goes to the brokers known then
}
