package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// resetCommand has a job that doesn't run begin anew.
type resetCommand struct {
	To     string   `placeholder:"WHERE" help:"Where the inputs are read from then: oldest, newest, or the first record that isn't older than a time: 2014-03-01T12:00:00Z, or how long ago, as 90m."`
	Offset []string `sep:"none" placeholder:"TOPIC/PARTITION=OFFSET" help:"The offset of one partition, whatever -to says. May be repeated. Without -to the others stay where they are."`
	State  string   `default:"clear" enum:"clear,keep" help:"clear: the stores are emptied, and what is on its way between stages is passed over. keep: both stay, so that records which are read again are counted again; windows that have closed may give results again, and where there was something on its way between stages, what is read again may be late."`
	Yes    bool     `help:"Don't ask."`
	Data   string   `placeholder:"DIR" help:"Where the log is, if not on Kafka (default: .grete/<app>)."`

	Kafka kafkaFlags `embed:"" group:"kafka"`
}

// Run does it, step by step.
func (c *resetCommand) Run(ctx context.Context, a *App, con console) (err error) {
	target, err := c.target(time.Now())
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	if _, err := a.Graph(); err != nil {
		return err // before anybody is asked
	}
	r := &run{runCommand: runCommand{Data: c.Data}, app: a, console: con, log: newLogger(con)}
	if r.kafka, err = c.Kafka.options(); err != nil {
		return err
	}
	defer func() { err = r.cleanUp(err) }()
	steps := []func(context.Context) error{r.lockLog, r.openLog, r.plan}
	if target.KeepState {
		steps = append(steps, r.goOn) // else nothing is left that a change could do harm to
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return r.explain(err)
		}
	}
	x, err := reset.Prepare(ctx, r.planned, reset.Config{System: r.system, Logger: r.log}, target)
	if err != nil {
		return err
	}
	r.showReset(x, target)
	if err := confirmed(con, c.Yes, "Do this? It can't be undone."); err != nil {
		return err
	}
	if err := x.Run(ctx); err != nil {
		return err
	}
	if err := writePlan(ctx, r.system, r.planned); err != nil {
		return fmt.Errorf("the job is reset, but by which plan can't be recorded: %w; run the reset again", err)
	}
	r.say("done: the next start begins there")
	return nil
}

// lockLog locks the directory of an embedded log that is there already.
func (r *run) lockLog(ctx context.Context) error {
	if r.kafka != nil {
		return nil
	}
	if r.Data == "" {
		r.Data = r.app.dataDir()
	}
	if _, err := os.Stat(filepath.Join(r.Data, "log")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data directory %s: there is no log in it, so the job has never run there; say where it did with -data, or with -kafka", r.Data)
	}
	return r.lockData(ctx)
}

// target reads the flags.
func (c *resetCommand) target(now time.Time) (reset.Target, error) {
	t := reset.Target{KeepState: c.State == "keep", Offsets: make(map[stream.TopicPartition]int64)}
	if c.To == "" && len(c.Offset) == 0 {
		return t, errors.New("where to? Say -to oldest, -to newest or -to TIME, or -offset TOPIC/PARTITION=OFFSET")
	}
	if c.To != "" {
		start, err := parseStart(c.To, now)
		if err != nil {
			return t, err
		}
		t.Start = &start
	}
	for _, o := range c.Offset {
		p, err := parsePosition(o)
		if err != nil {
			return t, err
		}
		if _, twice := t.Offsets[p.TopicPartition]; twice {
			return t, fmt.Errorf("-offset %s: this partition has been given an offset already", o)
		}
		t.Offsets[p.TopicPartition] = p.Offset
	}
	return t, nil
}

// parseStart reads where inputs start, as [scheduler.Input.Start] has it.
func parseStart(to string, now time.Time) (int64, error) {
	switch to {
	case "oldest":
		return 0, nil
	case "newest":
		return scheduler.StartNewest, nil
	}
	if ago, err := time.ParseDuration(to); err == nil && ago >= 0 {
		return max(0, now.Add(-ago).UnixMilli()), nil
	}
	at, err := time.Parse(time.RFC3339, to)
	if err != nil {
		return 0, fmt.Errorf("-to %s: it is neither oldest nor newest, nor a time such as 2014-03-01T12:00:00Z, nor how long ago, as 90m", to)
	}
	return max(0, at.UnixMilli()), nil
}

// parsePosition reads TOPIC/PARTITION=OFFSET. No topic's name has one of these signs.
func parsePosition(s string) (stream.Position, error) {
	where, offset, ok := strings.Cut(s, "=")
	topic, partition, ok2 := strings.Cut(where, "/")
	p, err := strconv.ParseInt(partition, 10, 32)
	o, err2 := strconv.ParseInt(offset, 10, 64)
	if !ok || !ok2 || topic == "" || err != nil || err2 != nil || p < 0 || o < 0 {
		return stream.Position{}, fmt.Errorf("-offset %s: write it as -offset TOPIC/PARTITION=OFFSET", s)
	}
	return stream.Position{TopicPartition: stream.TopicPartition{Topic: topic, Partition: int32(p)}, Offset: o}, nil
}
