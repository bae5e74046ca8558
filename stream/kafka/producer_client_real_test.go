//go:build real

package kafka

import (
	"testing"

	"github.com/gretestream/grete/stream/batch"
)

// openClient makes a client of real brokers, which is closed with the test.
func openClient(t testing.TB, brokers []string, codec batch.Codec) *testClient {
	t.Helper()
	c := &testClient{client: newClient(newTransport(brokers, "grete", nil, nil), 0, nil), codec: codec}
	t.Cleanup(func() {
		if err := c.link.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, c.retry(t.Context(), func() error { return c.cluster.refresh(t.Context()) }))
	return c
}
