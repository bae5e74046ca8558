package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain is the program that the tests start, too: what its first argument says.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if act, ok := acts()[os.Args[1]]; ok {
			act(os.Args[2:])
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

// acts are what a process does.
func acts() map[string]func(args []string) {
	return map[string]func([]string){
		"end":      end,
		"wait":     waitForSignal,
		"stubborn": stubborn,
		"orphan":   orphan,
		"parent":   parent,
	}
}

// end ends by an exit code.
func end(args []string) {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "it can't go on")
	os.Exit(code)
}

// waitForSignal says which signal it is asked by to end, and ends by the exit code that
// is its argument.
func waitForSignal(args []string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	fmt.Fprintln(os.Stderr, "waits, pid", os.Getpid())
	fmt.Fprintln(os.Stdout, "was asked by", <-signals)
	if len(args) > 0 {
		end(args)
	}
}

// stubborn ends only together with its parent.
func stubborn([]string) {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	fmt.Fprintln(os.Stderr, "waits")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// orphan creates a file when it has started, and another one when its parent has ended
// and nobody reads its output.
func orphan(args []string) {
	gone := Orphaned()
	if gone == nil || os.Getenv(variable) != "" {
		panic("nobody has started it, or what it starts would think so")
	}
	touch(args[0] + ".begun")
	<-gone
	for range 3 {
		_, _ = fmt.Fprintln(os.Stderr, "nobody hears it")
	}
	touch(args[0] + ".gone")
}

func touch(file string) {
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		panic(err)
	}
}

// parent runs orphans.
func parent(args []string) {
	var e Executor
	e.Program, e.Messages = os.Args[0], os.Stderr
	for _, file := range args {
		e.Args = append(e.Args, []string{"orphan", file})
	}
	if err := e.Run(context.Background()); err != nil {
		panic(err)
	}
}

// within waits until something has come to pass.
func within(t *testing.T, what string, passed func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("waited in vain for "+what))
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !passed() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(context.Cause(ctx))
		}
	}
}
