package container

import (
	"context"
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// corrupt returns the directory of the database that an error says is corrupt; "" if
// that isn't what it says.
func corrupt(err error) (dir string) {
	if failed := (*kv.DatabaseError)(nil); errors.Is(err, kv.ErrCorrupt) && errors.As(err, &failed) {
		return failed.Dir
	}
	return ""
}

// removeState removes a corrupt database. Nothing is lost by that: what it held is
// in its changelogs, and more.
func (c Config) removeState(dir string, why error) error {
	c.Logger.Warn("local state is corrupt: it is removed, and restored from the changelog; is the disk well?", "stage", c.Stage.Name, "directory", dir, "error", why)
	return c.Engine.Remove(dir)
}

// heal goes on from what is committed, after a database has turned out to be corrupt
// while it was in use.
func (c *Container) heal(ctx context.Context, cause error) error {
	// That this database can't write what it has left is no news.
	if err := c.close(); err != nil && !errors.As(err, new(*kv.DatabaseError)) {
		return errors.Join(cause, err)
	}
	if c.cameBack == comebacks {
		return cause
	}
	if err := c.cfg.removeState(corrupt(cause), cause); err != nil {
		return errors.Join(cause, err)
	}
	return c.reopen(ctx, c.cameBack+1)
}

// ofRecord tells whether a failure in the operators may be the record's, so that to
// leave it out helps. What the disk or the log does isn't.
func ofRecord(err error) bool {
	return !lost(err) && !errors.As(err, new(*kv.DatabaseError)) && !errors.As(err, new(*stream.ProducerError))
}
