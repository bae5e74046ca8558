package program

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/processes"
)

var errAtOnce = errors.New("stopped at once; uncommitted work will be redone by the next run")

// Main is the main function of a program. It runs the command line of the process,
// prints what went wrong, and exits: with code 0 on success or after a clean stop, 1
// on failure, 2 if the command line is wrong. A second signal exits at once with code
// 1, without committing. See [Execute] for commands.
func Main(p Pipeline, commands ...any) {
	c := Standard(p.App)
	orphaned := processes.Orphaned()
	ctx, stop := interrupted(orphaned)
	context.AfterFunc(ctx, func() {
		waitForSecond(c, orphaned, stop)
		c.Complain(errAtOnce)
		c.temporary.removeAll()
		os.Exit(1)
	})
	// Otherwise a reader of standard output that ends would kill this process at its next
	// write, and leave its temporary directories.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := Execute(ctx, p, os.Args[1:], c, commands...)
	stop()
	os.Exit(code)
}

const (
	// oneRequest is the time within which signals are one request: timeout sends two.
	oneRequest = time.Second
	// longStop is after how long a person is told what a stop waits for.
	longStop = 10 * time.Second
)

// waitForSecond returns when a program that is stopping has to stop at once.
func waitForSecond(c Console, orphaned <-chan struct{}, stop context.CancelFunc) {
	if orphaned != nil {
		// The parent kills this process if stopping takes too long, and exits when it is
		// signalled twice. A second signal to this process means nothing: a supervisor may
		// have sent it to both.
		<-orphaned
		return
	}
	// A handler of our own, since the default action of a program that a script has
	// started in the background is to ignore SIGINT.
	began, again := time.Now(), make(chan os.Signal, 1)
	signal.Notify(again, stopSignals()...)
	stop()
	tell := time.NewTimer(longStop)
	defer tell.Stop()
	for {
		select {
		case <-again:
			if time.Since(began) >= oneRequest {
				return
			}
		case <-tell.C:
			c.Say("still stopping: a record, a call or a commit takes long; a second signal stops at once, without a commit")
		}
	}
}

// stopSignals are those at which a program stops. A program that is to survive its terminal
// (nohup) ignores SIGHUP.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// interrupted returns a context that is done when the program is to stop. Supervisors
// send SIGTERM before a restart, so its cause is then [container.ErrBack]: the process
// will be back. The same holds if its parent has died.
func interrupted(orphaned <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, stopSignals()...)
	go func() {
		select {
		case <-ctx.Done():
		case s := <-signals:
			var cause error
			if s == syscall.SIGTERM {
				cause = container.ErrBack
			}
			cancel(cause)
		case <-orphaned:
			cancel(container.ErrBack)
		}
	}()
	return ctx, func() {
		cancel(nil)
		signal.Stop(signals)
	}
}
