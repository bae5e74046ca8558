//go:build rocksdb

package api_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

var errCrash = errors.New("crash before the state was written")

// A crashingEngine fails to write, now and then: what the job had committed by
// then is in its changelog and not in its database.
type crashingEngine struct {
	kv.Engine
	rnd *rand.Rand
}

func (e crashingEngine) Open(dir string, stores []string) (kv.Database, error) {
	db, err := e.Engine.Open(dir, stores)
	return crashingDatabase{db, e.rnd}, err
}

type crashingDatabase struct {
	kv.Database
	rnd *rand.Rand
}

func (d crashingDatabase) Write(b *kv.Batch) error {
	if d.rnd.IntN(3) == 0 {
		return errCrash
	}
	return d.Database.Write(b)
}

// The moment between the commit of the transaction and the writing of the state is
// the one for which the tail of the changelog is replayed.
func TestCrash_BeforeStateIsWritten(t *testing.T) {
	ctx := context.Background()
	app := api.New("crash")
	views := app.FromKeyed[string, view]("views")
	views.Count("total").To("totals")
	views.Reduce("last", func(_, v view) view { return v }).To("last")
	engine, err := rocksdb.New(rocksdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	system := memory.New()
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"views": 1}}, scheduler.Options{})
	if err == nil {
		err = errors.Join(system.Admin().CreateTopic(ctx, stream.TopicConfig{Name: "views", Partitions: 1}), topics.Create(ctx, system.Admin(), plan, topics.Options{}))
	}
	if err != nil {
		t.Fatal(err)
	}
	const n = 200
	sendViews(t, system, n)
	now := time.Unix(0, 0)
	cfg := container.Configs(plan, container.Config{
		Program: app.Pipeline().Program(), System: system, Dir: t.TempDir(), Memory: 16 << 20,
		Engine: crashingEngine{engine, rand.New(rand.NewPCG(1, 2))}, Now: func() time.Time { return now },
	})[0]
	crashes := 0
	for run := int64(1); ; run++ {
		bound := min(run*7, n) // a few more records each time
		cfg.Run, cfg.Bounds = run, map[stream.TopicPartition]int64{{Topic: "views"}: bound}
		err := container.Run(ctx, cfg)
		if err != nil && !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		if err != nil {
			crashes++
		} else if bound == n {
			break
		}
	}
	if crashes < 3 {
		t.Errorf("only %d crashes", crashes)
	}
	// Each record has counted once: the totals are 1, 2, … n.
	for i, r := range recordsOf(t, system, "totals") {
		if got := int64(binary.BigEndian.Uint64(r)); got != int64(i)+1 {
			t.Fatalf("total %d is %d", i, got)
		}
	}
}

func sendViews(t *testing.T, system stream.System, n int) {
	t.Helper()
	p, err := system.OpenProducer(context.Background(), stream.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Writer("views")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := w.Send(0, &stream.Record{Key: []byte("ann"), Value: fmt.Appendf(nil, `{"page":"p%d"}`, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Commit(context.Background(), stream.GroupOffsets{}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// recordsOf returns the values of a topic of one partition.
func recordsOf(t *testing.T, system stream.System, topic string) (values [][]byte) {
	t.Helper()
	c, err := system.OpenConsumer(context.Background(), stream.ConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	tp := stream.TopicPartition{Topic: topic}
	if err := c.Assign(tp, 0); err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < c.End(tp); {
		chunks, err := c.Poll()
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range chunks {
			for _, r := range chunk.Records {
				values = append(values, append([]byte(nil), r.Value...))
			}
			at = chunk.Next
			c.Release(tp)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return values
}
