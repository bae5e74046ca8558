package program

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"
)

// ErrUsage marks errors of the command line: the exit code is 2.
var ErrUsage = errors.New("see -help")

// Usage marks an error as one of the command line. It returns nil if err is nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; %w", err, ErrUsage)
}

// A root has the commands of a program.
type root struct{ kong.Plugins }

// Execute runs one command line, and returns the exit code: 0 on success, 1 on
// failure, 2 if the command line is wrong, 141 if nobody reads standard output any more. Each of commands is a pointer to a struct
// with a field for each command, in the syntax of package kong; the commands' Run
// methods may take a context.Context, a [Pipeline], a [Console] and a *[kong.Context].
func Execute(ctx context.Context, p Pipeline, args []string, c Console, commands ...any) int {
	err := execute(ctx, p, args, c, commands)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrOutputClosed):
		return exitClosed
	case errors.Is(err, ErrUsage):
		c.Complain(err)
		return 2
	}
	c.Complain(err)
	return 1
}

func execute(ctx context.Context, p Pipeline, args []string, c Console, commands []any) error {
	helped := false
	parser, err := kong.New(&root{kong.Plugins(commands)},
		kong.Name(p.App),
		kong.Description("A stream processing job, made with Grete. Without a command it runs; run -help lists the flags. Flags take one dash or two."),
		kong.Writers(c.Out, c.Err),
		groups(),
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p, c),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(TwoDashes(args))
	if helped {
		return nil
	}
	if err != nil {
		return Usage(err)
	}
	return parsed.Run()
}

// KafkaGroup is the key of the group of flags that describe a Kafka cluster.
const KafkaGroup = "kafka"

// groups are the headings of flags in the help.
func groups() kong.Option {
	return kong.ExplicitGroups([]kong.Group{{
		Key: KafkaGroup, Title: "Kafka:",
		Description: "Each of these is also an environment variable: GRETE_KAFKA, GRETE_KAFKA_TLS and so on. GRETE_KAFKA_PASSWORD is the password itself.",
	}})
}

// Parse parses a command line without running it.
func Parse(args []string, commands ...any) (*kong.Context, error) {
	parser, err := kong.New(&root{kong.Plugins(commands)}, groups())
	if err != nil {
		return nil, err
	}
	return parser.Parse(TwoDashes(args))
}

// TwoDashes lets flags be written with one dash, as Go's are. A negative number is not
// a flag.
func TwoDashes(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && (arg[1] < '0' || arg[1] > '9') {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}
