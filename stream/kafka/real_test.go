//go:build real

package kafka

import (
	"os"
	"testing"

	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// shared is the broker of all tests that don't break it.
var shared kafkatest.Shared //nolint:gochecknoglobals // TestMain stops it

func TestMain(m *testing.M) { os.Exit(shared.Around(m).Run()) }

func TestAdmin(t *testing.T) {
	testAdmin(t, shared.Cluster(t).Bootstrap())
}
