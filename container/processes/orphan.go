package processes

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// variable is set in the environment of a process that an [Executor] has started.
const variable = "GRETE_OF_PROCESSES"

// Orphaned tells a process that an [Executor] has started when that is gone: once, when
// the process is to end as if by SIGTERM, and once more when it must have ended. It is
// nil in a process that an Executor hasn't started. It is called once, before anything
// that starts processes itself, and the process does without its standard input.
func Orphaned() <-chan struct{} {
	if os.Getenv(variable) == "" {
		return nil
	}
	_ = os.Unsetenv(variable) // it says nothing about those that this one starts
	// Without this a message that nobody reads any more would end the process. A signal
	// that is caught, other than one that is ignored, isn't so in what it starts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return orphaned(os.Stdin, leaveTimeout)
}

// orphaned waits for the end of in. Its goroutine goes on until it was heard twice: as
// long as the process.
func orphaned(in io.Reader, leave time.Duration) <-chan struct{} {
	tell := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in) // an error is an end, too
		tell <- struct{}{}
		<-time.After(leave)
		tell <- struct{}{}
	}()
	return tell
}
