package sim

import (
	"context"
	"errors"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// feed appends the input over most of the storm, as another client, over the same network.
// If tasks move after the storm, it keeps the last quarter for that time.
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
	last := 0 // how many records to keep
	if p.sim.handsOver() {
		last = len(rest) / 4
	}
	pause := storm / time.Duration(len(rest)/10+1)
	for len(rest) > 0 {
		n := min(1+p.sim.World.chance.IntN(20), len(rest))
		if err := appendAll(ctx, producer, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
		p.sim.unfed = len(rest)
		d := p.sim.World.Within(pause)
		if len(rest) <= last {
			d = max(d, storm-p.sim.trace.since())
		}
		if err := p.link.Sleep(ctx, d); err != nil {
			return err
		}
	}
	return errors.Join(producer.Close(), sys.Close())
}

// appendAll appends records, and waits until the brokers have them.
func appendAll(ctx context.Context, producer stream.Producer, all []Fed) error {
	for i := range all {
		w, err := producer.Writer(all[i].Topic)
		if err == nil {
			err = w.Send(all[i].Partition, &all[i].Record)
		}
		if err != nil {
			return err
		}
	}
	return producer.Flush(ctx)
}
