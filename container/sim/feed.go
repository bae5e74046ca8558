package sim

import (
	"context"
	"errors"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// feed appends the input over most of the storm, as another client would, whom the
// network doesn't spare either.
func (s *Simulation) feed() {
	s.unfed = len(s.job.Feed)
	p := s.newProcess("feed")
	s.World.start(p, func() {
		if err := p.feed(context.Background()); err != nil {
			s.fail("feeding: %w", err)
		}
		p.ended = true
	})
}

func (p *Process) feed(ctx context.Context) error {
	sys, err := kafka.OpenOn(ctx, p.link, kafka.Options{})
	if err != nil {
		return err
	}
	producer, err := sys.OpenProducer(ctx, stream.ProducerConfig{AtLeastOnce: true})
	if err != nil {
		return err
	}
	rest := p.sim.job.Feed
	last := 0 // records that are fed during the hand-overs
	if p.sim.handsOver() {
		last = len(rest) / 4
	}
	pause := storm / time.Duration(len(rest)/10+1)
	for len(rest) > 0 {
		n := min(1+p.sim.World.chance.IntN(20), len(rest))
		for i := range rest[:n] {
			w, err := producer.Writer(rest[i].Topic)
			if err != nil {
				return err
			}
			if err := w.Send(rest[i].Partition, &rest[i].Record); err != nil {
				return err
			}
		}
		rest = rest[n:]
		p.sim.unfed = len(rest) + 1
		if err := producer.Flush(ctx); err != nil {
			return err
		}
		d := p.sim.World.Within(pause)
		if len(rest) <= last {
			d = max(d, storm-p.sim.trace.since())
		}
		if err := p.link.Sleep(ctx, d); err != nil {
			return err
		}
	}
	p.sim.unfed = 0
	return errors.Join(producer.Close(), sys.Close())
}
