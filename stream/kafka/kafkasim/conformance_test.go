package kafkasim

import (
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/streamtest"
)

func TestConformance(t *testing.T) {
	sys := newShared(New(3)).open(t)
	streamtest.Run(t, func(*testing.T) stream.System { return sys })
}
