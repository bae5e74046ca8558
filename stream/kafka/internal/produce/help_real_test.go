//go:build real

package produce

import (
	"os"
	"testing"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/dial"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// shared is the broker of all tests that don't break it.
var shared kafkatest.Shared

func TestMain(m *testing.M) { os.Exit(shared.Around(m).Run()) }

// openClient returns a client of real brokers. It is closed with the test.
func openClient(t testing.TB, brokers []string, codec batch.Codec) *testClient {
	t.Helper()
	c := &testClient{Client: cluster.NewClient(dial.NewTransport(brokers, "grete", nil, nil), 0, nil), codec: codec}
	t.Cleanup(func() {
		if err := c.Link.Close(); err != nil {
			t.Error(err)
		}
	})
	linktest.Must(t, c.Retry(t.Context(), func() error { return c.Metadata.Refresh(t.Context()) }))
	return c
}
