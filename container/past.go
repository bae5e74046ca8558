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
	// limits are, by store, the most bytes of an entry that its changelog takes, if it has
	// refused one.
	limits map[int]int64
}

func newPast() past {
	return past{
		records: make(map[loop.Place]*loop.RecordError), firings: make(map[loop.FiringID]*loop.FiringError),
		limits: make(map[int]int64),
	}
}

func (p *past) leaveOut(without *loop.ReplayError) {
	if f := without.WithoutFiring; f != nil {
		p.firings[f.ID()] = f
		return
	}
	p.records[without.Without.Place()] = without.Without
}

// unkept returns the entry of an error that says that a value can't be kept, unless the
// record that makes it is known, or can't be found.
func (c *Container) unkept(err error) *kv.EntryError {
	entry := (*kv.EntryError)(nil)
	switch {
	case !errors.As(err, &entry) || entry.Stored || errors.As(err, new(*loop.RecordError)) || c.reopens == maxReopens:
		return nil
	case c.life.loop.Careful() && (entry.Limit == 0 || c.past.limits[entry.Number] == entry.Limit):
		return nil
	}
	return entry
}

// search goes back to what is committed, and on from there carefully, until it comes to the
// record that makes a value which can't be kept.
func (c *Container) search(ctx context.Context, entry *kv.EntryError, cause error) error {
	c.cfg.Logger.Warn("going back to the last commit, to find the record that makes a value which can't be kept", "error", cause)
	if entry.Limit > 0 {
		c.past.limits[entry.Number] = entry.Limit
	}
	c.past.careful = c.life.loop.CarefulFor()
	if err := c.closeLife(); err != nil {
		return errors.Join(cause, err)
	}
	return c.reopen(ctx, c.reopens+1)
}
