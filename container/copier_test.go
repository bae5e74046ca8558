package container_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// copier is a program without state, which copies its input.
type copier struct{ idle bool }

func (*copier) Open(context.Context, *scheduler.Stage) (loop.Resources, error) {
	return noResources{}, nil
}

func (c *copier) NewLogic(_ *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	out, err := task.Output(1)
	return &copierLogic{tallyLogic{task: task, out: out}, c, nil}, err
}

// noResources are those of programs that have none.
type noResources struct{}

func (noResources) Close() error { return nil }

type copierLogic struct {
	tallyLogic
	program *copier
	record  *stream.Record
}

func (l *copierLogic) Source(int, int32) loop.Source { return l }

func (l *copierLogic) Load(r *stream.Record) (int64, error) {
	l.record = r
	return r.Time, nil
}

func (l *copierLogic) Process() error {
	return l.out.Send(0, &stream.Record{Value: l.record.Value})
}

func (l *copierLogic) SetWatermark(ms int64) { l.program.idle = ms == loop.IdleTime }

// A copying is a container that copies, by hand.
type copying struct {
	*container.Container
	t       *testing.T
	program copier
	sys     stream.System
	cfg     container.Config
	now     time.Time
	metrics *metrics.Registry
	said    bytes.Buffer // by the logger
}

// newCopying makes the topics. The container is to be opened.
func newCopying(t *testing.T, sys *memory.System) *copying {
	c := &copying{t: t, sys: sys, now: time.Unix(1000, 0)}
	for _, cfg := range []stream.TopicConfig{{Name: "in", Partitions: 1}, {Name: "out", Partitions: 1}, {Name: "meta", Partitions: 1, Cleanup: stream.CleanupCompact}} {
		must(t, sys.Admin().CreateTopic(context.Background(), cfg))
	}
	c.metrics = metrics.NewRegistry(metrics.Config{App: "app"})
	c.cfg = container.Config{
		App: "app", Tasks: []int32{0}, Program: &c.program, System: sys, Now: func() time.Time { return c.now },
		Logger: slog.New(slog.NewTextHandler(&c.said, nil)), Counts: c.metrics.Container("in", 0),
		Stage: &scheduler.Stage{
			Name: "in", Group: "app-in", Tasks: 1, Containers: 1, MetaTopic: "meta",
			Inputs: []scheduler.Input{{Topic: "in", Partitions: 1}}, Outputs: []scheduler.Output{{Topic: "out", Node: 1}},
		},
	}
	t.Cleanup(func() {
		if c.Container != nil {
			must(t, c.Close())
		}
	})
	return c
}

func (c *copying) input() *scheduler.Input { return &c.cfg.Stage.Inputs[0] }

// open opens the container, after a crash if it was open.
func (c *copying) open() error {
	if c.Container != nil {
		must(c.t, c.Close())
	}
	var err error
	if c.Container, err = container.Open(context.Background(), c.cfg); err != nil {
		c.Container = nil
	}
	return err
}

func (c *copying) reopen() {
	c.t.Helper()
	must(c.t, c.open())
}

// settle steps until all is done and committed, or a bounded run has ended.
func (c *copying) settle() error {
	for range 3 {
		c.now = c.now.Add(20 * time.Second)
		w, err := c.Step(context.Background())
		if err != nil {
			return err
		}
		for !w.Done && (w.Until.IsZero() || w.Uncommitted) {
			c.now = c.now.Add(time.Second)
			if w, err = c.Step(context.Background()); err != nil {
				return err
			}
		}
		if w.Done {
			return nil
		}
	}
	return nil
}

var inPartition = stream.TopicPartition{Topic: "in"}

// fill appends records of these times to the input, whose values they are.
func (c *copying) fill(times ...int64) {
	c.t.Helper()
	var records []stream.Record
	for _, ms := range times {
		records = append(records, stream.Record{Time: ms, Value: strconv.AppendInt(nil, ms, 10)})
	}
	put(c.t, c.sys, inPartition, records...)
}

func (c *copying) deleteBefore(offset int64) {
	c.t.Helper()
	must(c.t, c.sys.Admin().DeleteRecords(context.Background(), stream.Position{TopicPartition: inPartition, Offset: offset}))
}

// setOffset moves the group's offset, as another client would.
func (c *copying) setOffset(offset int64) {
	c.t.Helper()
	p, err := c.sys.OpenProducer(context.Background(), stream.ProducerConfig{})
	must(c.t, err)
	_, err = p.Commit(context.Background(), stream.GroupOffsets{Group: "app-in", Positions: []stream.Position{{TopicPartition: inPartition, Offset: offset}}})
	must(c.t, err)
	must(c.t, p.Close())
}

func (c *copying) groupOffset() int64 {
	c.t.Helper()
	offsets, err := c.sys.Admin().Committed(context.Background(), "app-in", inPartition)
	must(c.t, err)
	return offsets[0]
}

// wantOut settles and compares what has been copied in all.
func (c *copying) wantOut(want ...int64) {
	c.t.Helper()
	must(c.t, c.settle())
	var got []int64
	for _, r := range recordsOf(c.t, c.sys, stream.TopicPartition{Topic: "out"}) {
		ms, err := strconv.ParseInt(string(r.Value), 10, 64)
		must(c.t, err)
		got = append(got, ms)
	}
	if !slices.Equal(got, want) {
		c.t.Fatalf("copied %v, want %v", got, want)
	}
}
