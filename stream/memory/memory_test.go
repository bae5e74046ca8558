package memory_test

import (
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
	"github.com/gretestream/grete/stream/streamtest"
)

func TestConformance(t *testing.T) {
	open := func(t *testing.T) stream.System {
		s := memory.New()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	t.Run("remote", func(t *testing.T) {
		streamtest.Run(t, func(t *testing.T) stream.System {
			s := memory.New()
			s.Remote = true
			return s
		})
	})
	t.Run("any", func(t *testing.T) { streamtest.Run(t, open) })
	t.Run("instant", func(t *testing.T) { streamtest.RunInstant(t, open) })
}

func TestEachSystemHasAnID(t *testing.T) {
	if a, b := memory.New(), memory.New(); a.ID() == b.ID() {
		t.Errorf("two logs are called %s", a.ID())
	}
}
