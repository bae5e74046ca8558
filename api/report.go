package api

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/gretestream/grete/kv"
)

// newLogger logs warnings and errors, for people.
func newLogger(c console) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// announce says in a few lines what runs, and where.
func (r *run) announce() {
	dir := r.Data
	if r.thrownAway {
		dir += ", thrown away at the end"
	}
	r.say("runs on the embedded log in %s; %s", dir, stateNote)
}

func (r *run) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.console.err, r.app.name+": "+format+"\n", args...)
}

// explain adds what the user can do about an error, where that isn't said yet.
func (r *run) explain(err error) error {
	if errors.Is(err, kv.ErrMemoryBudget) {
		return fmt.Errorf("%w: give more with -memory, or build with -tags rocksdb, which keeps state on the disk", err)
	}
	return err
}
