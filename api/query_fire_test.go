package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
	"github.com/gretestream/grete/stream/serde"
)

// A sum's text says the same as its number.
type sum struct {
	N    int64  `json:"n"`
	Text string `json:"text"`
}

func sumOf(n int64) sum { return sum{n, strings.Repeat(fmt.Sprint(n), int(n%9)+1)} }

const askedKeys = 12

// An askedJob gets queries while it crashes, restarts and stops. It knows what is committed.
type askedJob struct {
	t       *testing.T
	rnd     *rand.Rand // of the loop's goroutine
	configs []container.Config
	running *container.Container
	server  *httptest.Server

	mu        sync.Mutex
	committed map[string]int64
	answers   int // with a value

	crashes, rotten, aborts, stops int
}

var errCrashed = errors.New("crash before the state was written")

func newAskedJob(t *testing.T) *askedJob {
	j := &askedJob{t: t, rnd: rand.New(rand.NewPCG(1, 2)), committed: make(map[string]int64)}
	app := New("asked")
	app.FromKeyed[string, int64]("in").Fold("sums", func(s sum, n int64) sum { return sumOf(s.N + n) }).To("out")
	system := memory.New()
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"in": 3}}, scheduler.Options{})
	if err == nil {
		err = errors.Join(system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: "in", Partitions: 3}),
			topics.Create(t.Context(), system.Admin(), plan, topics.Options{}))
	}
	if err != nil {
		t.Fatal(err)
	}
	engine, err := cluster.NewEngine(64<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.must(engine.Close()) })
	registry, readers := metrics.NewRegistry(metrics.Config{App: "asked"}), &container.Readers{}
	j.configs = container.Configs(plan, container.Config{
		Program: app.Pipeline().Program(), System: watchedSystem{system, j}, Engine: harmedEngine{engine, j}, Dir: t.TempDir(), Memory: 16 << 20,
		CommitInterval: 1, Counts: registry.Container("in", 0), Readers: readers,
	})
	j.server = httptest.NewServer(httpapi.NewHandler(httpapi.Config{Plan: plan, Registry: registry, Readers: readers}))
	t.Cleanup(j.server.Close)
	return j
}

func (j *askedJob) must(err error) {
	j.t.Helper()
	if err != nil {
		j.t.Error(err)
	}
}

// ask asks for a key, and compares the answer with what is committed by then. It
// returns 0 if the job can't say.
func (j *askedJob) ask(key string) int64 {
	s, found, err := Query[string, sum](context.Background(), j.server.Listener.Addr().String(), "sums", key, QueryClient(j.server.Client()))
	if errors.As(err, new(*UnavailableError)) {
		return 0
	}
	j.must(err)
	if found && s != sumOf(s.N) {
		j.t.Errorf("a torn value of %s: %+v", key, s)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.N > j.committed[key] {
		j.t.Errorf("%s is %d, of which %d are committed", key, s.N, j.committed[key])
	}
	j.answers++
	return s.N
}

// TestAskedUnderFire: what is answered is committed, whole, and never of before
// what was answered before.
func TestQuery_ReadsCommittedStateUnderFire(t *testing.T) {
	j := newAskedJob(t)
	const rounds = 20
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for range 2 {
		asking.Go(func() {
			last := make(map[string]int64)
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprint(i % askedKeys)
				if n := j.ask(key); n != 0 && n < last[key] {
					t.Errorf("%s is %d after %d", key, n, last[key])
				} else if n != 0 {
					last[key] = n
				}
			}
		})
	}
	for round := range int64(rounds) {
		j.feed(j.configs[0].System.(watchedSystem).System)
		j.run(round + 1)
	}
	for i := range askedKeys {
		if n := j.ask(fmt.Sprint(i)); n != rounds {
			t.Errorf("%d is %d in the end, want %d", i, n, rounds)
		}
	}
	cancel()
	asking.Wait()
	j.must(j.running.Close())
	if n := j.ask("0"); n != 0 {
		t.Errorf("a job that is closed answers %d", n)
	}
	if j.crashes < 3 || j.rotten < 3 || j.aborts < 3 || j.stops < 3 || j.answers < 100 {
		t.Errorf("only %d crashes, %d rotten databases, %d aborts, %d stops, %d answers", j.crashes, j.rotten, j.aborts, j.stops, j.answers)
	}
}

