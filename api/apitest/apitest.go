package apitest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/stream"
	streammemory "github.com/gretestream/grete/stream/memory"
)

// Options configure a test. The zero value is one container per stage and one partition per
// topic, so that each output has one order.
type Options struct {
	Partitions int32
	Containers int
	// Topics are further topics that exist when the job starts, for inputs with a pattern.
	Topics []string
	// IdleTimeout is the time after which an input without records no longer holds the
	// watermark back; 0 means never: then only records and Advance move event time.
	IdleTimeout time.Duration
	// Clock is where the containers' clock starts. The default, zero, is 1970; event times
	// aren't compared with the clock then, see [api.InputOption.MaxAhead].
	Clock time.Time
	// MaxRecordBytes is the largest key and value together that topics take; 0: without limit.
	MaxRecordBytes int64
}

// A Test is a job under test. A mistake in the pipeline or a failure of the job fails the test.
type Test struct {
	t       testing.TB
	app     *api.App
	options Options
	system  stream.System
	plan    *scheduler.Plan
	now     time.Time
	time    int64 // event time in ms that Advance has promised to the job
	run     int64 // counts bounded runs
	running []*container.Container
	opened  int // containers
	skipped skipped
	limit   *generate.Limit                 // of generators
	turn    map[string]int32                // by input: the next partition to write to
	seen    map[stream.TopicPartition]int64 // by output: the next offset to read
}

// stateLimit bounds the state in memory.
const stateLimit = 1 << 30

// New plans the job and starts it. It ends with the test.
func New(t testing.TB, app *api.App, opts ...Options) *Test {
	t.Helper()
	log := streammemory.New()
	x := &Test{t: t, app: app, system: log, now: time.Unix(0, 0), time: stream.NoTime, limit: generate.NewLimit(), turn: make(map[string]int32), seen: make(map[stream.TopicPartition]int64)}
	log.Now = func() time.Time { return x.now } // records have the test's time
	for _, o := range opts {
		x.options = o
	}
	log.MaxRecordBytes = x.options.MaxRecordBytes
	if !x.options.Clock.IsZero() {
		x.now = x.options.Clock
	}
	x.options.Partitions = max(x.options.Partitions, 1)
	if x.options.IdleTimeout == 0 {
		x.options.IdleTimeout = 1<<63 - 1
	}
	g, err := app.Pipeline().Graph()
	x.must(err)
	topics := slices.Clone(x.options.Topics)
	for _, n := range g.Nodes {
		if n.Kind == scheduler.KindInput && n.Pattern == "" {
			topics = append(append(topics, n.Topics...), n.Topic)
		}
	}
	slices.Sort(topics)
	for _, topic := range slices.Compact(topics) {
		if topic != "" {
			x.CreateTopic(topic)
		}
	}
	x.Restart()
	t.Cleanup(x.Crash)
	return x
}

// CreateTopic creates an input topic. An input with a matching pattern reads it from the next
// [Test.Restart] on.
func (x *Test) CreateTopic(topic string) {
	x.t.Helper()
	x.must(x.system.Admin().CreateTopic(context.Background(), stream.TopicConfig{Name: topic, Partitions: x.options.Partitions}))
}

// prepare plans the job and creates its topics.
func (x *Test) prepare() {
	x.t.Helper()
	ctx := context.Background()
	known, err := x.system.Admin().Partitions(ctx)
	x.must(err)
	o := scheduler.Options{Partitions: x.options.Partitions, Containers: x.options.Containers}
	x.plan, err = x.app.Pipeline().Plan(scheduler.Metadata{Partitions: known}, o)
	x.must(err)
	x.must(topics.Create(ctx, x.system.Admin(), x.plan, topics.Options{}))
}

// start opens the containers at their last commit.
func (x *Test) start(bounds map[stream.TopicPartition]int64) {
	x.t.Helper()
	base := container.Config{
		Program: x.app.Pipeline().Program(), System: x.system, Engine: memory.New(stateLimit),
		Now:         func() time.Time { return x.now },
		IdleTimeout: x.options.IdleTimeout, Observer: &x.skipped, Generators: x.limit,
	}
	if bounds != nil {
		base.Run, base.Bounds = x.run, bounds
	}
	for _, cfg := range container.Configs(x.plan, base) {
		c, err := container.Open(context.Background(), cfg)
		x.must(err)
		x.opened++
		x.running = append(x.running, c)
	}
}

// Send appends values to the partitions of an input topic in turn, with the default serde of
// their type.
func (x *Test) Send[M any](topic string, values ...M) {
	x.t.Helper()
	codec, _ := x.app.Pipeline().Serdes.For[M]()
	x.send(topic, len(values), func(i int, r *stream.Record) (err error) {
		r.Value, err = codec.Append([]byte{}, values[i]) // nil would be a tombstone
		return err
	})
}

