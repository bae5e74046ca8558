package kafkatest

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Franz returns a client of another make, which is closed with the test: to
// write what is to be read, and to read what was written.
func Franz(t testing.TB, seeds []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(seeds...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Franz returns a client that goes past what the clients' listener has of
// passwords, permissions and proxies.
func (c *Cluster) Franz(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	return Franz(t, c.inner, opts...)
}

// Admin is for all that this package has no method for. It may do everything.
func (c *Cluster) Admin() *kadm.Client { return kadm.NewClient(c.client) }

// Fake starts brokers within this process and returns their addresses: another
// implementation of Kafka's protocol, which is up at once and forgets everything.
// The ids of its brokers start at 0; without options there are three.
func Fake(t testing.TB, opts ...kfake.Opt) []string {
	t.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}
