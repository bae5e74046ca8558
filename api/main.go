package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/processes"
)

// commands are those that every app has.
type commands struct {
	Run   runCommand   `cmd:"" default:"withargs" help:"Run the pipeline. This is what happens without a command."`
	Plan  planCommand  `cmd:"" help:"Show what would run: stages, tasks, topics and stores."`
	Graph graphCommand `cmd:"" help:"Draw the pipeline."`
	Reset resetCommand `cmd:"" help:"Have the job, which must not run, begin anew from other offsets. It shows what it is about to do, and asks."`

	Submit submitCommand `cmd:"" help:"Make the job for a Nomad cluster, which runs the program there."`
	Status statusCommand `cmd:"" help:"Show who runs the job on Kafka, and how far it is; and on Nomad where, and since when. It needs no HTTP."`
	Logs   logsCommand   `cmd:"" help:"Show what the containers of the job on Nomad write."`
	Scale  scaleCommand  `cmd:"" help:"Give a stage of the job on Nomad another number of containers."`
	Stop   stopCommand   `cmd:"" help:"Stop the job on Nomad. What is finished is committed, and the next submit goes on there."`
	Move   moveCommand   `cmd:"" help:"Move a task of a running job on Kafka to another process."`
	Drain  drainCommand  `cmd:"" help:"Stop a running job on Kafka when it has finished what is on its way between its stages. It reads no more of its inputs, and goes on there at its next start."`
	Stores storesCommand `cmd:"" help:"Show the stores of the job, and what is in them."`
}

// A console is where an app talks to people.
type console struct {
	out, err io.Writer // out is for results alone
	// outIsTerminal and errIsTerminal tell whether a person looks.
	outIsTerminal, errIsTerminal bool
	in                           io.Reader // answers; nil: there is nobody to ask
}

// Main is the whole of a program: it reads the command line, does what it says,
// prints what went wrong, and exits: 0 if all went well or it was asked to stop,
// 1 if not, 2 if the command line makes no sense. Who asks a second time ends it
// at once, without a commit, and by 1.
func (a *App) Main() {
	c := console{out: os.Stdout, err: os.Stderr, outIsTerminal: term.IsTerminal(int(os.Stdout.Fd())), errIsTerminal: term.IsTerminal(int(os.Stderr.Fd()))}
	if c.errIsTerminal && term.IsTerminal(int(os.Stdin.Fd())) {
		c.in = os.Stdin
	}
	orphaned := processes.Orphaned()
	ctx, stop := interrupted(orphaned)
	context.AfterFunc(ctx, func() {
		askedAgain(orphaned, stop)
		a.complain(c, errAtOnce)
		os.Exit(1)
	})
	code := a.main(ctx, os.Args[1:], c)
	stop()
	os.Exit(code)
}

// askedAgain waits until the program, which was asked to stop, is to do so at once.
func askedAgain(orphaned <-chan struct{}, stop context.CancelFunc) {
	if orphaned != nil {
		// Who has started this process ends it if that takes too long, and is gone if
		// somebody asks that twice. A second signal says nothing: a supervisor may have
		// sent it to both.
		<-orphaned
		return
	}
	// Not what a signal does by default: that is nothing, in a program that a script has
	// started in the background.
	again, _ := interrupted(nil)
	stop()
	<-again.Done()
}

// interrupted returns a context that is done when somebody asks the program to stop.
// SIGTERM is what is sent before a restart: then it will be back. So it will be when
// who has started it is gone.
func interrupted(orphaned <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
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

var errAtOnce = errors.New("asked twice to stop: ended without a commit; what isn't committed is done again by the next run")

// errUsage marks what is wrong with the command line.
var errUsage = errors.New("see -help")

func (a *App) main(ctx context.Context, args []string, c console) int {
	err := a.command(ctx, args, c)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		a.complain(c, err)
		return 2
	}
	a.complain(c, err)
	return 1
}

// complain prints an error that may be several, a line each.
func (a *App) complain(c console, err error) {
	for line := range strings.Lines(err.Error()) {
		_, _ = fmt.Fprintf(c.err, "%s: %s\n", a.name, strings.TrimRight(line, "\n"))
	}
}

func (a *App) command(ctx context.Context, args []string, c console) error {
	var cmds commands
	helped := false
	parser, err := kong.New(&cmds,
		kong.Name(a.name),
		kong.Description("A stream processing job, made with Grete. Without a command it runs; run -help shows the flags. They may be written with one dash or two."),
		kong.Writers(c.out, c.err),
		kafkaGroup(),
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(a, c),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(twoDashes(args))
	if helped {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	return parsed.Run()
}

// twoDashes lets flags be written as Go's are, with one dash. A negative number is
// no flag.
func twoDashes(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && (arg[1] < '0' || arg[1] > '9') {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}