// run runs the container until each key's sum is committed and written. It opens the
// container again after a crash, and stops it now and then.
func (j *askedJob) run(sum int64) {
	for {
		var err error
		if j.running == nil {
			j.running, err = container.Open(context.Background(), j.configs[0])
		}
		for err == nil && !j.reached(sum) {
			_, err = j.running.Step(context.Background())
		}
		switch {
		case err != nil:
			j.must(ignore(err))
			j.must(ignore(j.running.Close()))
		case j.rnd.IntN(4) > 0:
			return
		default:
			j.stops++
			j.must(ignore(j.running.Stop(context.Background())))
		}
		j.running = nil
	}
}

func (j *askedJob) reached(sum int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range askedKeys {
		if j.committed[fmt.Sprint(i)] < sum {
			return false
		}
	}
	return true
}

// feed adds 1 to each key.
func (j *askedJob) feed(system stream.System) {
	p, err := system.OpenProducer(context.Background(), stream.ProducerConfig{})
	j.must(err)
	w, err := p.Writer("in")
	j.must(err)
	for i := range askedKeys {
		key := fmt.Append(nil, i)
		j.must(w.Send(stream.PartitionOf(key, 3), &stream.Record{Key: key, Value: []byte("\x00\x00\x00\x00\x00\x00\x00\x01")}))
	}
	_, err = p.Commit(context.Background(), stream.GroupOffsets{})
	j.must(err)
	j.must(p.Close())
}

// ignore takes the errors out that are made here.
func ignore(err error) error {
	if errors.Is(err, errCrashed) || errors.Is(err, kv.ErrCorrupt) {
		return nil
	}
	return err
}

// A harmedEngine's databases fail to write now and then, or turn out to be corrupt.
type harmedEngine struct {
	kv.Engine
	job *askedJob
}

func (e harmedEngine) Open(dir string, stores []string) (kv.Database, error) {
	db, err := e.Engine.Open(dir, stores)
	return harmedDatabase{db, e.job, dir}, err
}

type harmedDatabase struct {
	kv.Database
	job *askedJob
	dir string
}

func (d harmedDatabase) Write(b *kv.Batch) error {
	switch d.job.rnd.IntN(24) {
	case 0:
		d.job.crashes++
		return errCrashed
	case 1:
		d.job.rotten++
		return &kv.DatabaseError{Dir: d.dir, Doing: "writing", Err: kv.ErrCorrupt}
	}
	return d.Database.Write(b)
}

// A watchedSystem notes what is committed to the changelog. It queries every key before each
// commit, when all records of the commit are written.
type watchedSystem struct {
	stream.System
	job *askedJob
}

func (s watchedSystem) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := s.System.OpenProducer(ctx, cfg)
	return &watchedProducer{p, s.job, make(map[string]int64)}, err
}

type watchedProducer struct {
	stream.Producer
	job  *askedJob
	sent map[string]int64
}

func (p *watchedProducer) Writer(topic string) (stream.Writer, error) {
	w, err := p.Producer.Writer(topic)
	if topic == "asked-sums-changelog" {
		w = watchedWriter{w, p.sent}
	}
	return w, err
}

func (p *watchedProducer) Commit(ctx context.Context, g stream.GroupOffsets) ([]stream.Position, error) {
	for key := range p.sent {
		p.job.ask(key)
	}
	if p.job.rnd.IntN(8) == 0 {
		p.job.aborts++
		return nil, stream.ErrAborted
	}
	p.job.mu.Lock()
	for key, n := range p.sent {
		p.job.committed[key] = n
	}
	p.job.mu.Unlock()
	clear(p.sent)
	return p.Producer.Commit(ctx, g)
}

type watchedWriter struct {
	stream.Writer
	sent map[string]int64
}

func (w watchedWriter) Send(partition int32, r *stream.Record) error {
	sums, _ := serde.For[sum]()
	// A value begins with the number of its form.
	if s, err := sums.Parse(r.Value[min(1, len(r.Value)):]); err == nil && s.N > 0 {
		w.sent[string(r.Key)] = s.N
	}
	return w.Writer.Send(partition, r)
}
