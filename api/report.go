package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/kafka"
)

// newLogger logs warnings and errors, for people.
func newLogger(c console) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// say writes a line for people.
func (r *run) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.console.err, r.app.name+": "+format+"\n", args...)
}

// sayWhere says what the job runs on, and where its state is.
func (r *run) sayWhere() {
	if r.kafka == nil {
		dir := r.Data
		if r.thrownAway {
			dir += ", which is thrown away at the end"
		}
		r.say("on the embedded log in %s", dir)
	} else {
		r.say("on Kafka at %s, cluster %s: %s", strings.Join(r.kafka.Brokers, ", "), r.system.ID(), r.topics())
	}
	if r.Stage != "" {
		r.say("runs stage %s alone, of %s; other processes run the others", r.Stage, plural(len(r.planned.Stages), "stage"))
	}
	if r.kafka != nil && r.AtLeastOnce {
		r.say("at least once: nothing is lost, but after a failure results may come again")
	}
	r.say("%s", stateNote(filepath.Join(r.Data, "state")))
}

// topics says how many there are of each kind, and how many of them are new.
func (r *run) topics() string {
	roles, created := make(map[scheduler.Role]int), r.created
	for _, t := range r.planned.Topics {
		roles[t.Role]++
		if t.Create {
			created++
		}
	}
	said := fmt.Sprintf("reads %s, writes %d, and has %d of its own",
		plural(roles[scheduler.RoleInput], "topic"), roles[scheduler.RoleOutput], roles[scheduler.RoleRepartition]+roles[scheduler.RoleChangelog]+roles[scheduler.RolePlan])
	if created > 0 {
		said += fmt.Sprintf("; %d of them made just now", created)
	}
	return said
}

// plural counts things.
func plural[N int | int32 | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// progress shows a line on the terminal once a second, until ctx is done.
func (r *run) progress(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	before := r.registry.Sample().Totals()
	for {
		select {
		case <-ctx.Done():
			r.screen.show("")
			return nil
		case <-tick.C:
			now := r.registry.Sample().Totals()
			r.screen.show(metrics.Progress(before, now))
			before = now
		}
	}
}

// summarise says at the end of a bounded run what came of it.
func (r *run) summarise() {
	t := r.registry.Sample().Totals()
	r.say("%s processed, %d late, %d skipped", plural(t.Records, "record"), t.Late, t.Skipped)
}

// outOfMemory adds what to do about an engine that has too little.
func outOfMemory(err error) error {
	return fmt.Errorf("%w: give more with -memory, or build with -tags rocksdb, which keeps state on the disk", err)
}

// explain adds what the user can do about an error, where that isn't said yet.
func (r *run) explain(err error) error {
	switch {
	case errors.Is(err, kv.ErrMemoryBudget):
		return outOfMemory(err)
	case errors.Is(err, kafka.ErrNoTransactions) && len(r.feeds) == 0: // a file is never fed without
		return fmt.Errorf("%w; or do without transactions: -at-least-once", err)
	}
	return err
}
