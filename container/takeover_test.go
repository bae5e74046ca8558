package container_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream"
)

// A pair has a tally whose containers the test opens, side by side or one after
// another.
type pair struct {
	*mortal
}

func newPair(t *testing.T) *pair {
	m := newMortal(t, 1, false)
	p := &pair{m}
	p.sendTo(0, "a", "b", "a")
	p.sendTo(1, "c")
	return p
}

// open opens a container of so many.
func (p *pair) open(index int, tasks ...int32) *container.Container {
	p.t.Helper()
	cfg := p.cfg
	cfg.Index, cfg.Tasks, cfg.Engine = index, tasks, memory.New(0)
	c, err := container.Open(context.Background(), cfg)
	must(p.t, err)
	p.t.Cleanup(func() { must(p.t, c.Close()) })
	return c
}

// work steps until all is committed.
func (p *pair) work(c *container.Container) {
	p.t.Helper()
	must(p.t, p.try(c))
}

func (p *pair) try(c *container.Container) error {
	for {
		p.now = p.now.Add(tallyCommit)
		w, err := c.Step(context.Background())
		if err != nil || !w.Until.IsZero() && !w.Uncommitted {
			return err
		}
	}
}

const tallyCommit = time.Second

// wantEnd expects that another copy has taken over.
func (p *pair) wantEnd(c *container.Container) {
	p.t.Helper()
	err := p.try(c)
	if !errors.Is(err, stream.ErrFenced) || !strings.Contains(err.Error(), "another copy of this container has taken over") {
		p.t.Errorf("the first copy goes on, or says %v", err)
	}
}

func TestTakeover_SecondCopy(t *testing.T) {
	p := newPair(t)
	first := p.open(0, 0, 1)
	p.work(first)
	second := p.open(0, 0, 1)
	p.sendTo(0, "a", "a")
	p.wantEnd(first)
	p.work(second)
	p.checkOutput(0, 5)
	p.checkOutput(1, 1)
}

// Where there are fewer containers than before, those that are gone may not be
// gone yet.
func TestTakeover_FencesPreviousOwners(t *testing.T) {
	p := newPair(t)
	zero, one := p.open(0, 0), p.open(1, 1)
	p.work(zero)
	p.work(one)
	both := p.open(0, 0, 1)
	p.sendTo(0, "a")
	p.sendTo(1, "c", "d")
	p.wantEnd(one)
	p.wantEnd(zero)
	p.work(both)
	p.checkOutput(0, 4)
	p.checkOutput(1, 3)
}

// Brokers shut a producer out themselves when its process has stood still. Nobody
// else is there, so it goes on.
func TestContainer_ReopensAfterAbort(t *testing.T) {
	p := newPair(t)
	c := p.open(0, 0, 1)
	p.work(c)
	for n := range 3 {
		p.sendTo(0, "a", "b")
		_, err := c.Step(context.Background()) // something is under way
		must(t, err)
		broker, err := p.log.OpenProducer(context.Background(), stream.ProducerConfig{ID: p.cfg.TransactionalID()})
		must(t, err)
		must(t, broker.Close())
		p.work(c)
		p.checkOutput(0, int64(3+2*(n+1)))
	}
	p.checkOutput(1, 1)
}

// What a former owner had decided to commit, and the log doesn't show yet, is
// waited for.
func TestTakeover_WaitsForLateCommit(t *testing.T) {
	p := newPair(t)
	p.log.Remote = true
	for range 20 {
		p.sendTo(0, "a", "b")
		c := p.open(0, 0, 1)
		p.work(c)
	}
	p.checkOutput(0, 43)
}
