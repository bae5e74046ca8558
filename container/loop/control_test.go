package loop

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A control message that no producer of the plan sends is skipped, counted and logged, and
// what it claims takes no memory. The marks before it stay.
func TestControl_NotOfThePlan(t *testing.T) {
	good := stream.Control{Epoch: 4, Tasks: 4, Marks: []stream.Mark{{Task: 0, Watermark: 10}, {Task: 1, Watermark: 12}, {Task: 2, Watermark: 14}, {Task: 3, Watermark: 16}}}
	for name, message := range map[string][]byte{
		"a million tasks":    (&stream.Control{Epoch: 1 << 20, Tasks: 1 << 20}).Append(nil),
		"tasks of 32 bits":   (&stream.Control{Epoch: 9, Tasks: 1<<31 - 1}).Append(nil),
		"nothing":            nil,
		"something else":     []byte("hello"),
		"marks that aren't":  []byte("\x08\x04\xff\xff\xff\x07"),
		"a task that isn't":  (&stream.Control{Epoch: 4, Tasks: 4, Marks: []stream.Mark{{Task: 7}}}).Append(nil),
		"bytes behind it":    append((&stream.Control{Epoch: 4, Tasks: 4}).Append(nil), 0),
		"a task twice":       (&stream.Control{Epoch: 4, Tasks: 1, Marks: []stream.Mark{{}, {}}}).Append(nil),
		"a truncated number": []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			var skipped []Skip
			cfg := Config{
				Stage: &scheduler.Stage{Name: "by-user", Inputs: []scheduler.Input{{Topic: "app-by-user", Producers: 4}}}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				Skipped: func(s Skip) { skipped = append(skipped, s) },
			}
			l := &Loop{cfg: cfg, now: noon}
			p := &partition{
				TopicPartition: stream.TopicPartition{Topic: "app-by-user", Partition: 2}, task: &Running{}, source: silentSource{}, watermark: stream.NoTime,
				marks: newProducerMarks(4), counts: &metrics.Input{},
			}
			p.chunk = []stream.Record{{Offset: 5, Value: good.Append(nil)}, {Offset: 6, Value: message}}
			l.control(p, &p.chunk[0])
			if p.watermark != 10 || len(skipped) != 0 {
				t.Fatalf("watermark %d, %v", p.watermark, skipped)
			}
			l.control(p, &p.chunk[0])
			if p.watermark != 10 || p.marks.watermark() != 10 || p.position != 7 || p.counts.Skipped != 1 || len(skipped) != 1 || skipped[0].Record.Offset != 6 {
				t.Errorf("watermark %d, position %d, %+v, %v", p.watermark, p.position, p.counts, skipped)
			}
			if text := log.String(); !strings.Contains(text, "topic=app-by-user partition=2 offset=6") {
				t.Errorf("log: %s", text)
			}
			if b, err := json.Marshal(p.meta()); err != nil || len(b) > 500 {
				t.Errorf("a meta record of %d bytes, %v", len(b), err)
			}
		})
	}
}

// A message about a larger plan, as while an input grows, makes all of its tasks count; only
// those that have sent a mark are in meta records.
func TestControl_LargerPlan(t *testing.T) {
	m := newProducerMarks(4)
	m.apply(stream.Control{Epoch: 9000, Tasks: 9000, Marks: []stream.Mark{{Task: 8000, Watermark: 3}, {Task: 5, Watermark: 4}}})
	p := partition{marks: m, watermark: stream.NoTime}
	in := p.meta()
	if len(in.Marks) != 2 || in.Tasks != 9000 || m.watermark() != stream.NoTime || m.ended(7) {
		t.Errorf("%+v", in)
	}
	again := newProducerMarks(4)
	again.resume(&in)
	if again.epoch != 9000 || again.tasks != 9000 || !slices.Equal(again.marks, m.marks) {
		t.Errorf("resumed as %+v, want %+v", again, m)
	}
}

// Meta records of earlier versions have a mark of each task, and no number of tasks.
func TestProducerMarks_ResumeEarlierVersion(t *testing.T) {
	m := newProducerMarks(3)
	m.resume(&meta.Input{Epoch: 3, Marks: []stream.Mark{{Task: 0, Watermark: 5}, {Task: 1, Watermark: stream.NoTime}, {Task: 2, Watermark: 7}}})
	if m.watermark() != stream.NoTime || m.tasks != 3 || len(m.marks) != 2 {
		t.Errorf("%+v", m)
	}
	m.apply(stream.Control{Epoch: 3, Tasks: 3, Marks: []stream.Mark{{Task: 1, Watermark: 6}}})
	if m.watermark() != 5 {
		t.Errorf("watermark %d, want 5", m.watermark())
	}
	m = newProducerMarks(3)
	m.resume(&meta.Input{Epoch: 1, Tasks: 1 << 30, Marks: []stream.Mark{{Task: 99}, {Task: -1}}})
	if m.tasks != 3 || len(m.marks) != 0 {
		t.Errorf("a damaged record is resumed as %+v", m)
	}
}
