package kafkatest

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Franz returns a client of another implementation, to write what the test reads and to
// read what it writes. It is closed with the test.
func Franz(t testing.TB, seeds []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(seeds...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Franz returns a client that bypasses passwords, permissions and proxies of the clients'
// listener.
func (c *Cluster) Franz(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	return Franz(t, c.inner, opts...)
}

// Admin returns an administration without restrictions, for what this package has no
// method for.
func (c *Cluster) Admin() *kadm.Client { return kadm.NewClient(c.client) }

// Fake starts brokers within this process and returns their addresses. They are another
// implementation of the protocol, start at once and keep nothing. Their ids start at 0;
// without options there are three.
func Fake(t testing.TB, opts ...kfake.Opt) []string {
	t.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}
