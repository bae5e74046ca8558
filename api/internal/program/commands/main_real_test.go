//go:build real

package commands_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// oneBroker is for tests that don't break it.
var oneBroker kafkatest.Shared

func TestMain(m *testing.M) { goleak.VerifyTestMain(programtest.Around(oneBroker.Around(m))) }
