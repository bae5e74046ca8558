//go:build !real

package commands_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/api/internal/program/programtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(programtest.Around(m)) }
