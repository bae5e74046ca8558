package kafkasim

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A client speaks to a cluster without a script.
type client struct {
	*testing.T
	*Cluster
	now time.Time
}

func newClient(t *testing.T, brokers int32) *client {
	return &client{t, New(brokers), time.Now()}
}

// script plays on the client's cluster.
func (c *client) script() *script {
	return newScript(c.T, &simulated{t: c.T, cluster: c.Cluster, now: c.now}, "")
}

// chore does the only chore.
func (c *client) chore(want Chore) {
	c.Helper()
	chores := c.Chores(c.now)
	if len(chores) != 1 || chores[0] != want {
		c.Fatalf("to do is %v, want %v", chores, want)
	}
	c.Do(c.now, want)
}

// chores does all chores.
func (c *client) chores() {
	for chores := c.Chores(c.now); len(chores) > 0; chores = c.Chores(c.now) {
		c.Do(c.now, chores[0])
	}
}

func (c *client) idle() {
	c.Helper()
	if chores := c.Chores(c.now); len(chores) > 0 {
		c.Fatalf("to do is %v", chores)
	}
}

func (c *client) ask(node int32, req protocol.Message) protocol.Message {
	return c.Handle(c.now, node, req).Deliver(req)
}

func (c *client) ids(topics ...string) []wire.TopicID {
	return c.ask(1, Copy(&wire.Metadata{Topics: topics})).(*wire.Metadata).Answer
}

// produce returns the code and the offset.
func (c *client) produce(node int32, w who, tp stream.TopicPartition, l load) (int16, int64) {
	l.at = c.now
	req := &wire.Produce{Partitions: []wire.ProducePartition{{TopicPartition: tp, Batch: l.batch(w, tp.Partition)}}}
	if l.transactional {
		req.Transaction = w.id
	}
	p := c.ask(node, req).(*wire.Produce).Answer.Partitions[0]
	return p.Code, p.BaseOffset
}

// must produces at the leader, and fails the test after an error.
func (c *client) must(w who, tp stream.TopicPartition, l load) {
	c.Helper()
	if failed, _ := c.produce(c.Leader(tp), w, tp, l); failed != 0 {
		c.Fatalf("produce to %s: %s", tp, code(failed))
	}
}

func nobody() who { return who{"", -1, -1} }

func at(topic string, partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: topic, Partition: partition}
}

// values returns the values of a partition's committed records.
func (c *client) values(tp stream.TopicPartition) string {
	all := ""
	for _, r := range c.Records(tp, true) {
		all += string(r.Value) + " "
	}
	return all
}

func (c *client) wantValues(tp stream.TopicPartition, want string) {
	c.Helper()
	if got := c.values(tp); got != want {
		c.Errorf("%s has %q, want %q", tp, got, want)
	}
}

// fetching returns a fetch of one partition, from an offset on.
func fetching(tp stream.TopicPartition, offset int64, wait time.Duration) *wire.Fetch {
	return &wire.Fetch{
		MaxBytes: 1 << 20, MinBytes: 1, MaxWait: int32(wait.Milliseconds()), Epoch: -1,
		Partitions: []wire.FetchPartition{{TopicPartition: tp, LeaderEpoch: -1, Offset: offset, MaxBytes: 1 << 20}},
		Take:       func(n int) []byte { return make([]byte, n) },
	}
}
