package kafkatest

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/harnesstest"
)

// adminTimeout is for a request to brokers that have just lost one of them.
const adminTimeout = time.Minute

// Name returns a unique name for a topic, a group or a transactional id. It begins with
// the test's name.
func Name(t testing.TB) string {
	legal := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, t.Name())
	return legal[:min(len(legal), 200)] + "-" + rand.Text()[:10]
}

// CreateTopic creates a topic with the default replication of the cluster, and waits until
// its partitions can be written to. The configuration may be nil.
func (c *Cluster) CreateTopic(t testing.TB, topic string, partitions int32, config map[string]string) {
	t.Helper()
	ctx, cancel := adminContext(t)
	defer cancel()
	values := map[string]*string{}
	for key, value := range config {
		values[key] = &value
	}
	if _, err := c.Admin().CreateTopic(ctx, partitions, -1, values, topic); err != nil {
		t.Fatalf("create topic %s: %v", topic, err)
	}
	err := harnesstest.Poll(ctx, adminTimeout, func(ctx context.Context) error {
		return c.checkLeaders(ctx, topic, func(leaders []int32) bool {
			return len(leaders) == int(partitions) && !slices.Contains(leaders, -1)
		})
	})
	if err != nil {
		t.Fatalf("wait for the leaders of topic %s: %v", topic, err)
	}
}

// DeleteTopic deletes a topic.
func (c *Cluster) DeleteTopic(t testing.TB, topic string) {
	t.Helper()
	ctx, cancel := adminContext(t)
	defer cancel()
	deleted, err := c.Admin().DeleteTopics(ctx, topic)
	if err := errors.Join(err, deleted.Error()); err != nil {
		t.Fatalf("delete topic %s: %v", topic, err)
	}
}

// adminContext outlives the test: cleanups may use it.
func adminContext(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), adminTimeout)
}
