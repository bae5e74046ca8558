package container_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

var tablePartition = stream.TopicPartition{Topic: "table"}

// merger is a copier with a source for each input.
type merger struct{ copier }

func (m *merger) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	l, err := m.copier.NewLogic(stage, task)
	return &mergerLogic{copierLogic: l.(*copierLogic), sources: make(map[int]loop.Source)}, err
}

type mergerLogic struct {
	*copierLogic
	sources map[int]loop.Source
}

func (l *mergerLogic) Source(input int, _ int32) loop.Source {
	if l.sources[input] == nil {
		source := *l.copierLogic
		l.sources[input] = &source
	}
	return l.sources[input]
}

// newBootstrapping is a merger with a second input, which is read first. Its values
// are negative, and its times later than the others'.
func newBootstrapping(t *testing.T) *copying {
	c := newCopying(t, memory.New())
	c.cfg.Program = &merger{}
	must(t, c.sys.Admin().CreateTopic(context.Background(), stream.TopicConfig{Name: "table", Partitions: 1}))
	c.cfg.Stage.Inputs = append(c.cfg.Stage.Inputs, scheduler.Input{Topic: "table", Partitions: 1, Bootstrap: true})
	return c
}

func (c *copying) fillTable(values ...int64) {
	c.t.Helper()
	var records []stream.Record
	for _, v := range values {
		records = append(records, stream.Record{Time: 1 << 40, Value: strconv.AppendInt(nil, v, 10)})
	}
	put(c.t, c.sys, tablePartition, records...)
}

func TestBootstrap_IsReadFirst(t *testing.T) {
	c := newBootstrapping(t)
	c.fill(1, 2)
	c.fillTable(-1, -2, -3)
	must(t, c.open())
	c.wantOut(-1, -2, -3, 1, 2)

	// From then on event time decides, also after a restart.
	c.fillTable(-4)
	c.fill(3)
	c.wantOut(-1, -2, -3, 1, 2, 3, -4)
	c.fillTable(-5)
	c.fill(4)
	c.reopen()
	c.wantOut(-1, -2, -3, 1, 2, 3, -4, 4, -5)
}

func TestBootstrap_OfAnEmptyTable(t *testing.T) {
	c := newBootstrapping(t)
	c.fill(1)
	must(t, c.open())
	c.wantOut(1)
}

// A bootstrap that a crash interrupts goes on to the end that was taken first.
func TestBootstrap_SurvivesACrash(t *testing.T) {
	c := newBootstrapping(t)
	c.fillTable(-1, -2)
	must(t, c.open())        // takes the end, and is killed before it reads
	c.fillTable(-3)          // behind the end
	c.fill(1)                // of an earlier time than all of the table
	must(t, c.open())        // goes on
	c.wantOut(-1, -2, 1, -3) // a new end would have -3 before 1
}

func TestBootstrap_OfABoundedRun(t *testing.T) {
	c := newBootstrapping(t)
	c.fill(1)
	c.fillTable(-1, -2)
	c.cfg.Run, c.cfg.Bounds = 1, map[stream.TopicPartition]int64{inPartition: 1, tablePartition: 1}
	must(t, c.open())
	c.wantOut(-1, 1)
}

// While inputs are held the job's own traffic goes on, although the bootstrap doesn't. After
// the hold the bootstrap comes first again.
func TestBootstrap_WhileInputsAreHeld(t *testing.T) {
	c := newBootstrapping(t)
	c.cfg.Stage.Inputs[0].Producers = 1 // its own traffic
	c.cfg.Hold = &membership.Hold{}
	c.fillTable(-1, -2)
	c.fill(1)
	c.cfg.Hold.Until(c.now.Add(time.Hour))
	must(t, c.open())
	c.wantOut(1)
	c.now = c.now.Add(2 * time.Hour)
	c.fill(2)
	c.wantOut(1, -1, -2, 2)
}
