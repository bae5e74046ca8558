package container_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A sharer is a copier whose operators share something. It notes when that is opened and
// closed.
type sharer struct {
	copier
	events []string
	fails  error // to open
}

func (s *sharer) Open(context.Context, *scheduler.Stage) (loop.Resources, error) {
	if s.fails != nil {
		return nil, s.fails
	}
	s.events = append(s.events, "open")
	return s, nil
}

func (s *sharer) Close() error {
	s.events = append(s.events, "close")
	return nil
}

// What a failure leaves behind is closed and opened again, as the operators are.
func TestContainer_ReopensResources(t *testing.T) {
	p := &sharer{}
	log := memory.New()
	c := newCopying(t, log)
	c.cfg.Program = p
	c.reopen()
	c.fill(1, 2)
	must(t, c.settle())
	c.fill(3)
	_, err := c.Step(context.Background()) // something is under way
	must(t, err)
	broker, err := log.OpenProducer(context.Background(), stream.ProducerConfig{ID: c.cfg.TransactionalID()})
	must(t, err)
	must(t, broker.Close())
	must(t, c.settle())
	c.wantOut(1, 2, 3)
	if want := []string{"open", "close", "open"}; !slices.Equal(p.events, want) {
		t.Errorf("got %q, want %q", p.events, want)
	}
	must(t, c.Close())
	c.Container = nil
	if p.events = p.events[3:]; !slices.Equal(p.events, []string{"close"}) {
		t.Errorf("at the end: %q", p.events)
	}
}

func TestContainer_NeedsItsResources(t *testing.T) {
	p := &sharer{fails: errors.New("no licence")}
	c := newCopying(t, memory.New())
	c.cfg.Program = p
	err := c.open()
	if err == nil || err.Error() != "stage in: no licence" {
		t.Errorf("got %v", err)
	}
}
