package recovery

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A Follower keeps the state of tasks of other containers close behind their owners, so
// that the tasks can start here soon when their owners are gone. It reads their changelogs
// again and again, as a restore does, and writes nothing to them.
type Follower struct {
	*Recovery
	positions *Positions
}

const (
	// followEvery is how often to look for new records.
	followEvery = time.Second
	// followRetry is when to go on after a failure.
	followRetry = 10 * time.Second
)

// NewFollower prepares a follower of tasks. It notes in positions what it has.
func NewFollower(cfg Config, tasks []int32, positions *Positions) *Follower {
	return &Follower{Recovery: New(cfg, tasks), positions: positions}
}

// Run follows until ctx is done. A failure stops nothing else: it is logged, and the
// follower tries again later. The caller calls Close afterwards.
func (f *Follower) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		f.cfg.Logger.Warn("a standby can't follow; it retries soon", "stage", f.cfg.Stage.Name, "error", err)
		for _, t := range f.Tasks {
			err = errors.Join(err, t.close())
			t.State = nil
		}
		if dir := CorruptDir(err); dir != "" {
			_ = f.cfg.RemoveCorrupt(dir, err) // if that fails, the next attempt reports it
		}
		f.cfg.Await(ctx, followRetry)
	}
}

// follow follows until something fails.
func (f *Follower) follow(ctx context.Context) (err error) {
	if err := f.identify(ctx); err != nil {
		return err
	}
	for _, t := range f.Tasks {
		if err := f.openDatabase(t); err != nil {
			return err
		}
	}
	x := restorer{r: f.Recovery}
	defer func() { err = errors.Join(err, x.close()) }()
	for {
		if err := x.follow(ctx); err != nil {
			return err
		}
		f.notePositions()
		f.cfg.Await(ctx, followEvery)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (f *Follower) notePositions() {
	at := make(map[int32]int64)
	for _, t := range f.Tasks {
		if t.State != nil {
			at[t.ID] = Position(t.Changelogs)
		}
	}
	f.positions.Note(f.cfg.Stage.Name, at)
}

// follow reads what has been committed since the last time.
func (x *restorer) follow(ctx context.Context) error {
	if err := x.look(ctx, x.r.cfg.System.Admin().Ends); err != nil {
		return err
	}
	if emptied, err := x.check(ctx); err != nil || emptied {
		return err // emptied databases are looked at next time
	}
	x.tasks = slices.DeleteFunc(x.tasks, func(t *history) bool { return !t.wholeCommit() })
	return x.replay(ctx)
}

// wholeCommit reports whether all changelogs show the task's last commit. It becomes
// visible in one after the other.
func (t *history) wholeCommit() bool {
	return t.last == t.local || !slices.ContainsFunc(t.logs, func(l *changelog) bool { return l.found == nil || l.seq != t.last.Seq })
}
