package loop

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// lenient is the source of an input that skips what fails.
type lenient struct{ silentSource }

func (lenient) Skips() bool { return true }

// strict is the source of an input that doesn't.
type strict struct{ silentSource }

func (strict) Skips() bool { return false }

// Records that can't be read are their input's error: its policy decides.
func TestUnreadable_FollowsPolicy(t *testing.T) {
	tp := stream.TopicPartition{Topic: "in", Partition: 3}
	failure := &stream.UnreadableError{TopicPartition: tp, Offset: 20, Next: 25, Records: 4, Err: errors.New("too large")}
	for _, source := range []Source{lenient{}, strict{}} {
		var log bytes.Buffer
		var skipped []Skip
		l := New(Config{
			Stage: &scheduler.Stage{Name: "s", Inputs: []scheduler.Input{{Topic: "in"}}}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Skipped: func(s Skip) { skipped = append(skipped, s) },
		})
		consumer := new(assigning)
		l.Inputs.consumer = generate.New(consumer, generate.Config{})
		p := &partition{TopicPartition: tp, task: &Running{}, source: source, position: 18, counts: &metrics.Input{}, heapIndex: -1}
		p.cursor = &cursor{TopicPartition: tp, readers: []*partition{p}}
		l.Inputs.cursors[tp] = p.cursor
		err := l.unreadable(failure)
		if !source.Skips() {
			var of *RecordError
			if !errors.As(err, &of) || of.Offset != 20 || of.Topic != "in" || p.position != 18 {
				t.Errorf("strict: %v, position %d", err, p.position)
			}
			continue
		}
		if err != nil || p.position != 25 || p.counts.Skipped != 4 || len(skipped) != 1 || skipped[0].Record.Offset != 20 {
			t.Errorf("lenient: %v, position %d, %+v, %v", err, p.position, p.counts, skipped)
		}
		if text := log.String(); !strings.Contains(text, "topic=in partition=3 offset=20 last_offset=24 records=4") {
			t.Errorf("log: %s", text)
		}
	}
}
