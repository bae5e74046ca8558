package api_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A countingSystem counts what is sent to an output.
type countingSystem struct {
	loopSystem
	topic string
	sends int
}

func (s *countingSystem) OpenProducer(context.Context, stream.ProducerConfig) (stream.Producer, error) {
	return countingProducer{loopProducer{&s.loopSystem}, s}, nil
}

type countingProducer struct {
	loopProducer
	s *countingSystem
}

func (p countingProducer) Writer(topic string) (stream.Writer, error) {
	if topic != p.s.topic {
		return p.loopProducer, nil
	}
	return p, nil
}

func (p countingProducer) Send(_ int32, _ *stream.Record) error {
	p.s.sends++
	return nil
}

// Thousands of windows that are due at once close in several pieces of work, so that a
// commit and a rebalance can come between.
func TestWindow_ManyDueAtOnceCloseInSteps(t *testing.T) {
	const windows = 2*chunkRecords - 1
	s := &countingSystem{topic: "counts"}
	s.records = make([]stream.Record, windows+1)
	for i := range windows {
		time := binary.BigEndian.AppendUint64(nil, uint64(at(60*i)))
		s.records[i] = stream.Record{
			Key: []byte("ada"), Value: fmt.Appendf(nil, `{"user":"ada","page":"a","at":%d}`, at(60*i)),
			Headers: []stream.Header{{Key: stream.TimeHeader, Value: time}},
		}
	}
	all := stream.Control{Epoch: 1, Tasks: 1, Marks: []stream.Mark{{Watermark: at(60 * (windows + 1))}}}
	s.records[windows] = stream.Record{Value: all.Append(nil), Headers: []stream.Header{{Key: stream.ControlHeader, Value: make([]byte, 8)}}}

	app := perMinute()
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"views": 1}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	c, err := container.Open(t.Context(), container.Configs(plan, container.Config{
		Program: app.Pipeline().Program(), System: s, Engine: memory.New(1 << 30), Dir: t.TempDir(), Now: func() time.Time { return now },
	})[1])
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for before := 0; s.sends < windows; before = s.sends {
		if _, err := c.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		most = max(most, s.sends-before)
		if s.read > 200*(windows+1) {
			t.Fatalf("%d of %d windows are closed", s.sends, windows)
		}
	}
	if most > windows/8 {
		t.Errorf("%d of %d windows were closed in one step", most, windows)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
