package processes

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// An Executor runs a program several times at once. It is a [container.Executor].
type Executor struct {
	Program string // its path
	// Args are the command lines, without the program: one for each process. Processes
	// go by their numbers, from 1 on.
	Args [][]string
	// Messages gets what the processes write to standard error and standard output, in
	// whole lines behind their numbers: "[2] …". Several goroutines write to it. If it is
	// nil they are dropped.
	Messages io.Writer
	// Logger gets a warning of each process that is started again. It may be nil.
	Logger *slog.Logger

	limits limits // those of production if they are zero
}

// limits say how patient an executor is.
type limits struct {
	restarts int           // of a process
	window   time.Duration // within which they are counted
	pause    time.Duration // before the first restart within the window; then twice as long, and so on
	leave    time.Duration // how long a process may take to end
}

const (
	// maxRestarts within restartWindow: a process that was killed by mistake, or for its
	// memory, is back at once; one that fails each time says so three times more, which
	// takes four seconds with the pauses, and nobody has to stop it.
	maxRestarts   = 3
	restartWindow = time.Minute
	// firstPause leaves what a process had, such as its port, the time to be given back.
	firstPause = 500 * time.Millisecond
	// leaveTimeout is longer than a last commit takes, and as long as brokers let a
	// transaction be open: after that it is given up by them anyway.
	leaveTimeout = 30 * time.Second
)

// Run starts the processes and keeps them going until ctx is done: then it asks them to
// end, and waits for that. If one can't be kept going the others are stopped, too. One
// that ends with exit code 0 was stopped by another client, and isn't started again; when
// all have ended so Run returns nil.
func (e *Executor) Run(ctx context.Context) error {
	if err := supported(); err != nil {
		return err
	}
	all := e.orDefaults()
	g, ctx := errgroup.WithContext(ctx)
	for i := range all.Args {
		g.Go(func() error { return all.keep(ctx, i+1) })
	}
	return g.Wait()
}

// orDefaults fills in what was left open.
func (e Executor) orDefaults() *Executor {
	if e.Messages == nil {
		e.Messages = io.Discard
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	if e.limits == (limits{}) {
		e.limits = limits{maxRestarts, restartWindow, firstPause, leaveTimeout}
	}
	return &e
}

// keep keeps one process going.
func (e *Executor) keep(ctx context.Context, number int) error {
	h := history{limits: e.limits}
	for {
		p, err := e.start(number)
		if err != nil {
			return fmt.Errorf("starting process %d: %w", number, err)
		}
		select {
		case <-p.ended:
		case <-ctx.Done():
			return p.end(context.Cause(ctx), e.limits.leave)
		}
		if p.cmd.ProcessState.Success() { // it was drained, or stopped by name
			_, _ = fmt.Fprintf(e.Messages, "[%d] has ended as it was asked to, and isn't started again\n", number)
			return nil
		}
		pause, again := h.ended(time.Now())
		if !again {
			return fmt.Errorf("process %d has ended %d times within %v, now by %s: what it said stands above, behind [%d]",
				number, e.limits.restarts+1, e.limits.window, p.how(), number)
		}
		e.Logger.Warn("a process has ended, and is started again", "process", number, "ended", p.how(), "in", pause)
		if !wait(ctx, pause) {
			return nil
		}
	}
}

// wait tells whether ctx wasn't done before so much time had passed.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
