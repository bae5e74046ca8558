package api_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

type slim struct {
	User string `json:"user"`
	Page string `json:"page"`
}

// BenchmarkFilterMapTo is a record's whole way through a stage without state:
// decode, filter, map, encode, send. It allocates only the buffer of
// the decoded strings, as they may be kept.
func BenchmarkFilterMapTo(b *testing.B) {
	app := api.New("bench")
	app.From("views", eventTime()).
		Filter(func(v view) bool { return v.User != "" }).
		Map(func(v view) slim { return slim{v.User, v.Page} }).
		To("slim")
	runStage(b, app, 0, nil, func(r *stream.Record, i int) {
		r.Value = fmt.Appendf(nil, `{"user":"user-%d","page":"page-%d","at":%d}`, i%1000, i%77, at(0)+int64(i)/2)
	})
}

// BenchmarkChain is the same without JSON, so that what is left is Grete's own:
// no allocation.
func BenchmarkChain(b *testing.B) {
	app := api.New("bench")
	app.From[int64]("numbers").
		Filter(func(n int64) bool { return n >= 0 }).
		Map(func(n int64) int64 { return n + 1 }).
		Map(func(n int64) float64 { return float64(n) }).
		Map(func(f float64) int64 { return int64(f) }).
		To("more")
	runStage(b, app, 0, nil, func(r *stream.Record, i int) {
		r.Value = binary.BigEndian.AppendUint64(nil, uint64(i))
		r.Time = int64(i)
	})
}

// BenchmarkWindowedCount is the second stage of a windowed count: from the
// repartition topic to the store and its changelog, with a commit each 100,000
// records, 2,000 records per second of event time and 100,000 users.
func BenchmarkWindowedCount(b *testing.B) {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.1, 1, 100_000)
	runStage(b, perMinute(), 1, newBenchEngine(b), func(r *stream.Record, i int) {
		user := "user-" + strconv.FormatUint(zipf.Uint64(), 10)
		r.Key = []byte(user)
		r.Value = fmt.Appendf(nil, `{"user":%q,"page":"page-%d","at":%d}`, user, i%77, at(0)+int64(i)/2)
		r.Headers = []stream.Header{{Key: stream.TimeHeader, Value: binary.BigEndian.AppendUint64(nil, uint64(at(0)+int64(i)/2))}}
	})
}

// runStage runs one stage of a pipeline with one task, on records that repeat,
// each time later.
func runStage(b *testing.B, app *api.App, stage int, engine kv.Engine, fill func(*stream.Record, int)) {
	b.Helper()
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"views": 1, "numbers": 1}}, scheduler.Options{})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Unix(0, 0)
	system := &loopSystem{records: make([]stream.Record, 1<<17)}
	for i := range system.records {
		fill(&system.records[i], i)
		system.records[i].Offset = int64(i)
	}
	cfg := container.Configs(plan, container.Config{
		Program: app.Pipeline().Program(), System: system, Engine: engine, Dir: b.TempDir(), Now: func() time.Time { return now },
	})[stage]
	c, err := container.Open(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	committed := int64(0)
	for system.read < int64(b.N) {
		if system.read-committed > 100_000 {
			committed = system.read
			now = now.Add(time.Second)
		}
		if _, err := c.Step(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
}

// A loopSystem serves the same records again and again, and forgets what it is
// sent.
type loopSystem struct {
	records []stream.Record
	read    int64
	sent    stream.Record
	out     bool
	chunk   [1]stream.Chunk
	input   stream.TopicPartition
}

const chunkRecords = 4096

func (s *loopSystem) Name() string { return "loop" }
func (s *loopSystem) ID() string   { return "loop" }
func (s *loopSystem) OpenConsumer(context.Context, stream.ConsumerConfig) (stream.Consumer, error) {
	return s, nil
}
func (s *loopSystem) OpenProducer(context.Context, stream.ProducerConfig) (stream.Producer, error) {
	return loopProducer{s}, nil
}
func (s *loopSystem) Admin() stream.Admin { return loopAdmin{} }
func (s *loopSystem) Close() error        { return nil }

func (s *loopSystem) Assign(tp stream.TopicPartition, _ int64) error { s.input = tp; return nil }
func (s *loopSystem) Unassign(stream.TopicPartition)                 {}
func (s *loopSystem) Release(stream.TopicPartition)                  { s.out = false }
func (s *loopSystem) Ready() <-chan struct{}                         { return nil }
func (s *loopSystem) End(stream.TopicPartition) int64                { return 1 << 60 }

func (s *loopSystem) Poll() ([]stream.Chunk, error) {
	if s.out {
		return nil, nil
	}
	s.out = true
	from := int(s.read) % len(s.records)
	round := s.read / int64(len(s.records))
	records := s.records[from : from+chunkRecords]
	for i := range records {
		records[i].Offset = s.read + int64(i)
		// Event time goes on from round to round.
		if records[i].Time > 0 && round > 0 {
			records[i].Time += int64(len(s.records) / 2)
		}
		if h := records[i].Headers; len(h) > 0 && round > 0 {
			was := binary.BigEndian.Uint64(h[0].Value)
			binary.BigEndian.PutUint64(h[0].Value, was+uint64(len(s.records)/2))
		}
	}
	s.read += chunkRecords
	s.chunk[0] = stream.Chunk{TopicPartition: s.input, Records: records, Next: s.read}
	return s.chunk[:], nil
}

type loopProducer struct{ s *loopSystem }

func (p loopProducer) Writer(string) (stream.Writer, error) { return p, nil }
func (p loopProducer) Partitions() int32                    { return 1 }
func (p loopProducer) Check(int32, *stream.Record) error    { return nil }
func (p loopProducer) Send(_ int32, r *stream.Record) error { p.s.sent = *r; return nil }
func (p loopProducer) Buffered() int64                      { return 0 }
func (p loopProducer) Flush(context.Context) error          { return nil }
func (p loopProducer) Commit(context.Context, stream.GroupOffsets) ([]stream.Position, error) {
	return nil, nil
}
func (p loopProducer) Abort(context.Context) error { return nil }
func (p loopProducer) Close() error                { return nil }

type loopAdmin struct{}

func (loopAdmin) Partitions(context.Context, ...string) (map[string]int32, error) { return nil, nil }
func (loopAdmin) TopicIDs(context.Context, ...string) (map[string]string, error)  { return nil, nil }
func (loopAdmin) CreateTopic(context.Context, stream.TopicConfig) error           { return nil }
func (loopAdmin) Describe(context.Context, ...string) (map[string]stream.TopicConfig, error) {
	return nil, nil
}
func (loopAdmin) OffsetsAt(_ context.Context, _ int64, tps ...stream.TopicPartition) ([]int64, error) {
	return make([]int64, len(tps)), nil
}
func (loopAdmin) DeleteRecords(context.Context, ...stream.Position) error { return nil }
func (loopAdmin) Starts(_ context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return make([]int64, len(tps)), nil
}
func (loopAdmin) Ends(_ context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return make([]int64, len(tps)), nil
}
func (loopAdmin) LogEnds(_ context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return make([]int64, len(tps)), nil
}
func (loopAdmin) Committed(_ context.Context, _ string, tps ...stream.TopicPartition) ([]int64, error) {
	none := make([]int64, len(tps))
	for i := range none {
		none[i] = -1
	}
	return none, nil
}
