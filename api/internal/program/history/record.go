package history

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// kept is the number of plans that the topic keeps.
const kept = 10

// Record records the plan that the job runs by, and its program, unless they are the last
// recorded ones. If they were recorded before, they become the newest; plans are listed once.
func Record(ctx context.Context, system stream.System, plan *scheduler.Plan, by Program) error {
	h, err := Read(ctx, system, plan.App)
	if err != nil {
		return err
	}
	now, err := json.Marshal(lasting(plan))
	if err != nil {
		return err
	}
	same := func(e Entry) bool { return e.Program == by && equal(e.Plan, now) }
	number := 1
	if len(h.Plans) > 0 {
		if same(h.Plans[0]) {
			return nil
		}
		number = h.Plans[0].Number + 1
	}
	value, err := json.Marshal(Entry{Number: number, Recorded: time.Now().UTC().Truncate(time.Second), Program: by, Plan: now})
	if err != nil {
		return err
	}
	written := []stream.Record{{Key: []byte(keyOf(number)), Value: value}}
	others := 0
	for _, e := range h.Plans {
		again := same(e)
		if !again {
			others++
		}
		if again || others >= kept {
			written = append(written, stream.Record{Key: []byte(keyOf(e.Number))})
		}
	}
	return write(ctx, system, h.topic, written)
}

func keyOf(number int) string {
	if number == 0 {
		return planKey
	}
	return planPrefix + strconv.Itoa(number)
}

// equal reports whether two plans are the same, however they are formatted.
func equal(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// RecordRenames replaces the renames of an app.
func RecordRenames(ctx context.Context, system stream.System, app string, renames map[string]string) error {
	value, err := json.Marshal(renames)
	if err != nil {
		return err
	}
	return write(ctx, system, scheduler.RecordTopic(app), []stream.Record{{Key: []byte(renamesKey), Value: value}})
}

// write appends records to the topic. They need no transaction: readers that see only some
// of them see a plan too many.
func write(ctx context.Context, system stream.System, topic string, all []stream.Record) (err error) {
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{AtLeastOnce: true})
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, p) }()
	w, err := p.Writer(topic)
	if err != nil {
		return err
	}
	for i := range all {
		if err := w.Send(0, &all[i]); err != nil {
			return err
		}
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	return err
}

// lasting returns a plan without what is true only when it is made.
func lasting(p *scheduler.Plan) *scheduler.Plan {
	l := *p
	l.Topics = slices.Clone(p.Topics)
	for i := range l.Topics {
		l.Topics[i].Create, l.Topics[i].Grow = false, false
	}
	return &l
}
