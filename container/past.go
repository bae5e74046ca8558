package container

import (
	"context"
	"errors"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
)

// A past is what the next life of a container must know of those before.
type past struct {
	// records and firings failed after they had changed something, and are left out.
	records map[loop.Place]*loop.RecordError
	firings map[loop.FiringID]*loop.FiringError
	// careful is how many records to process carefully, as [loop.Config] has it.
	careful int64
}

func newPast() past {
	return past{records: make(map[loop.Place]*loop.RecordError), firings: make(map[loop.FiringID]*loop.FiringError)}
}

func (p *past) leaveOut(without *loop.ReplayError) {
	if f := without.WithoutFiring; f != nil {
		p.firings[f.ID()] = f
		return
	}
	p.records[without.Without.Place()] = without.Without
}

// unkept reports whether an error says that a value can't be kept, and the record that makes
// it isn't known, but can be found.
func (c *Container) unkept(err error) bool {
	entry := (*kv.EntryError)(nil)
	if !errors.As(err, &entry) || entry.Stored || errors.As(err, new(*loop.RecordError)) {
		return false
	}
	return c.reopens < maxReopens && !c.life.loop.Careful()
}

// search goes back to what is committed, and on from there carefully, until it comes to the
// record that makes a value which can't be kept.
func (c *Container) search(ctx context.Context, cause error) error {
	c.cfg.Logger.Warn("going back to the last commit, to find the record that makes a value which can't be kept", "error", cause)
	c.past.careful = c.life.loop.CarefulFor()
	if err := c.closeLife(); err != nil {
		return errors.Join(cause, err)
	}
	return c.reopen(ctx, c.reopens+1)
}