// SendKeyed appends a value with a key to an input topic.
func (x *Test) SendKeyed[K comparable, M any](topic string, key K, value M) {
	x.t.Helper()
	keys, _ := x.app.Pipeline().Serdes.Key[K]()
	values, _ := x.app.Pipeline().Serdes.For[M]()
	x.send(topic, 1, func(_ int, r *stream.Record) (err error) {
		if r.Key, err = keys.Append(nil, key); err != nil {
			return err
		}
		r.Value, err = values.Append([]byte{}, value) // nil would be a tombstone
		return err
	})
}

func (x *Test) send(topic string, n int, fill func(int, *stream.Record) error) {
	x.t.Helper()
	x.sendTo(topic, -1, n, fill)
}

// sendTo is send to a partition; -1: to that of the key, or to each in turn.
func (x *Test) sendTo(topic string, to int32, n int, fill func(int, *stream.Record) error) {
	x.t.Helper()
	ctx := context.Background()
	p, err := x.system.OpenProducer(ctx, stream.ProducerConfig{})
	x.must(err)
	w, err := p.Writer(topic)
	x.must(err)
	for i := range n {
		r := stream.Record{Time: x.now.UnixMilli()}
		x.must(fill(i, &r))
		partition := x.turn[topic]
		if to >= 0 {
			partition = to
		} else if r.Key != nil {
			partition = stream.PartitionOf(r.Key, w.Partitions())
		} else {
			x.turn[topic] = (partition + 1) % w.Partitions()
		}
		x.must(w.Send(partition, &r))
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	x.must(err)
	x.must(p.Close())
}

// Advance processes all records that were sent, and then advances event time by d from the
// latest record or from the last Advance, whichever is later. Windows and timers that are due
// by then fire.
func (x *Test) Advance(d time.Duration) {
	x.t.Helper()
	x.settle()
	for _, c := range x.running {
		x.time = max(x.time, c.EventTime())
	}
	x.now = x.now.Add(d)
	if x.time == stream.NoTime {
		return
	}
	x.time += d.Milliseconds()
	for _, c := range x.running {
		c.Promise(x.time)
	}
	x.settle()
}

// Wait processes all records that were sent, and advances wall-clock time by d. Event time
// stays, unless inputs become idle.
func (x *Test) Wait(d time.Duration) {
	x.t.Helper()
	x.settle()
	x.now = x.now.Add(d)
	x.settle()
}

// End treats the current ends of the inputs as final, as a run with -once does: it processes
// all records that were sent, and closes all windows. The job can continue afterwards.
func (x *Test) End() {
	x.t.Helper()
	x.settle()
	x.Crash()
	bounds, err := container.Bounds(context.Background(), x.system.Admin(), x.plan)
	x.must(err)
	x.boundGenerators(bounds)
	x.run++
	x.start(bounds)
	for done := 0; done < len(x.running); {
		done = 0
		x.limit.Await()
		for _, c := range x.running {
			w, err := c.Step(context.Background())
			x.must(err)
			if w.Done {
				done++
			}
		}
		x.now = x.now.Add(time.Second)
	}
	x.Crash()
	x.start(nil)
}

// Crash kills the job: all that isn't committed is lost. Before that it processes some of the
// records that were sent, so that there is something to lose.
func (x *Test) Crash() {
	x.t.Helper()
	x.limit.Await()
	for _, c := range x.running {
		_, _ = c.Step(context.Background())
		x.must(c.Close())
	}
	x.running = nil
}

// Restart starts the job again from its last commit. It crashes a running job first.
func (x *Test) Restart() {
	x.t.Helper()
	x.Crash()
	x.prepare()
	x.start(nil)
}

// Replace continues the job with another version of its program, from the last commit of
// this one, which it crashes first. A version that would lose state or results fails the
// test, as the job would refuse to start.
func (x *Test) Replace(app *api.App) {
	x.t.Helper()
	x.Crash()
	before := x.plan
	x.app = app
	x.prepare()
	if v := compare.Plans(before, x.plan); v.Kind == compare.Incompatible {
		x.t.Fatal(v.Text())
	}
	x.start(nil)
}

// settle runs the job until there is nothing left to do and all is committed.
func (x *Test) settle() {
	x.t.Helper()
	for busy := true; busy; {
		busy = false
		x.limit.Await()
		for _, c := range x.running {
			w, err := c.Step(context.Background())
			x.must(err)
			busy = busy || w.Until.IsZero() || w.Uncommitted
		}
		x.now = x.now.Add(100 * time.Millisecond)
	}
}

func (x *Test) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}
